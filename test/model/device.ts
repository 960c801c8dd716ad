/**
 * A client's device. It trusts the server and reports forbidden events: a gap in the numbers, a message twice in one stream or out of
 * its conversation's order, an event while it is slow or after the end.
 */

import type { ConversationId, Seq } from '../../src/domain/ids.ts';
import { maxSeq } from '../../src/domain/ids.ts';
import type { Message } from '../../src/domain/message.ts';
import type { Viewer } from '../../src/domain/user.ts';
import type { EventSink } from '../../src/pubsub/event-source.ts';
import type { InboxPage } from '../../src/services/inbox/inbox-service.ts';
import type { StreamEvent } from '../../src/services/stream/stream-service.ts';
import type { Owner, Scheduler } from './scheduler.ts';

/** What a stream or a page claims: with everything in `seen`, the inbox numbers after `afterSeq` up to `seq` are dealt with. */
export interface Claim {
  readonly what: string;
  readonly afterSeq: Seq;
  readonly seq: Seq;
  readonly seen: ReadonlySet<string>;
}

/** A page of a conversation: everything that the user may see between its first and its last message is on it. */
export interface HistoryClaim {
  readonly conversationId: ConversationId;
  readonly seqs: readonly Seq[];
}

export function messageKey(conversationId: ConversationId, seq: Seq): string {
  return `${conversationId}/${seq}`;
}

export class Device {
  readonly viewer: Viewer;
  readonly name: string;
  /** The last inbox number this device has dealt with. */
  position: Seq = 0n;
  readonly seen = new Set<string>();
  readonly messages: Message[] = [];
  readonly claims: Claim[] = [];
  readonly histories: HistoryClaim[] = [];
  readonly complaints: string[] = [];
  stream: DeviceStream | null = null;

  constructor(viewer: Viewer) {
    this.viewer = viewer;
    this.name = `device ${viewer.userId}/${viewer.deviceId}`;
  }

  see(message: Message): void {
    this.seen.add(messageKey(message.conversationId, message.seq));
    this.messages.push(message);
  }

  complain(what: string): void {
    this.complaints.push(`${this.name}: ${what}`);
  }

  takePage(afterSeq: Seq, page: InboxPage): void {
    let next = afterSeq + 1n;
    const numbers = [...page.entries, ...page.truncated].map(({ seq }) => seq).sort((a, b) => (a < b ? -1 : 1));
    for (const seq of numbers) {
      if (seq !== next) this.complain(`a page after ${afterSeq} has ${seq} where ${next} should be`);
      next = seq + 1n;
    }
    if (page.nextSeq !== next - 1n) this.complain(`a page says ${page.nextSeq}, and ends at ${next - 1n}`);
    if (page.hasMore !== page.nextSeq < page.headSeq) this.complain('a page is not sure whether there is more');
    const seen = new Set<string>();
    for (const { message } of page.entries) {
      seen.add(messageKey(message.conversationId, message.seq));
      this.see(message);
    }
    for (const { conversationId, fromSeq, toSeq } of page.truncated)
      for (let seq = fromSeq; seq <= toSeq; seq += 1n) {
        seen.add(messageKey(conversationId, seq));
        this.seen.add(messageKey(conversationId, seq));
      }
    this.claims.push({ what: `${this.name}, page`, afterSeq, seq: page.nextSeq, seen });
    this.position = maxSeq(this.position, page.nextSeq);
  }
}

export class DeviceStream implements EventSink<StreamEvent> {
  readonly device: Device;
  readonly server: Owner;
  readonly scheduler: Scheduler;
  /** How often the device turns out to be slow. */
  readonly slowRate: number;
  readonly seen = new Set<string>();
  readonly lastSeqs = new Map<ConversationId, Seq>();
  state: 'opening' | 'open' | 'closed' = 'opening';
  startSeq: Seq = 0n;
  seq: Seq = 0n;
  isSlow = false;
  close: () => void = () => {};
  /** Whether `close` is at hand. */
  wasOpened = false;
  private ready: () => void = () => {};

  constructor(device: Device, server: Owner, scheduler: Scheduler, slowRate: number) {
    this.device = device;
    this.server = server;
    this.scheduler = scheduler;
    this.slowRate = slowRate;
  }

  push(event: StreamEvent): boolean {
    // Gone before the stream was open: whoever carries it drops what comes until then.
    if (this.state === 'closed' && !this.wasOpened) return true;
    if (this.state === 'closed') this.device.complain(`${event.type} after the end`);
    if (this.isSlow) this.device.complain(`${event.type} while slow`);
    this.take(event);
    if (!this.scheduler.chance(this.slowRate)) return true;
    this.isSlow = true;
    this.scheduler.add(this.server, () => {
      this.isSlow = false;
      this.ready();
    });
    return false;
  }

  onReady(callback: () => void): void {
    this.ready = callback;
  }

  fail(error: unknown): void {
    this.device.complain(`the stream fails with ${String(error)}`);
  }

  end(): void {
    this.device.complain('the stream ends');
  }

  private take(event: StreamEvent): void {
    const { device } = this;
    if ((event.type === 'StreamReady') !== (this.state === 'opening'))
      device.complain(`${event.type} at the wrong time`);
    switch (event.type) {
      case 'StreamReady':
        this.state = 'open';
        this.startSeq = event.seq;
        this.seq = event.seq;
        if (event.seq > device.position) device.complain(`the stream begins at ${event.seq}, past ${device.position}`);
        return;
      case 'StreamTruncated':
        for (const { seq, conversationId, fromSeq, toSeq } of event.backlogs) {
          this.moveTo(seq);
          for (let at = fromSeq; at <= toSeq; at += 1n) {
            const key = messageKey(conversationId, at);
            if (this.seen.has(key)) device.complain(`a backlog with ${key}, which this stream has shown`);
            this.seen.add(key);
            device.seen.add(messageKey(conversationId, at));
          }
          this.lastSeqs.set(conversationId, maxSeq(toSeq, this.lastSeqs.get(conversationId) ?? 0n));
        }
        return;
      case 'StreamHeartbeat':
        if (event.seq < this.seq) device.complain(`heartbeat ${event.seq} after ${this.seq}`);
        this.seq = maxSeq(this.seq, event.seq);
        device.position = maxSeq(device.position, this.seq);
        return;
      case 'MessageReceived': {
        const { message, seq } = event;
        const { conversationId } = message;
        if (seq !== null) this.moveTo(seq);
        const key = messageKey(conversationId, message.seq);
        if (this.seen.has(key)) device.complain(`message ${key} twice in one stream`);
        const last = this.lastSeqs.get(conversationId) ?? 0n;
        if (message.seq < last) device.complain(`message ${key} after ${last}`);
        this.lastSeqs.set(conversationId, maxSeq(last, message.seq));
        this.seen.add(key);
        device.see(message);
      }
    }
  }

  private moveTo(seq: Seq): void {
    if (seq <= this.seq) this.device.complain(`inbox number ${seq} after ${this.seq}`);
    this.seq = seq;
    this.device.position = maxSeq(this.device.position, seq);
  }

  /** Ends the stream, by the device or because its server has died. */
  stop(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    const { device, startSeq, seq, seen } = this;
    if (seq > startSeq) device.claims.push({ what: `${device.name}, stream`, afterSeq: startSeq, seq, seen });
    this.close();
    if (device.stream === this) device.stream = null;
  }
}
