import type { ConversationId, Seq, UserId } from '../domain/ids.ts';
import type { Lowest, Positions, ReadCounts, Reader } from '../domain/receipt.ts';

export interface ReceiptKey {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
}

export interface Receipt extends ReceiptKey, Positions {}

/** A user's own message, which the user has read by sending it. */
export interface SentReceipt extends ReceiptKey {
  readonly seq: Seq;
}

/**
 * How far each member has got in each conversation: one pair of watermarks per member.
 * Every method rejects with DomainError `UNAVAILABLE` (retryable) when the store does not answer within its deadline.
 */
export interface ReceiptStore {
  /**
   * Raises watermarks, never lowers them, in whatever order receipts arrive. Atomic for each receipt and safe to repeat.
   *
   * @returns for each receipt the positions before and after, so that each advance is announced once
   */
  raise(receipts: readonly Receipt[]): Promise<{ before: Positions; after: Positions }[]>;
  /** Raises both watermarks of senders to their own messages, in bulk and without an answer about each. Safe to repeat. */
  raiseSent(sent: readonly SentReceipt[]): Promise<void>;
  /** The watermarks of the given members, in the order of the keys; zeros where there is none yet. */
  get(keys: readonly ReceiptKey[]): Promise<Positions[]>;
  /** How many of the readers have each message, its sender left out. The cost depends on the readers: for small groups. */
  counts(
    conversationId: ConversationId,
    readers: readonly Reader[],
    messages: readonly { seq: Seq; senderId: UserId }[],
  ): Promise<ReadCounts[]>;
  /** The two readers who are furthest behind, by each watermark. The cost depends on the readers: for small groups. */
  lowest(conversationId: ConversationId, readers: readonly Reader[]): Promise<{ delivered: Lowest[]; read: Lowest[] }>;
}
