/**
 * The resumable stream: everything in a user's inbox after a position, first from the store, then live.
 *
 * A stream is always in one of these states:
 * - opening: it has subscribed and pushes nothing before StreamReady; hints only note that there is more;
 * - reading: it pages through the store; hints only note that there is more (`behind`);
 * - live: its position is the inbox head it knows of, and the next hint is pushed from its payload when its number is
 *   exactly the next one; any other number sends the stream back to reading;
 * - paused: the reader is slow; hints are ignored, and reading starts again when it is ready;
 * - closed.
 *
 * Invariants: the position only grows, and what lies at or before it has been pushed, here or as a live message of a large
 * group; hints are trusted for their payload only after their number was compared, so a lost, doubled or late hint does no harm.
 *
 * A large group's messages come live by conversation number (`shown`), without an inbox number. When a sync of any device gives
 * them theirs, this stream moves its position past them without showing them again, and says so with a heartbeat.
 */
import type { Conversation } from '../domain/conversation.ts';
import type { Clock, ConversationId, Millis, Seq, UserId } from '../domain/ids.ts';
import type { Message } from '../domain/message.ts';
import type { Viewer } from '../domain/user.ts';
import type { Bus } from '../pubsub/bus.ts';
import { type ConversationHint, type InboxHint, topics } from '../pubsub/topics.ts';
import type { ConversationLog } from './conversation-log.ts';
import type { EventSink, EventSource } from './event-stream.ts';
import {
  cursorAhead,
  type InboxEntry,
  type InboxPage,
  type InboxService,
  type TruncatedBacklog,
} from './inbox-service.ts';
import type { InboxSync } from './inbox-sync.ts';
import type { InboxWriter } from './inbox-writer.ts';
import { type Roster, type Rosters, visibleHead } from './rosters.ts';

export type StreamEvent =
  | { readonly type: 'StreamReady'; readonly seq: Seq; readonly headSeq: Seq }
  | { readonly type: 'MessageReceived'; readonly seq: Seq | null; readonly message: Message }
  | { readonly type: 'StreamTruncated'; readonly backlogs: readonly TruncatedBacklog[] }
  | { readonly type: 'StreamHeartbeat'; readonly seq: Seq };

export interface StreamSettings {
  /** Numbers read from the store at a time while catching up. */
  readonly catchUpPage: number;
  /** How often each stream is compared with the store, which also bounds how long it is quiet. */
  readonly checkEveryMs: Millis;
  /** How many slices the streams are checked in, so that not all are due at once. */
  readonly checkSlices: number;
  /** Pause before a failed read is tried again. */
  readonly retryAfterMs: Millis;
}

export const streamDefaults: StreamSettings = {
  catchUpPage: 100,
  // A stream that is quiet from just after a check on is heard after two of them: well within the 25 s that clients are promised.
  checkEveryMs: 11_000,
  checkSlices: 24,
  retryAfterMs: 1_000,
};

interface Ports {
  readonly inbox: InboxService;
  readonly sync: InboxSync;
  readonly writer: InboxWriter;
  readonly log: ConversationLog;
  readonly rosters: Rosters;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly onError: (error: unknown, what: string) => void;
  /** Told how long a live message took from its commit to the socket. */
  readonly onDelivered?: (latencyMs: Millis) => void;
}

/**
 * A large group as one stream follows it. What lies up to `base` comes from the inbox; `base < seq <= shown` has been pushed.
 * It is kept after the group has shrunk or was left, because what was seen live gets its inbox numbers only then.
 */
interface LiveGroup {
  readonly conversation: Conversation;
  /** Null until it is followed. */
  base: Seq | null;
  shown: Seq;
  /** The last message the user may see, once they have left. */
  leftSeq: Seq | null;
  /**
   * What must happen before live messages may follow: all up to `base` gets its inbox numbers (`sync`), then is read from there
   * (`read`). Otherwise the first live message would overtake it.
   */
  awaits: 'sync' | 'read' | null;
  /** Set while messages are read that no hint brought. */
  isReading: boolean;
  /** Ends the subscription to the group's topic; null while there is none. */
  stop: (() => void) | null;
}

