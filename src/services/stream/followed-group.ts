/**
 * A large group that a stream follows. Its messages arrive live by conversation number, without an inbox number. When a sync
 * of any device assigns inbox numbers, the stream moves its position past them without showing the messages again.
 *
 * A group is always in one of these states:
 * - entering (`awaits` is `sync`): it is subscribed, and its existing messages get inbox numbers; hints are ignored;
 * - catching up (`awaits` is `read`): the stream first reads its inbox up to those messages; hints are ignored;
 * - flowing: the next hint is pushed from its payload if its number is exactly the next one; with any other number, the group is read
 *   from the log;
 * - not followed (`stop` is null): no hints arrive. The group is kept, because messages that were shown live get inbox numbers later.
 *
 * Invariants: messages up to `base` come from the inbox; messages with `base < seq <= shown` have been pushed, or reported as a backlog.
 * `base` is set once, and `shown` only grows from there. No hint past `leftSeq` is pushed.
 */

import type { ByteBudgets } from '../../domain/byte-budget.ts';
import type { Conversation } from '../../domain/conversation.ts';
import { visibleHead } from '../../domain/conversation.ts';
import { entryKinds } from '../../domain/entry-kinds.ts';
import { DomainError } from '../../domain/errors.ts';
import { type Millis, maxSeq, type Seq } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import type { Viewer } from '../../domain/user.ts';
import type { Bus } from '../../pubsub/bus.ts';
import type { ConversationHint } from '../../pubsub/topics.ts';
import type { InboxService } from '../inbox/inbox-service.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { MemberLists } from '../members/member-lists.ts';
import type { LiveNumbers } from './live-numbers.ts';

export interface FollowedGroupPorts {
  readonly inbox: InboxService;
  readonly log: ConversationLog;
  readonly memberLists: MemberLists;
  readonly bus: Bus;
  readonly numbers: Pick<LiveNumbers, 'add'>;
  /** Counts the bytes that streams read; absent in tests. */
  readonly budgets?: ByteBudgets;
  readonly onError: (error: unknown, what: string) => void;
}

/** The part of a stream that its followed groups use. */
export interface FollowingStream {
  readonly ports: FollowedGroupPorts;
  readonly settings: { readonly catchUpPage: number; readonly retryAfterMs: Millis };
  readonly viewer: Viewer;
  isClosed(): boolean;
  /** Whether live messages may be pushed now. */
  isFlowing(): boolean;
  pushMessage(seq: Seq | null, message: Message, isHint: boolean): void;
  /** Called when there may be more in the inbox. */
  readSoon(): void;
  /** Called when the set of groups to follow may have changed. */
  reviewGroupsSoon(): void;
}

export class FollowedGroup {
  readonly stream: FollowingStream;
  readonly conversation: Conversation;
  /** Null until it is followed. */
  private base: Seq | null = null;
  private shown: Seq = 0n;
  /** The number of the last message that the user may see after leaving. */
  private leftSeq: Seq | null = null;
  /**
   * The steps before live messages may follow: all messages up to `base` get inbox numbers (`sync`), and are then read from the inbox
   * (`read`). Otherwise the first live message would overtake them.
   */
  private awaits: 'sync' | 'read' | null = 'sync';
  /** Set while messages without hints are read. */
  private isReading = false;
  /** Set while a read waits, because the server was busy: hints do not read before it. */
  private retry: NodeJS.Timeout | undefined;
  /** Ends the subscription to the group's topic; null without a subscription. */
  private stop: (() => void) | null = null;

  constructor(stream: FollowingStream, conversation: Conversation) {
    this.stream = stream;
    this.conversation = conversation;
  }

  get isFollowed(): boolean {
    return this.stop !== null;
  }

  /** Whether messages of the group wait for their inbox numbers. */
  get isEntering(): boolean {
    return this.awaits === 'sync';
  }

  /** Starts to follow the group, possibly again; `stop` ends the subscription to its topic. */
  follow(stop: () => void): void {
    this.stop = stop;
    this.awaits = 'sync';
  }

  /** Ends the subscription, but keeps the range of messages that were shown live. */
  letGo(): void {
    this.stop?.();
    this.stop = null;
    clearTimeout(this.retry);
    this.retry = undefined;
  }

