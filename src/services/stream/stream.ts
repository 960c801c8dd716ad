/**
 * One resumable stream: everything in a user's inbox after a position, first from the store, then live.
 *
 * A stream is always in one of these states:
 * - opening: it has subscribed and pushes nothing before StreamReady; hints only record that there is more;
 * - reading: it pages through the store; hints only record that there is more (`behind`);
 * - live: its position is the known inbox head, and the next hint is pushed from its payload if its number is exactly the next one;
 *   any other number sends the stream back to reading;
 * - paused: the reader is slow; hints are ignored, and reading starts again when it is ready;
 * - closed.
 *
 * Invariants: the position only grows, and every entry up to it has been pushed, from the inbox or as a live message of a large
 * group; a hint's payload is used only after its number was compared, so a lost, duplicated or late hint is harmless.
 *
 * Messages of large groups arrive live beside the inbox: see followed-group.ts. Once a sync has assigned their inbox numbers, the
 * position moves past them without showing them again, and a heartbeat reports it.
 */
import { entryKinds } from '../../domain/entry-kinds.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Clock, Millis, Seq } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import type { Viewer } from '../../domain/user.ts';
import type { EventSink } from '../../pubsub/event-source.ts';
import { type InboxHint, topics } from '../../pubsub/topics.ts';
import {
  cursorAhead,
  type InboxEntry,
  InboxGap,
  type InboxPage,
  type TruncatedBacklog,
} from '../inbox/inbox-service.ts';
import type { FollowedGroupPorts, FollowingStream } from './followed-group.ts';
import { GroupReviews } from './group-reviews.ts';

export type StreamEvent =
  | { readonly type: 'StreamReady'; readonly seq: Seq; readonly headSeq: Seq }
  | { readonly type: 'MessageReceived'; readonly seq: Seq | null; readonly message: Message }
  | { readonly type: 'StreamTruncated'; readonly backlogs: readonly TruncatedBacklog[] }
  | { readonly type: 'StreamHeartbeat'; readonly seq: Seq };

export interface CatchUpSettings {
  /** Number of entries read from the store at a time while catching up. */
  readonly catchUpPage: number;
  /** Pause before a failed read is retried. */
  readonly retryAfterMs: Millis;
}

export interface StreamPorts extends FollowedGroupPorts {
  readonly clock: Clock;
  /** Receives the time of a live message from its commit to the socket. */
  readonly onDelivered?: (latencyMs: Millis) => void;
}

const nothing = () => {};

export class Stream implements FollowingStream {
  readonly ports: StreamPorts;
  readonly settings: CatchUpSettings;
  readonly viewer: Viewer;
  private readonly sink: EventSink<StreamEvent>;
  private position: Seq;
  private state: 'opening' | 'reading' | 'live' | 'paused' | 'closed' = 'opening';
  /** Whether the store may contain more than has been read. */
  private behind = true;
  /** Number of the current or last read of the store. */
  private reading = 0;
  /** Whether anything was pushed since the last check. */
  private pushedSinceCheck = true;
  private readonly groups: GroupReviews;
  private stopInbox = nothing;
  private stopMemberships = nothing;

  constructor(ports: StreamPorts, settings: CatchUpSettings, viewer: Viewer, sink: EventSink<StreamEvent>) {
    this.ports = ports;
    this.settings = settings;
    this.viewer = viewer;
    this.sink = sink;
    this.position = 0n;
    this.groups = new GroupReviews(this);
  }

  async open(afterSeq: Seq | null): Promise<void> {
    const { bus, inbox } = this.ports;
    const { userId, deviceId } = this.viewer;
    // Subscribed before the first read, so that hints of later entries arrive.
    this.stopInbox = await bus.subscribe(topics.inbox(userId), (hint) => this.onInboxHint(hint));
    this.stopMemberships = await bus.subscribe(topics.memberships(userId), () => this.reviewGroupsSoon());
    await this.groups.open();
    const [head, acked] = await Promise.all([inbox.head(userId), afterSeq ?? inbox.ackedSeq({ userId, deviceId })]);
    if (acked > head) throw cursorAhead(acked, head);
    this.position = acked;
    const isReady = this.push({ type: 'StreamReady', seq: acked, headSeq: head });
    this.sink.onReady(() => this.resume());
    this.state = isReady ? 'reading' : 'paused';
    if (isReady) void this.read();
  }

  close(): void {
    this.state = 'closed';
    this.stopInbox();
    this.stopMemberships();
    this.groups.close();
  }

  isClosed(): boolean {
    return this.state === 'closed';
  }

  push(event: StreamEvent, isShared = false): boolean {
    this.pushedSinceCheck = true;
    if (isShared && event.type === 'MessageReceived' && entryKinds[event.message.kind].isSameForAll) {
      return this.sink.push(event, { key: event.message, seq: event.seq });
    }
    return this.sink.push(event);
  }

  /** Pushes an event. If the reader is slow, the stream is paused afterwards. */
  private pushOrPause(event: StreamEvent, isShared = false): void {
    if (!this.push(event, isShared) && this.state !== 'closed') this.state = 'paused';
  }

  /** @param isHint - whether the message comes from a hint, so that other subscribers get the same object */
  pushMessage(seq: Seq | null, message: Message, isHint: boolean): void {
    this.pushOrPause({ type: 'MessageReceived', seq, message }, isHint);
    if (isHint) this.ports.onDelivered?.(this.ports.clock() - message.sentAt);
  }