const nothing = () => {};

class Stream {
  readonly ports: Ports;
  readonly settings: StreamSettings;
  readonly viewer: Viewer;
  readonly sink: EventSink<StreamEvent>;
  position: Seq;
  state: 'opening' | 'reading' | 'live' | 'paused' | 'closed' = 'opening';
  /** There is, or may be, more in the store than has been read. */
  behind = true;
  /** Which reading of the store is under way, or was the last. */
  reading = 0;
  /** Whether anything was pushed since the last check. */
  pushedSinceCheck = true;
  groups: Map<ConversationId, LiveGroup> | null = null;
  /** Groups that are not followed any more and whose last messages may not have inbox numbers yet. */
  owed: Map<ConversationId, Conversation> | null = null;
  /** The sum of the last messages that the user may see of groups they left. */
  leftTotal: Seq = 0n;
  /** Groups are looked at one call after the other. */
  reviewing: Promise<void> | null = null;
  stopInbox = nothing;
  stopMemberships = nothing;

  constructor(ports: Ports, settings: StreamSettings, viewer: Viewer, sink: EventSink<StreamEvent>) {
    this.ports = ports;
    this.settings = settings;
    this.viewer = viewer;
    this.sink = sink;
    this.position = 0n;
  }

  async open(afterSeq: Seq | null): Promise<void> {
    const { bus, inbox } = this.ports;
    const { userId, deviceId } = this.viewer;
    // Subscribed before anything is read: what comes later than the reading is heard of.
    this.stopInbox = await bus.subscribe(topics.inbox(userId), (hint) => this.onInboxHint(hint));
    this.stopMemberships = await bus.subscribe(topics.memberships(userId), () => this.reviewSoon());
    const opening = this.reviewGroups('opening');
    this.reviewing = opening;
    await opening;
    if (this.reviewing === opening) this.reviewing = null;
    const [head, acked] = await Promise.all([inbox.head(userId), afterSeq ?? inbox.ackedSeq(userId, deviceId)]);
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
    for (const group of this.groups?.values() ?? []) group.stop?.();
    this.groups = null;
  }

  isClosed(): boolean {
    return this.state === 'closed';
  }

  push(event: StreamEvent, isShared = false): boolean {
    this.pushedSinceCheck = true;
    if (isShared && event.type === 'MessageReceived') {
      return this.sink.push(event, { key: event.message, seq: event.seq });
    }
    return this.sink.push(event);
  }

  /** Hands an event over; afterwards the state is paused when the reader is slow. */
  pushOrPause(event: StreamEvent, isShared = false): void {
    if (!this.push(event, isShared) && this.state !== 'closed') this.state = 'paused';
  }

