/** The receipts in the commit thread: the tables, and the journal's overlay on top of them. Part of the store state. */
import type { ConversationId, Seq, UserId } from '../../domain/ids.ts';
import {
  countReaders,
  lowestReaders,
  noPositions,
  type Positions,
  type Reader,
  raisePositions,
} from '../../domain/receipt.ts';
import type { Receipt, ReceiptKey, ReceiptStore, SentReceipt } from '../receipt-store.ts';
import type { Operation } from './journal-entry.ts';
import type { Overlay } from './overlay.ts';
import type { TableReader } from './table-reader.ts';

/** A port's methods inside the thread, where all calls are synchronous. */
export type Unpromised<Port> = {
  [Method in keyof Port]: Port[Method] extends (...args: infer Args) => Promise<infer Answer>
    ? (...args: Args) => Answer
    : never;
};

export function createReceiptState(tables: TableReader, overlay: Overlay, stage: (operation: Operation) => void) {
  function positions(conversationId: ConversationId, userId: UserId): Positions {
    return overlay.receiptsOf(conversationId)?.get(userId)?.value ?? tables.positions(conversationId, userId);
  }

  function raiseOne({ conversationId, userId, ...to }: Receipt): { before: Positions; after: Positions } {
    const before = positions(conversationId, userId);
    const after = raisePositions(before, to);
    if (after.deliveredSeq > before.deliveredSeq || after.readSeq > before.readSeq) {
      stage({ type: 'receipt', receipt: { conversationId, userId, ...after } });
    }
    return { before: onlyPositions(before), after };
  }

  return {
    raise: (raised: readonly Receipt[]) => raised.map(raiseOne),
    raiseSent(sent: readonly SentReceipt[]): void {
      for (const { conversationId, userId, seq } of sent) {
        raiseOne({ conversationId, userId, deliveredSeq: seq, readSeq: seq });
      }
    },
    get: (keys: readonly ReceiptKey[]) =>
      keys.map(({ conversationId, userId }) => onlyPositions(positions(conversationId, userId))),
    counts: (
      conversationId: ConversationId,
      readers: readonly Reader[],
      messages: readonly { seq: Seq; senderId: UserId }[],
    ) => countReaders(readers, (userId) => positions(conversationId, userId), messages),
    lowest: (conversationId: ConversationId, readers: readonly Reader[]) =>
      lowestReaders(readers, (userId) => positions(conversationId, userId)),
  } satisfies Unpromised<ReceiptStore>;
}

function onlyPositions({ deliveredSeq, readSeq }: Positions = noPositions): Positions {
  return { deliveredSeq, readSeq };
}
