/**
 * Writes operations from the journal into the tables, in their order. A call writes all of its operations and the number of the last
 * applied journal row, or nothing. Before and after each call, the known months are those whose tables exist.
 */
import type { DatabaseSync } from 'node:sqlite';
import { entryKinds, sealCode } from '../../domain/entry-kinds.ts';
import type { ConversationId, MessageId, Millis, UserId } from '../../domain/ids.ts';
import { type Month, segmentName } from '../../domain/month.ts';
import { createStatements } from '../sqlite-file/database.ts';
import { isAboutData } from '../sqlite-file/sqlite-errors.ts';
import { type CondensedOperation, condense } from './condense.ts';
import type { StoredRow } from './journal.ts';
import { encodeOperations, type Operation } from './journal-entry.ts';
import { setAside } from './set-aside.ts';
import { createMonth, listMonths, messageColumns } from './tables.ts';

export function createTableWriter(database: DatabaseSync) {
  const statement = createStatements(database);
  const months = new Set(listMonths(database));

  function table(month: Month): string {
    if (!months.has(month)) {
      createMonth(database, month);
      months.add(month);
    }
    return segmentName(month);
  }

  const places = messageColumns.map(() => '?').join(', ');
  const insert = (month: Month) => statement(`INSERT INTO ${table(month)} VALUES (${places})`);

  function apply(operation: CondensedOperation): void {
    switch (operation.type) {
      case 'message': {
        const { id, conversationId, seq, ordinal, membershipSeq, kind, senderId, key, body, sentAt } = operation.row;
        insert(operation.month).run(
          BigInt(id),
          BigInt(conversationId),
          seq,
          ordinal,
          membershipSeq,
          entryKinds[kind].code,
          BigInt(senderId),
          key,
          body,
          sentAt,
          operation.followed ? 1 : 0,
        );
        break;
      }
      case 'seal': {
        const { id, conversationId, seq, next } = operation.seal;
        insert(operation.month).run(BigInt(id), BigInt(conversationId), seq, 0, 0, sealCode, null, null, next, 0, 1);
        break;
      }
      case 'run': {
        const { userId, seq, conversationId, fromSeq, toSeq, truncated } = operation.run;
        statement('INSERT INTO inbox_run VALUES (?, ?, ?, ?, ?, ?)').run(
          BigInt(userId),
          seq,
          BigInt(conversationId),
          fromSeq,
          toSeq,
          truncated ? 1 : 0,
        );
        if (operation.activeAt !== undefined) writeActive(operation.run, operation.activeAt);
        break;
      }
      case 'receipt': {
        const { conversationId, userId, deliveredSeq, readSeq } = operation.receipt;
        statement(`INSERT INTO receipt VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
          delivered_seq = max(delivered_seq, excluded.delivered_seq), read_seq = max(read_seq, excluded.read_seq)`).run(
          BigInt(conversationId),
          BigInt(userId),
          deliveredSeq,
          readSeq,
        );
        break;
      }
      case 'active':
        writeActive(operation, operation.at);
        break;
      case 'acked':
        statement('INSERT INTO acked VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)').run(
          BigInt(operation.userId),
          BigInt(operation.deviceId),
          operation.seq,
        );
        break;
      case 'followed':
        statement(`UPDATE ${table(operation.month)} SET followed = 1 WHERE id = ? AND followed = 0`).run(
          BigInt(operation.id),
        );
    }
  }

  function writeActive(ids: { userId: UserId; conversationId: ConversationId }, at: Millis | null): void {
    const userId = BigInt(ids.userId);
    const conversationId = BigInt(ids.conversationId);
    if (at === null) {
      statement('DELETE FROM active WHERE user_id = ? AND conversation_id = ?').run(userId, conversationId);
      return;
    }
    statement('INSERT INTO active VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET active_at = excluded.active_at').run(
      userId,
      conversationId,
      at,
    );
  }

  /** Runs all of it in one transaction, with the number of the journal row that it ends with; or nothing. */
  function transact(journalId: number, write: () => void): void {
    const monthsBefore = [...months];
    database.exec('BEGIN IMMEDIATE');
    try {
      write();
      statement('UPDATE applied SET journal_id = ?').run(journalId);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      resetMonths(monthsBefore);
      throw error;
    }
  }

  function resetMonths(known: readonly Month[]): void {
    months.clear();
    for (const month of known) months.add(month);
  }

  /** Applies one operation. Returns why it cannot be, with nothing of it written; null when it was. */
  function attempt(operation: CondensedOperation): unknown {
    const monthsBefore = [...months];
    database.exec('SAVEPOINT attempt');
    try {
      apply(operation);
      database.exec('RELEASE attempt');
      return null;
    } catch (problem) {
      if (!isAboutData(problem)) throw problem;
      database.exec('ROLLBACK TO attempt; RELEASE attempt');
      resetMonths(monthsBefore);
      return problem;
    }
  }

  /**
   * Stores a message whose id is used already under the next lower one that is free: higher ones are still to come. Returns that
   * id; null when it cannot be stored either.
   */
  function storeUnderFreeId(operation: Operation): MessageId | null {
    if (operation.type !== 'message') return null;
    const { month, row } = operation;
    const isUsed = statement(`SELECT 1 FROM ${table(month)} WHERE id = ?`);
    let number = BigInt(row.id);
    while (isUsed.get(number) !== undefined) number -= 1n;
    const id = String(number);
    return attempt({ ...operation, row: { ...row, id }, followed: false }) === null ? id : null;
  }

  return {
    months: () => [...months],
    /** Applies all of the operations and the number of their last journal row, or nothing. */
    applyAll(operations: readonly Operation[], journalId: number): void {
      transact(journalId, () => {
        for (const operation of condense(operations)) apply(operation);
      });
    },
    /**
     * Applies a row in which some operations cannot be applied: those are set aside, but a message that has only its id in common
     * with another is stored under another id.
     *
     * @returns reports for the operator
     */
    applyRow({ id, operations, unreadable }: StoredRow): string[] {
      const reports: string[] = [];
      transact(id, () => {
        for (const { text, problem } of unreadable) {
          setAside(database, id, text, problem);
          // Only the name, because the text of the problem may quote a message.
          reports.push(`an operation that cannot be read was set aside (${(problem as Error).name})`);
        }
        for (const operation of operations) {
          const problem = attempt(operation.type === 'message' ? { ...operation, followed: false } : operation);
          if (problem === null) continue;
          const freeId = storeUnderFreeId(operation);
          if (freeId === null) setAside(database, id, encodeOperations([operation]).slice(1, -1), problem);
          reports.push(
            freeId === null
              ? `${nameOf(operation)} was set aside: ${(problem as Error).message}`
              : `${nameOf(operation)} has an id that another has, and was stored under id ${freeId}`,
          );
        }
      });
      return reports;
    },
  };
}

function nameOf(operation: Operation): string {
  if (operation.type !== 'message') return `an operation (${operation.type})`;
  const { seq, conversationId, id } = operation.row;
  return `message ${seq} of conversation ${conversationId} (id ${id})`;
}
