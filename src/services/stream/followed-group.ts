/**
 * A large group as one stream follows it: its messages come live by conversation number, without an inbox number. When a sync
 * of any device gives them theirs, the stream moves its position past them without showing them again.
 *
 * A group is always in one of these states:
 * - entering (`awaits` is `sync`): it is subscribed to, and what it holds so far is given inbox numbers; hints are ignored;
 * - caught up with (`awaits` is `read`): the stream reads its inbox up to there first; hints are ignored;
 * - flowing: the next hint is pushed from its payload when its number is exactly the next one; any other number makes the
 *   group be read from the log;
 * - not followed (`stop` is null): hints do not come. It is kept, because what was seen live gets its inbox numbers only then.
 *
 * Invariants: what lies up to `base` comes from the inbox; `base < seq <= shown` has been pushed, or told as a backlog. `base`
 * is set once, and `shown` only grows from there. No hint past `leftSeq` is pushed.
 */

import type { Conversation } from '../../domain/conversation.ts';
import { visibleHead } from '../../domain/conversation.ts';
import { entryKinds } from '../../domain/entry-kinds.ts';
import type { Millis, Seq } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import type { Viewer } from '../../domain/user.ts';
import type { Bus } from '../../pubsub/bus.ts';
import type { ConversationHint } from '../../pubsub/topics.ts';
import type { InboxService } from '../inbox/inbox-service.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { MemberLists } from '../members/member-lists.ts';

export interface FollowedGroupPorts {
  readonly inbox: InboxService;
  readonly log: ConversationLog;
  readonly memberLists: MemberLists;
  readonly bus: Bus;
  readonly onError: (error: unknown, what: string) => void;
}

/** What a group needs of the stream that follows it. */
export interface FollowingStream {
  readonly ports: FollowedGroupPorts;
  readonly settings: { readonly catchUpPage: number; readonly retryAfterMs: Millis };
  readonly viewer: Viewer;
  isClosed(): boolean;
  /** Whether live messages may be pushed now. */
  isFlowing(): boolean;
  pushMessage(seq: Seq | null, message: Message, isHint: boolean): void;
  /** There may be more in the inbox. */
  readSoon(): void;
  /** The groups to follow may be others now. */
  reviewGroupsSoon(): void;
}

export class FollowedGroup {
  readonly stream: FollowingStream;
  readonly conversation: Conversation;
  /** Null until it is followed. */
  private base: Seq | null = null;
  private shown: Seq = 0n;
  /** The last message the user may see, once they have left. */
  private leftSeq: Seq | null = null;
  /**
   * What must happen before live messages may follow: all up to `base` gets its inbox numbers (`sync`), then is read from there
   * (`read`). Otherwise the first live message would overtake it.
   */
  private awaits: 'sync' | 'read' | null = 'sync';
  /** Set while messages are read that no hint brought. */
  private isReading = false;
  /** Ends the subscription to the group's topic; null while there is none. */
  private stop: (() => void) | null = null;

  constructor(stream: FollowingStream, conversation: Conversation) {
    this.stream = stream;
    this.conversation = conversation;
  }

  get isFollowed(): boolean {
    return this.stop !== null;
  }

  /** Whether messages that the group holds wait for their inbox numbers. */
  get isEntering(): boolean {
    return this.awaits === 'sync';
  }

  /** Begins to follow, or does so again; `stop` ends the subscription to the group's topic. */
  follow(stop: () => void): void {
    this.stop = stop;
    this.awaits = 'sync';
  }

  /** Ends the subscription. What was seen live is kept. */
  letGo(): void {
    this.stop?.();
    this.stop = null;
  }

  /** Sets where live messages begin, the first time. Later the rest up to the head comes with the next reading. */
  startAfter(head: Seq): void {
    if (this.base !== null) return;
    this.base = head;
    this.shown = head;
  }

  /** Takes note that everything up to `base` has inbox numbers now. */
  onEntered(): void {
    this.awaits = 'read';
  }

  /** Takes note that the stream has read its inbox to the end: live messages may follow. */
  onInboxRead(): void {
    if (this.awaits === 'read') this.awaits = null;
    void this.read();
  }

  /** Takes note of the latest stay: a user who rejoined since may see what follows. */
  onStay(joinedSeq: Seq): void {
    if (this.leftSeq !== null && joinedSeq >= this.leftSeq) this.leftSeq = null;
  }

  /** Whether all of these messages were pushed live, or told as a backlog. */
  hasShown(fromSeq: Seq, toSeq: Seq): boolean {
    return this.base !== null && fromSeq > this.base && toSeq <= this.shown;
  }

  /**
   * Moves past a message that the inbox has brought.
   *
   * @returns false when it was pushed live before
   */
  passMessage(message: Message): boolean {
    if (this.base === null || message.seq <= this.base) return true;
    if (message.seq <= this.shown) return false;
    this.show(message);
    return true;
  }

  /** Moves past a backlog that the inbox has brought: told is as good as shown. */
  passBacklog(toSeq: Seq): void {
    if (this.base !== null && toSeq > this.shown) this.shown = toSeq;
  }

  onHint({ message }: ConversationHint): void {
    if (!this.stream.isFlowing() || this.awaits !== null) return;
    if (message.seq <= this.shown || (this.leftSeq !== null && message.seq > this.leftSeq)) return;
    if (message.seq !== this.shown + 1n || this.isReading) {
      void this.read();
      return;
    }
    this.pushLive(message, true);
  }

  private pushLive(message: Message, isHint: boolean): void {
    this.show(message);
    this.stream.pushMessage(null, message, isHint);
  }

  /** Moves past the next message; the one that says the user has left is the last. */
  private show(message: Message): void {
    this.shown = message.seq;
    const removed = entryKinds[message.kind].removedMembers(message.body);
    if (removed.includes(this.stream.viewer.userId)) this.leftSeq = message.seq;
  }

  /** Reads messages that no hint brought. Never rejects. */
  async read(): Promise<void> {
    const { stream, conversation } = this;
    const { memberLists, log, onError } = stream.ports;
    const { userId } = stream.viewer;
    if (this.isReading || this.awaits !== null || this.stop === null || !stream.isFlowing()) return;
    this.isReading = true;
    try {
      for (;;) {
        const [head] = await log.heads([conversation]);
        // Read after the head, so that a member who leaves from now on leaves after that head. Who is leaving gets the rest from the inbox.
        if (memberLists.isLeaving(conversation.id, userId)) return;
        const member = (await memberLists.get(conversation.id))?.members.get(userId);
        if (member === undefined || head === undefined || !stream.isFlowing()) return;
        const toSeq = visibleHead(member, head.seq);
        if (member.joinedSeq > this.shown) {
          // They left and came back: what is left of the earlier stay comes from the inbox first.
          this.awaits = 'sync';
          stream.reviewGroupsSoon();
          return;
        }
        if (this.shown >= toSeq) return;
        const limit = stream.settings.catchUpPage;
        const messages = await log.list(conversation, { fromSeq: this.shown + 1n, toSeq, limit });
        if (messages.length === 0) return;
        for (const message of messages) {
          if (!stream.isFlowing()) return;
          if (message.seq > this.shown) this.pushLive(message, false);
        }
      }
    } catch (error) {
      onError(error, 'stream group read');
    } finally {
      this.isReading = false;
    }
  }
}
