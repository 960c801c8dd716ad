import type { InboxStore } from './inbox-store.ts';
import type { MessageLog } from './message-log.ts';
import type { ReceiptStore } from './receipt-store.ts';

/** What a message store has to do at the moment. */
export interface MessageStoreStats {
  /** Calls that are not answered yet. */
  readonly pending: number;
  /** Committed writes that the store still has to move to their final place; 0 for a store that writes there at once. */
  readonly backlog: number;
}

/** The log, the inboxes and the receipts in one database, opened and closed together. */
export interface MessageStore extends AsyncDisposable {
  readonly messageLog: MessageLog;
  readonly inboxes: InboxStore;
  readonly receipts: ReceiptStore;
  /**
   * Resolves when the store could commit a write now.
   *
   * @throws DomainError `UNAVAILABLE` or `OVERLOADED`
   */
  check(): Promise<void>;
  /** @throws DomainError `UNAVAILABLE` (retryable): no answer within the deadline */
  stats(): Promise<MessageStoreStats>;
  /** Calls that are not answered yet; known even while the store does not answer. */
  readonly pending: number;
}