  onInboxHint({ seq, message }: InboxHint): void {
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
   * @returns false when the message was seen live before, and only the position moved
   */
  take(seq: Seq, message: Message, isHint: boolean): boolean {
    this.position = seq;
    const group = this.groups?.get(message.conversationId);
    if (group !== undefined && group.base !== null && message.seq > group.base) {
      if (message.seq <= group.shown) return false;
      this.show(group, message);
    }
    this.pushOrPause({ type: 'MessageReceived', seq, message }, isHint);
    if (isHint) this.ports.onDelivered?.(this.ports.clock() - message.sentAt);
    return true;
  }

  readSoon(): void {
    this.behind = true;
    if (this.state !== 'live') return;
    this.state = 'reading';
    void this.read();
  }

  resume(): void {
    if (this.state !== 'paused') return;
    this.state = 'live';
    this.readSoon();
  }

  /** Pages through the store until there is no more, then goes live. Never rejects. */
  async read(): Promise<void> {
    const { inbox, onError } = this.ports;
    // A pause in the middle of a page starts another reading: the page this one waits for then counts for nothing.
    this.reading += 1;
    const reading = this.reading;
    const isOver = () => this.state !== 'reading' || this.reading !== reading;
    try {
      while (!isOver()) {
        this.behind = false;
        const page = await inbox.read(this.viewer.userId, this.position, this.settings.catchUpPage);
        if (isOver()) return;
        this.takePage(page);
        if (this.state !== 'reading') return;
        if (page.hasMore || this.behind) continue;
        this.state = 'live';
        for (const group of this.groups?.values() ?? []) {
          if (group.awaits === 'read') group.awaits = null;
          void this.readGroup(group);
        }
      }
    } catch (error) {
      if (isOver()) return;
      onError(error, 'stream read');
      setTimeout(() => {
        if (!isOver()) void this.read();
      }, this.settings.retryAfterMs).unref();
    }
  }

  takePage(page: InboxPage): void {
    let backlogs: TruncatedBacklog[] = [];
    let isSilent = false;
    /** Says what was passed before anything that follows it, so that the numbers have no hole; false when reading is over. */
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
      const isShown =
        'message' in item
          ? this.hasShown(item.message.conversationId, item.message.seq, item.message.seq)
          : this.hasShown(item.conversationId, item.fromSeq, item.toSeq);
      if (isShown) {
        if (backlogs.length > 0 && !tell()) return;
        this.position = item.seq;
        isSilent = true;
      } else if ('message' in item) {
        if (!tell()) return;
        this.take(item.seq, item.message, false);
        if (this.state !== 'reading') return;
      } else {
        if (isSilent && !tell()) return;
        backlogs.push(item);
        const group = this.groups?.get(item.conversationId);
        // Told is as good as shown.
        if (group !== undefined && group.base !== null && item.toSeq > group.shown) group.shown = item.toSeq;
      }
    }
    if (backlogs.length > 0 && !tell()) return;
    if (page.nextSeq > this.position) {
      this.position = page.nextSeq; // What retention removed is passed over.
      isSilent = true;
    }
    tell();
  }

  /** Whether all of these messages were pushed as live ones of a large group. */
  hasShown(id: ConversationId, fromSeq: Seq, toSeq: Seq): boolean {
    const group = this.groups?.get(id);
    return group !== undefined && group.base !== null && fromSeq > group.base && toSeq <= group.shown;
  }

  onConversationHint(group: LiveGroup, { message }: ConversationHint): void {
    if (!this.isFlowing() || group.awaits !== null) return;
    if (message.seq <= group.shown || (group.leftSeq !== null && message.seq > group.leftSeq)) return;
    if (message.seq !== group.shown + 1n || group.isReading) {
      void this.readGroup(group);
      return;
    }
    this.takeLive(group, message, true);
  }

  takeLive(group: LiveGroup, message: Message, isHint: boolean): void {
    this.show(group, message);
    this.pushOrPause({ type: 'MessageReceived', seq: null, message }, isHint);
    if (isHint) this.ports.onDelivered?.(this.ports.clock() - message.sentAt);
  }

  /** Moves past a group's next message; the one that says the user has left is the last. */
  show(group: LiveGroup, message: Message): void {
    group.shown = message.seq;
    const { systemEvent } = message.body;
    const isRemoval = systemEvent?.kind === 'MEMBERS_REMOVED' || systemEvent?.kind === 'MEMBER_LEFT';
    if (isRemoval && systemEvent.userIds.includes(this.viewer.userId)) group.leftSeq = message.seq;
  }

  /** Reads a large group's messages that no hint brought. Never rejects. */
  async readGroup(group: LiveGroup): Promise<void> {
    if (group.isReading || group.awaits !== null || group.stop === null || !this.isFlowing()) return;
    group.isReading = true;
    try {
      for (;;) {
        const { rosters, log } = this.ports;
        const { id } = group.conversation;
        const [head] = await log.heads([group.conversation]);
        // Looked up after the head: who leaves from now on does so after it. Who is leaving gets the rest from the inbox.
        if (rosters.isLeaving(id, this.viewer.userId)) return;
        const member = (await rosters.get(id))?.members.get(this.viewer.userId);
        if (member === undefined || head === undefined || !this.isFlowing()) return;
        const toSeq = visibleHead(member, head.seq);
        if (member.joinedSeq > group.shown) {
          // They left and came back: what is left of the earlier stay comes from the inbox first.
          group.awaits = 'sync';
          this.reviewSoon();
          return;
        }
        if (group.shown >= toSeq) return;
        const messages = await this.ports.log.list(group.conversation, {
          fromSeq: group.shown + 1n,
          toSeq,
          limit: this.settings.catchUpPage,
        });
        if (messages.length === 0) return;
        for (const message of messages) {
          if (!this.isFlowing()) return;
          if (message.seq > group.shown) this.takeLive(group, message, false);
        }
      }
    } catch (error) {
      this.ports.onError(error, 'stream group read');
    } finally {
      group.isReading = false;
    }
  }

