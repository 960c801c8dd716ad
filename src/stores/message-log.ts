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

/** Ends a segment: no message can follow `head` in it, because the seal takes its `seq = head + 1`. */
export interface Seal {
  readonly id: MessageId;
  readonly conversationId: ConversationId;
  readonly seq: Seq;
  /** The segment that continues, with the same `seq`. Always later than the sealed one. */
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
   * The reason why the next row was not written. `seqTaken`: a message or a seal in this segment has this number.
   * `resend`: this segment already contains the row's (conversationId, key), with any number and id; the found row is
   * given. `idTaken`: the month contains another message or seal with this id, so that a new id is needed.
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

/** Where a conversation's log is, up to a message: its segments, of which only the last may go on, and the numbers of that message. */
export interface ChainRecord {
  readonly conversationId: ConversationId;
  readonly segments: readonly {
    readonly month: Month;
    readonly fromSeq: Seq;
    readonly toSeq: Seq;
    readonly lastSentAt: Millis;
  }[];
  readonly head: Pick<MessageRow, 'seq' | 'ordinal' | 'membershipSeq' | 'sentAt'>;
}

/** The key that finds a row before its number is known. */
export interface RowKey {
  readonly conversationId: ConversationId;
  readonly key: EntryKey;
}

/** A stored message, for the record that it was followed. */
export interface FollowedRef {
  readonly month: Month;
  readonly conversationId: ConversationId;
  readonly id: MessageId;
}

export interface LogRange {
  readonly conversationId: ConversationId;
  readonly month: Month;
  /** Both inclusive. */
  readonly fromSeq: Seq;
  readonly toSeq: Seq;
  /** Maximum number of rows, from the end that is read first. */
  readonly limit: number;
  /** Read from `toSeq` downwards. The result is ascending in any case. */
  readonly newestFirst?: boolean;
}

/**
 * The messages of all conversations, with one segment per conversation and month. In a segment, (conversationId, seq) and
 * (conversationId, key) are unique; the first includes seals. In a month, ids are unique, including those of seals. Rows
 * never change, except for `followed`.
 *
 * Every method rejects with DomainError `UNAVAILABLE` (retryable) when the store does not answer within its deadline;
 * the outcome of a write is then unknown.
 */
export interface MessageLog {
  /**
   * Writes rows of many conversations at once. An answer means that they survive a crash. In each append the rows are written
   * in order, up to the first that cannot be written, so `n + 1` is never stored without `n` from the same append.
   * Appends are independent of each other, and written rows are visible to every later read.
   * The caller keeps `seq` dense: the store checks only that the number is free.
   */
  append(appends: readonly Append[]): Promise<AppendResult[]>;
  /** The ends of segments, in the order of the keys. A month without a table is an empty segment. */
  tails(keys: readonly { conversationId: ConversationId; month: Month }[]): Promise<SegmentTail[]>;
  /**
   * Where logs are as far as that is recorded, in the order of the ids: never ahead of the log, but often behind it. Null: it is not
   * recorded. A store in which the `tails` of all months cost little records nothing.
   */
  chains(ids: readonly ConversationId[]): Promise<(ChainRecord | null)[]>;
  /** Records where logs are, unless a later message is recorded. Safe to repeat, and in any order. */
  raiseChains(chains: readonly ChainRecord[]): Promise<void>;
  /** The first number with `sentAt >= at` in a segment; null if there is none. */
  firstSeqAt(conversationId: ConversationId, month: Month, at: Millis): Promise<Seq | null>;
  /** Messages by range, ascending in each range, without seals. */
  list(ranges: readonly LogRange[]): Promise<MessageRow[][]>;
  /** Messages of one month by id, in no particular order, without missing ones. */
  findByIds(month: Month, ids: readonly MessageId[]): Promise<MessageRow[]>;
  /** Messages of one month by their keys, in the order of the keys. */
  findByKeys(month: Month, keys: readonly RowKey[]): Promise<(MessageRow | null)[]>;
  /** The months with at least one row, ascending. */
  months(): Promise<Month[]>;
  /**
   * Records that every follower has finished. Repeating it is harmless. If the record is lost in a crash, the followers are
   * notified again, which each of them must tolerate.
   */
  markFollowed(refs: readonly FollowedRef[]): Promise<void>;
  /** Messages that are not recorded as followed, by ascending id from the one after `afterId` on; from the first when it is null. */
  listUnfinished(afterId: MessageId | null, limit: number): Promise<MessageRow[]>;
  /** How many messages are not recorded as followed, counted up to `limit`, and the lowest id of all of them. */
  countUnfinished(limit: number): Promise<{ count: number; oldestId: MessageId | null }>;
}
