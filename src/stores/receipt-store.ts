import type { ConversationId, UserId } from '../domain/ids.ts';
import type { Positions } from '../domain/receipt.ts';

export interface Receipt extends Positions {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
}

/**
 * The positions of each member in each conversation: one pair of watermarks per member.
 * Every method rejects with DomainError `UNAVAILABLE` (retryable) when the store does not answer within its deadline.
 */
export interface ReceiptStore {
  /**
   * Raises watermarks, never lowers them, regardless of the order of the receipts. Atomic for each receipt and safe to repeat.
   *
   * @returns for each receipt the positions before and after, so that each advance is announced once
   */
  raise(receipts: readonly Receipt[]): Promise<{ before: Positions; after: Positions }[]>;
  /** The watermarks of members, in the order of the keys; zeros if there are none yet. */
  get(keys: readonly { conversationId: ConversationId; userId: UserId }[]): Promise<Positions[]>;
  /** All watermarks of a conversation, in no particular order. */
  list(conversationId: ConversationId): Promise<Receipt[]>;
}