  private onInboxHint({ seq, message }: InboxHint): void {
    if (this.state === 'closed' || seq <= this.position) return;
    if (this.state !== 'live') {
      this.behind = true;
      return;
    }
    if (message === null || seq !== this.position + 1n) {
      this.readSoon();
      return;
    }
    if (!this.take(seq, message, true)) this.pushOrPause({ type: 'StreamHeartbeat', seq });
  }

  /**
   * Moves to the next inbox number and pushes its message.
   *
   * @returns false if the message was shown live before, and only the position moved
   */
  private take(seq: Seq, message: Message, isHint: boolean): boolean {
    this.position = seq;
    const group = this.groups.get(message.conversationId);
    if (group?.passMessage(message) === false) return false;
    this.pushMessage(seq, message, isHint);
    return true;
  }

  readSoon(): void {
    this.behind = true;
    if (this.state !== 'live') return;
    this.state = 'reading';
    void this.read();
  }

  private resume(): void {
    if (this.state !== 'paused') return;
    this.state = 'live';
    this.readSoon();
  }

  /** Pages through the store until there is no more, then goes live. Never rejects. */
  private async read(): Promise<void> {
    const { inbox, budgets, onError } = this.ports;
    // A pause in the middle of a page starts another read. The page that this one waits for is then ignored.
    this.reading += 1;
    const reading = this.reading;
    const isOver = () => this.state !== 'reading' || this.reading !== reading;
    try {
      while (!isOver()) {
        this.behind = false;
        const budget = budgets?.openPage();
        let page: InboxPage;
        try {
          page = await inbox.read(this.viewer.userId, this.position, this.settings.catchUpPage, budget);
          if (isOver()) return;
          this.takePage(page);
        } finally {
          budget?.release();
        }
        if (this.state !== 'reading') return;
        if (page.hasMore || this.behind) continue;
        this.state = 'live';
        this.groups.onInboxRead();
      }
    } catch (error) {
      if (isOver()) return;
      // A busy server is not a fault: clients that all come back at once take turns. A gap has been reported already.
      const isBusy = error instanceof DomainError && error.code === 'OVERLOADED';
      if (!isBusy && !(error instanceof InboxGap)) onError(error, 'stream read');
      setTimeout(() => {
        if (!isOver()) void this.read();
      }, this.settings.retryAfterMs).unref();
    }
  }

  private takePage(page: InboxPage): void {
    let backlogs: TruncatedBacklog[] = [];
    let isSilent = false;
    /** Reports skipped numbers before the next event, so that numbers have no gap; false if this read has ended. */
    const tell = (): boolean => {
      const last = backlogs.at(-1);
      if (last !== undefined) {
        this.position = last.seq;
        this.pushOrPause({ type: 'StreamTruncated', backlogs });
      } else if (isSilent) {
        this.pushOrPause({ type: 'StreamHeartbeat', seq: this.position });
      }
      backlogs = [];
      isSilent = false;
      return this.state === 'reading';
    };
    for (const item of inOrder(page)) {
      if (this.hasShown(item)) {
        if (backlogs.length > 0 && !tell()) return;
        this.position = item.seq;
        isSilent = true;
      } else if ('message' in item) {
        if (!tell() || !this.skipTo(item.seq - 1n)) return;
        this.take(item.seq, item.message, false);
        if (this.state !== 'reading') return;
      } else {
        if (isSilent && !tell()) return;
        const group = this.groups.get(item.conversationId);
        backlogs.push({ ...item, fromSeq: group?.firstNotShown(item.fromSeq) ?? item.fromSeq });
        group?.passBacklog(item.toSeq);
      }
    }
    if (tell()) this.skipTo(page.nextSeq);
  }

  /** Reports numbers whose messages the store has set aside; false if this read has ended. */
  private skipTo(seq: Seq): boolean {
    if (seq <= this.position) return true;
    this.position = seq;
    this.pushOrPause({ type: 'StreamHeartbeat', seq });
    return this.state === 'reading';
  }

  /** Whether all of these messages were pushed as live messages of a large group. */
  private hasShown(item: InboxEntry | TruncatedBacklog): boolean {
    if ('message' in item) {
      const { conversationId, seq } = item.message;
      return this.groups.get(conversationId)?.hasShown(seq, seq) === true;
    }
    return this.groups.get(item.conversationId)?.hasShown(item.fromSeq, item.toSeq) === true;
  }

  reviewGroupsSoon(): void {
    this.groups.reviewSoon();
  }

  /** Whether everything in the inbox has been pushed, as far as is known. */
  isLive(): boolean {
    return this.state === 'live';
  }

  /** Compares a live stream with the inbox head in the store, to detect the loss of a last hint. Sends a heartbeat on a quiet stream. */
  check(head: Seq): void {
    if (this.state !== 'live') return;
    if (head > this.position) this.readSoon();
    this.groups.check();
    if (!this.pushedSinceCheck) this.pushOrPause({ type: 'StreamHeartbeat', seq: this.position });
    this.pushedSinceCheck = false;
  }

  isFlowing(): boolean {
    return this.state === 'live' || this.state === 'reading';
  }
}

/** A page's entries and backlogs in the order of their inbox numbers. */
function inOrder({ entries, truncated }: InboxPage): readonly (InboxEntry | TruncatedBacklog)[] {
  return truncated.length === 0 ? entries : [...entries, ...truncated].sort((a, b) => (a.seq < b.seq ? -1 : 1));
}
