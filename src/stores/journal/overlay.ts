/**
 * The operations in the journal that are not in the tables yet, indexed for reading. Operations arrive and leave in commit order,
 * so every list is a queue: the tail of a conversation's segment, the tail of an inbox.
 *
 * Shortly after a move, both the tables and the overlay contain the same rows. Readers take rows from the overlay from its
 * beginning on, and only earlier rows from the tables.
 */
import type { ConversationId, DeviceId, MessageId, Millis, Seq, UserId } from '../../domain/ids.ts';
import type { InboxRun } from '../../domain/inbox.ts';
import type { Month } from '../../domain/month.ts';
import type { MessageRow, RowKey, Seal } from '../message-log.ts';
import type { Receipt } from '../receipt-store.ts';
import type { Operation } from './journal-entry.ts';

interface Held<T> {
  readonly value: T;
  readonly journalId: number;
}

interface ActiveKey {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
}

interface SegmentPart {
  rows: MessageRow[];
  seal: Seal | null;
}

export type Overlay = ReturnType<typeof createOverlay>;

export function createOverlay() {
  const batches: { journalId: number; operations: readonly Operation[] }[] = [];
  const segments = new Map<string, SegmentPart>();
  /** By month and id; null for a seal. */
  const byId = new Map<string, MessageRow | null>();
  const newestIds = new Map<Month, bigint>();
  const byKey = new Map<string, MessageRow>();
  const unfinished = new Map<string, MessageRow>();
  const marks = new Map<string, number>();
  const inboxes = new Map<UserId, InboxRun[]>();
  const runsByConversation = new Map<string, InboxRun[]>();
  const receipts = new Map<ConversationId, Map<UserId, Held<Receipt>>>();
  const acked = new Map<string, Held<Seq>>();
  const active = new Map<UserId, Map<ConversationId, Held<Millis | null>>>();
  const months = new Map<Month, number>();
  let size = 0;

  function add(operation: Operation, journalId: number): void {
    size += 1;
    switch (operation.type) {
      case 'message': {
        const { month, row } = operation;
        part(month, row.conversationId).rows.push(row);
        addId(month, row.id, row);
        byKey.set(rowKey(month, row), row);
        unfinished.set(idKey(month, row.id), row);
        months.set(month, (months.get(month) ?? 0) + 1);
        break;
      }
      case 'seal':
        part(operation.month, operation.seal.conversationId).seal = operation.seal;
        addId(operation.month, operation.seal.id, null);
        months.set(operation.month, (months.get(operation.month) ?? 0) + 1);
        break;
      case 'run': {
        const { run } = operation;
        pushTo(inboxes, run.userId, run);
        pushTo(runsByConversation, `${run.userId}/${run.conversationId}`, run);
        if (operation.activeAt !== undefined) addActive(run, operation.activeAt, journalId);
        break;
      }
      case 'receipt': {
        const { receipt } = operation;
        let members = receipts.get(receipt.conversationId);
        if (members === undefined) {
          members = new Map();
          receipts.set(receipt.conversationId, members);
        }
        members.set(receipt.userId, { value: receipt, journalId });
        break;
      }
      case 'active':
        addActive(operation, operation.at, journalId);
        break;
      case 'acked':
        acked.set(`${operation.userId}/${operation.deviceId}`, { value: operation.seq, journalId });
        break;
      case 'followed':
        marks.set(idKey(operation.month, operation.id), journalId);
        unfinished.delete(idKey(operation.month, operation.id));
    }
  }

  function remove(operation: Operation, journalId: number): void {
    size -= 1;
    switch (operation.type) {
      case 'message': {
        const { month, row } = operation;
        const key = segmentKey(month, row.conversationId);
        const segment = segments.get(key);
        segment?.rows.shift();
        if (segment !== undefined && segment.rows.length === 0 && segment.seal === null) segments.delete(key);
        byId.delete(idKey(month, row.id));
        byKey.delete(rowKey(month, row));
        unfinished.delete(idKey(month, row.id));
        countDown(months, month);
        break;
      }
      case 'seal': {
        const key = segmentKey(operation.month, operation.seal.conversationId);
        const segment = segments.get(key);
        if (segment !== undefined) segment.seal = null;
        byId.delete(idKey(operation.month, operation.seal.id));
        if (segment?.rows.length === 0) segments.delete(key);
        countDown(months, operation.month);
        break;
      }
      case 'run': {
        const { run } = operation;
        shiftFrom(inboxes, run.userId);
        shiftFrom(runsByConversation, `${run.userId}/${run.conversationId}`);
        if (operation.activeAt !== undefined) removeActive(run, journalId);
        break;
      }
      case 'receipt': {
        const { conversationId, userId } = operation.receipt;
        const members = receipts.get(conversationId);
        if (members?.get(userId)?.journalId === journalId) members.delete(userId);
        if (members?.size === 0) receipts.delete(conversationId);
        break;
      }
      case 'active':
        removeActive(operation, journalId);
        break;
      case 'acked': {
        const key = `${operation.userId}/${operation.deviceId}`;
        if (acked.get(key)?.journalId === journalId) acked.delete(key);
        break;
      }
      case 'followed': {
        const key = idKey(operation.month, operation.id);
        if (marks.get(key) === journalId) marks.delete(key);
      }
    }
  }

  function addActive({ userId, conversationId }: ActiveKey, at: Millis | null, journalId: number): void {
    let conversations = active.get(userId);
    if (conversations === undefined) {
      conversations = new Map();
      active.set(userId, conversations);
    }
    conversations.set(conversationId, { value: at, journalId });
  }

  function removeActive({ userId, conversationId }: ActiveKey, journalId: number): void {
    const conversations = active.get(userId);
    if (conversations?.get(conversationId)?.journalId === journalId) conversations.delete(conversationId);
    if (conversations?.size === 0) active.delete(userId);
  }

  function addId(month: Month, id: MessageId, row: MessageRow | null): void {
    byId.set(idKey(month, id), row);
    const number = BigInt(id);
    if (number > (newestIds.get(month) ?? -1n)) newestIds.set(month, number);
  }

  function part(month: Month, conversationId: ConversationId): SegmentPart {
    const key = segmentKey(month, conversationId);
    let segment = segments.get(key);
    if (segment === undefined) {
      segment = { rows: [], seal: null };
      segments.set(key, segment);
    }
    return segment;
  }

  return {
    add,
    /** Ends a batch after its operations were added one by one. */
    close(journalId: number, operations: readonly Operation[]): void {
      batches.push({ journalId, operations });
    },
    /** Removes operations that are in the tables now. */
    dropUpTo(journalId: number): void {
      let count = 0;
      for (const batch of batches) {
        if (batch.journalId > journalId) break;
        for (const operation of batch.operations) remove(operation, batch.journalId);
        count += 1;
      }
      batches.splice(0, count);
    },
    segment: (month: Month, conversationId: ConversationId) => segments.get(segmentKey(month, conversationId)),
    findById: (month: Month, id: MessageId) => byId.get(idKey(month, id)) ?? null,
    hasId: (month: Month, id: MessageId) => byId.has(idKey(month, id)),
    /** The highest id that was added for a month, whether moved or not. */
    newestId: (month: Month) => newestIds.get(month) ?? null,
    findByKey: (month: Month, key: RowKey) => byKey.get(rowKey(month, key)),
    listUnfinished: () => [...unfinished.values()],
    isMarked: (month: Month, id: MessageId) => marks.has(idKey(month, id)),
    /** How many messages are recorded as followed here only. */
    get marks(): number {
      return marks.size;
    },
    inbox: (userId: UserId) => inboxes.get(userId) ?? [],
    runsOf: (userId: UserId, conversationId: ConversationId) =>
      runsByConversation.get(`${userId}/${conversationId}`) ?? [],
    receiptsOf: (conversationId: ConversationId) => receipts.get(conversationId),
    activeOf: (userId: UserId) => active.get(userId),
    ackedSeq: (userId: UserId, deviceId: DeviceId) => acked.get(`${userId}/${deviceId}`)?.value,
    months: () => [...months.keys()],
    /** Number of operations. */
    get size(): number {
      return size;
    },
  };
}

function segmentKey(month: Month, conversationId: ConversationId): string {
  return `${month}/${conversationId}`;
}

function idKey(month: Month, id: MessageId): string {
  return `${month}/${id}`;
}

function rowKey(month: Month, { conversationId, key }: RowKey): string {
  return `${month}/${conversationId}/${key}`;
}

function pushTo<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function shiftFrom<T>(lists: Map<string, T[]>, key: string): void {
  const list = lists.get(key);
  list?.shift();
  if (list?.length === 0) lists.delete(key);
}

function countDown(counts: Map<string, number>, key: string): void {
  const count = (counts.get(key) ?? 0) - 1;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