  /** The first call sets the start of live messages. Later, the next read brings the rest up to the head. */
  startAfter(head: Seq): void {
    if (this.base !== null) return;
    this.base = head;
    this.shown = head;
  }

  /** Called when all messages up to `base` have inbox numbers. */
  onEntered(): void {
    this.awaits = 'read';
  }

  /** Called when the stream has read its inbox to the end: live messages may follow. */
  onInboxRead(): void {
    if (this.awaits === 'read') this.awaits = null;
    void this.read();
  }

  /** Called with the latest stay: a user who has rejoined may see the messages after it. */
  onStay(joinedSeq: Seq): void {
    if (this.leftSeq !== null && joinedSeq >= this.leftSeq) this.leftSeq = null;
  }

  /** Whether all of these messages were pushed live, or reported as a backlog. */
  hasShown(fromSeq: Seq, toSeq: Seq): boolean {
    return this.base !== null && fromSeq > this.base && toSeq <= this.shown;
  }

  /** Where a stretch begins, without the messages at its beginning that were pushed live. */
  firstNotShown(fromSeq: Seq): Seq {
    return this.base !== null && fromSeq > this.base ? maxSeq(fromSeq, this.shown + 1n) : fromSeq;
  }

  /**
   * Moves past a message from the inbox.
   *
   * @returns false if it was pushed live before
   */
  passMessage(message: Message): boolean {
    if (this.base === null || message.seq <= this.base) return true;
    if (message.seq <= this.shown) return false;
    this.show(message);
    return true;
  }

  /** Moves past a backlog from the inbox. A reported backlog counts as shown. */
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
    this.stream.ports.numbers.add(this.stream.viewer.userId, message.conversationId, message.seq);
  }

  /** Moves past the next message. The one that announces that the user has left is the last. */
  private show(message: Message): void {
    this.shown = message.seq;
    const removed = entryKinds[message.kind].removedMembers(message.body);
    if (removed.includes(this.stream.viewer.userId)) this.leftSeq = message.seq;
  }

  /** Reads messages without hints. Never rejects. */
  async read(): Promise<void> {
    const { stream, conversation } = this;
    const { memberLists, log, onError } = stream.ports;
    const { userId } = stream.viewer;
    if (this.isReading || this.retry !== undefined || this.awaits !== null) return;
    if (this.stop === null || !stream.isFlowing()) return;
    this.isReading = true;
    try {
      for (;;) {
        const [head] = await log.heads([conversation]);
        if (head === undefined) return;
        // A list as new as the head: a member who leaves from now on leaves after it.
        const memberList = await memberLists.at(conversation.id, head.membershipSeq);
        const member = (await memberList?.stays(userId))?.at(-1);
        if (member === undefined || !stream.isFlowing()) return;
        const toSeq = visibleHead(member, head.seq);
        if (member.joinedSeq > this.shown) {
          // The user left and rejoined: the rest of the earlier stay comes from the inbox first.
          this.awaits = 'sync';
          stream.reviewGroupsSoon();
          return;
        }
        if (this.shown >= toSeq) return;
        if (!(await this.readPage(toSeq))) return;
      }
    } catch (error) {
      // A busy server is not a fault.
      const isBusy = error instanceof DomainError && error.code === 'OVERLOADED';
      if (!isBusy) onError(error, 'stream group read');
      else if (this.stop !== null) this.readLater();
    } finally {
      this.isReading = false;
    }
  }

  private readLater(): void {
    this.retry = setTimeout(() => {
      this.retry = undefined;
      void this.read();
    }, this.stream.settings.retryAfterMs);
    this.retry.unref();
  }

  /** Pushes the next messages up to a number; false if there are none, or they may not be pushed now. */
  private async readPage(toSeq: Seq): Promise<boolean> {
    const { stream, conversation } = this;
    const { log, budgets } = stream.ports;
    const budget = budgets?.openPage();
    try {
      const range = { fromSeq: this.shown + 1n, toSeq, limit: stream.settings.catchUpPage };
      const messages = await log.list(conversation, range, budget);
      for (const message of messages) {
        if (!stream.isFlowing()) return false;
        if (message.seq > this.shown) this.pushLive(message, false);
      }
      return messages.length > 0;
    } finally {
      budget?.release();
    }
  }
}
