import type { ConversationId, UserId } from '../domain/ids.ts';
import type { Positions } from '../domain/receipt.ts';

export interface Receipt extends Positions {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
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
  /** The watermarks of the members asked for, in that order; zeros where there is none yet. */
  get(keys: readonly { conversationId: ConversationId; userId: UserId }[]): Promise<Positions[]>;
  /** All watermarks of a conversation, in no promised order. */
  list(conversationId: ConversationId): Promise<Receipt[]>;
}
