import type { InboxStore } from './inbox-store.ts';
import type { MessageLog } from './message-log.ts';
import type { ReceiptStore } from './receipt-store.ts';

/** A message store's current work. */
export interface MessageStoreStats {
  /** Number of calls without an answer yet. */
  readonly pending: number;
  /** Number of committed writes that the store still has to move to their final place; 0 for a store that writes there directly. */
  readonly backlog: number;
  /** Committed writes that could not be moved there and are kept for the operator. 0 unless stored data is damaged. */
  readonly setAside: number;
}

/** The log, the inboxes and the receipts in one database, opened and closed together. */
export interface MessageStore extends AsyncDisposable {
  readonly messageLog: MessageLog;
  readonly inboxes: InboxStore;
  readonly receipts: ReceiptStore;
  /**
   * Resolves if the store can commit a write now.
   *
   * @throws DomainError `UNAVAILABLE` or `OVERLOADED`
   */
  check(): Promise<void>;
  /** @throws DomainError `UNAVAILABLE` (retryable): no answer within the deadline */
  stats(): Promise<MessageStoreStats>;
  /** Number of calls without an answer yet; available even while the store does not answer. */
  readonly pending: number;
}
