import type { EntryKey } from '../domain/entry-key.ts';
import type { EntryKind } from '../domain/entry-kinds.ts';
import type { ConversationId, MessageId, Millis, Seq, UserId } from '../domain/ids.ts';
import type { Month } from '../domain/month.ts';

/** A message as it is stored; `body` is canonical JSON, see `encodeBody`. */
export interface MessageRow {
  readonly id: MessageId;
  readonly conversationId: ConversationId;
  readonly seq: Seq;
  readonly ordinal: Seq;
  /** The version of the member list that the row was written under: the number of the latest membership entry up to this row. */
  readonly membershipSeq: Seq;
  readonly kind: EntryKind;
  readonly senderId: UserId;
  readonly key: EntryKey;
  readonly body: string;
  readonly sentAt: Millis;
  /** Whether every follower of the log has finished with it, such as the fan-out to inboxes. */
  readonly followed: boolean;
}

/** Ends a segment: nothing can follow `head` in it, and `seq = head + 1` is taken in it by the seal, not by a message. */
export interface Seal {
  readonly id: MessageId;
  readonly conversationId: ConversationId;
  readonly seq: Seq;
  /** The segment that goes on, with the same `seq`. Always later than the sealed one. */
  readonly next: Month;
}

/** Rows for one conversation and month, consecutive in `seq`; or the seal that ends the segment. */
export type Append =
  | { readonly conversationId: ConversationId; readonly month: Month; readonly rows: readonly MessageRow[] }
  | { readonly conversationId: ConversationId; readonly month: Month; readonly seal: Seal };

export interface AppendResult {
  /** How many of the rows were written, counted from the first; a seal counts as one. */
  readonly appended: number;
  /**
   * Why the next row was not written. `seqTaken`: the number is used in this segment, by a message or a seal.
   * A row is `resend` when this segment already holds its (conversationId, key), whatever its number and id; the row found is
   * given. `idTaken`: the month holds another message or seal with this id, so that a new one has to be drawn.
   */
  readonly stoppedBy?:
    | { readonly reason: 'seqTaken' }
    | { readonly reason: 'idTaken' }
    | { readonly reason: 'resend'; readonly existing: MessageRow };
}

/** The end of a conversation in one segment. */
export interface SegmentTail {
  /** Null: the segment holds no message of the conversation. */
  readonly last: MessageRow | null;
  readonly seal: Seal | null;
}

/** What a row is found by before its number is known. */
export interface RowKey {
  readonly conversationId: ConversationId;
  readonly key: EntryKey;
}

export interface LogRange {
  readonly conversationId: ConversationId;
  readonly month: Month;
  /** Both inclusive. */
  readonly fromSeq: Seq;
  readonly toSeq: Seq;
  /** At most so many rows, from the end that is read first. */
  readonly limit: number;
  /** Read from `toSeq` downwards; rows come back ascending all the same. */
  readonly newestFirst?: boolean;
}

/**
 * The messages of all conversations, a segment per conversation and month. In one segment (conversationId, seq) and
 * (conversationId, key) are unique, a seal taking part in the first. In one month ids are unique, those of seals included. Rows
 * never change, but for `followed`.
 *
 * Every method rejects with DomainError `UNAVAILABLE` (retryable) when the store does not answer within its deadline;
 * the outcome of a write is then unknown.
 */
export interface MessageLog {
  /**
   * Writes many conversations' rows at once; an answer means that they survive a crash. In each append the rows are
   * written in order and the first that cannot be is where it stops, so `n + 1` is never there without `n` from the same append.
   * Appends do not depend on one another, and what is written is visible to every later read.
   * The caller keeps `seq` dense: the store checks only that the number is free.
   */
  append(appends: readonly Append[]): Promise<AppendResult[]>;
  /** The ends of segments, in the order asked for. A month without a table is an empty segment. */
  tails(keys: readonly { conversationId: ConversationId; month: Month }[]): Promise<SegmentTail[]>;
  /** The first number whose `sentAt >= at` in a segment; null when there is none. */
  firstSeqAt(conversationId: ConversationId, month: Month, at: Millis): Promise<Seq | null>;
  /** Messages by range, ascending in each; seals are left out. */
  list(ranges: readonly LogRange[]): Promise<MessageRow[][]>;
  /** Messages of one month by id; absent ones are left out, order is not promised. */
  findByIds(month: Month, ids: readonly MessageId[]): Promise<MessageRow[]>;
  /** Messages of one month by their keys, in the order asked for. */
  findByKeys(month: Month, keys: readonly RowKey[]): Promise<(MessageRow | null)[]>;
  /** The months that hold anything, ascending. */
  months(): Promise<Month[]>;
  /**
   * Records that every follower has finished. Repeating it is harmless. When it is lost in a crash, the followers are notified
   * again, which every one of them must tolerate.
   */
  markFollowed(refs: readonly { month: Month; id: MessageId }[]): Promise<void>;
  /** Messages that are not recorded as followed and whose `sentAt < before`, oldest first. */
  listUnfinished(before: Millis, limit: number): Promise<MessageRow[]>;
}