  isFlowing(): boolean {
    return this.state === 'live' || this.state === 'reading';
  }

  reviewSoon(): void {
    if (this.isClosed()) return;
    this.review('told', (error) => {
      this.ports.onError(error, 'stream groups');
      if (!this.isClosed()) setTimeout(() => this.reviewSoon(), this.settings.retryAfterMs).unref();
    });
  }

  /** Looks whether a hint on a change of membership was lost. One that fails is made good by the next check. */
  reviewQuietly(): void {
    this.review('check', (error) => this.ports.onError(error, 'stream groups'));
  }

  /** Looks at the groups once earlier looks are done. */
  review(reason: 'told' | 'check', onFailure: (error: unknown) => void): void {
    const own: Promise<void> = (this.reviewing ?? Promise.resolve())
      .then(() => this.reviewGroups(reason))
      .catch(onFailure)
      .finally(() => {
        if (this.reviewing === own) this.reviewing = null;
      });
    this.reviewing = own;
  }

  /** What the group's last messages were comes from the inbox, once they have their numbers there. */
  stopFollowing(group: LiveGroup): void {
    if (group.stop === null) return;
    group.stop();
    group.stop = null;
    this.owed ??= new Map();
    this.owed.set(group.conversation.id, group.conversation);
  }

  /** Follows the large groups the user is in now, and no others. What they hold up to now gets its inbox numbers first. */
  async reviewGroups(reason: 'opening' | 'told' | 'check'): Promise<void> {
    const { sync, bus, log, rosters } = this.ports;
    const { userId } = this.viewer;
    const wanted = await sync.onReadRosters(userId);
    if (this.state === 'closed') return;
    // Who is leaving gets the rest from the inbox, once it is settled what that is.
    const active = wanted.filter(
      (roster) => isActive(roster, userId) && !rosters.isLeaving(roster.conversation.id, userId),
    );
    const followed = new Set(active.map(({ conversation }) => conversation.id));
    for (const [id, group] of this.groups ?? []) {
      if (!followed.has(id)) this.stopFollowing(group);
    }
    for (const { conversation, members } of active) {
      const known = this.groups?.get(conversation.id);
      const joinedSeq = members.get(userId)?.joinedSeq ?? 0n;
      // They came back since.
      if (known !== undefined && known.leftSeq !== null && joinedSeq >= known.leftSeq) known.leftSeq = null;
      if (known !== undefined && known.stop !== null) continue;
      const group = known ?? newGroup(conversation);
      const stop = await bus.subscribe(topics.conversation(conversation.id), (hint) =>
        this.onConversationHint(group, hint),
      );
      if (this.isClosed()) {
        stop();
        return;
      }
      group.stop = stop;
      group.awaits = 'sync';
      this.groups ??= new Map();
      this.groups.set(conversation.id, group);
    }
    const added = [...(this.groups?.values() ?? [])].filter(({ awaits }) => awaits === 'sync');
    // The heads are read before the sync, so that all up to them has an inbox number afterwards and comes from there.
    const heads = added.length === 0 ? [] : await log.heads(added.map(({ conversation }) => conversation));
    added.forEach((group, index) => {
      // One that was followed before keeps what it has shown: the rest up to its head comes with the next reading.
      if (group.base !== null) return;
      group.base = heads[index]?.seq ?? 0n;
      group.shown = group.base;
    });
    const owed = [...(this.owed?.values() ?? [])];
    const changed = [...added.map(({ conversation }) => conversation), ...owed];
    // Named, so that a group that is small by now is entered all the same: nothing else brings what lies before `base` in time,
    // or the last messages of a group that is not followed any more.
    // It differs when the user has left a group that this stream has never heard of.
    const leftTotal = wanted.reduce((sum, { members }) => sum + (members.get(userId)?.leftSeq ?? 0n), 0n);
    const isDue = changed.length > 0 || leftTotal !== this.leftTotal || reason !== 'check';
    const putOff = isDue ? await sync.enterAll(userId, changed) : new Set<ConversationId>();
    for (const { id } of owed) if (!putOff.has(id)) this.owed?.delete(id);
    for (const group of added) {
      if (putOff.has(group.conversation.id)) this.stopFollowing(group);
      else group.awaits = 'read';
    }
    if (putOff.size === 0) this.leftTotal = leftTotal;
    if (isDue && reason !== 'opening') this.readSoon();
  }
}

/** A page's entries and backlogs in the order of their inbox numbers. */
function inOrder({ entries, truncated }: InboxPage): readonly (InboxEntry | TruncatedBacklog)[] {
  return truncated.length === 0 ? entries : [...entries, ...truncated].sort((a, b) => (a.seq < b.seq ? -1 : 1));
}

function newGroup(conversation: Conversation): LiveGroup {
  return { conversation, base: null, shown: 0n, leftSeq: null, awaits: 'sync', isReading: false, stop: null };
}

function isActive({ members }: Roster, userId: UserId): boolean {
  const member = members.get(userId);
  return member !== undefined && member.leftSeq === null;
}

export type StreamService = ReturnType<typeof createStreamService>;

export function createStreamService(ports: Ports & { settings?: Partial<StreamSettings> }) {
  const settings = { ...streamDefaults, ...ports.settings };
  const slices = Array.from({ length: settings.checkSlices }, () => new Set<Stream>());
  let nextSlice = 0;
  let nextCheck = 0;

  /** Compares a slice of the streams with the store, so that a lost last hint is found, and lets quiet ones be heard. */
  async function check(slice: ReadonlySet<Stream>): Promise<void> {
    const live = [...slice].filter(({ state }) => state === 'live');
    if (live.length === 0) return;
    const heads = await ports.writer.heads(live.map(({ viewer }) => viewer.userId));
    live.forEach((stream, index) => {
      if (stream.state !== 'live') return;
      if ((heads[index] ?? 0n) > stream.position) stream.readSoon();
      for (const group of stream.groups?.values() ?? []) void stream.readGroup(group);
      stream.reviewQuietly();
      if (!stream.pushedSinceCheck) stream.pushOrPause({ type: 'StreamHeartbeat', seq: stream.position });
      stream.pushedSinceCheck = false;
    });
  }

  function checkAll(): void {
    for (const slice of slices) for (const stream of slice) stream.readSoon();
  }

  const stopReconnect = ports.bus.onReconnect(checkAll);
  const timer = setInterval(() => {
    const slice = slices[nextCheck % slices.length] as Set<Stream>;
    nextCheck += 1;
    check(slice).catch((error: unknown) => ports.onError(error, 'stream check'));
  }, settings.checkEveryMs / settings.checkSlices);
  timer.unref();

  return {
    /**
     * Everything after `afterSeq` (the device's acknowledged position when null), then live.
     *
     * @throws DomainError `CURSOR_AHEAD` on opening: `afterSeq` is past the inbox head
     */
    open(viewer: Viewer, afterSeq: Seq | null): EventSource<StreamEvent> {
      return {
        async open(sink) {
          const stream = new Stream(ports, settings, viewer, sink);
          try {
            await stream.open(afterSeq);
          } catch (error) {
            stream.close();
            throw error;
          }
          const slice = slices[nextSlice % slices.length] as Set<Stream>;
          nextSlice += 1;
          slice.add(stream);
          return () => {
            slice.delete(stream);
            stream.close();
          };
        },
      };
    },

    /** Compares every stream with the store now. */
    checkAll,

    /** Streams that are open. */
    get size(): number {
      return slices.reduce((sum, slice) => sum + slice.size, 0);
    },

    [Symbol.dispose]() {
      clearInterval(timer);
      stopReconnect();
    },
  };
}
