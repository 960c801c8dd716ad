/**
 * Writes operations from the journal into the tables, in their order. A call writes all of its operations and the number of the last
 * applied journal row, or nothing. Before and after each call, the known months are those whose tables exist.
 */
import type { DatabaseSync } from 'node:sqlite';
import { entryKinds, sealCode } from '../../domain/entry-kinds.ts';
import { type Month, segmentName } from '../../domain/month.ts';
import { createStatements } from '../sqlite-file/database.ts';
import { type CondensedOperation, condense } from './condense.ts';
import type { Operation } from './journal-entry.ts';
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
        const ids = [BigInt(id), BigInt(conversationId), seq, ordinal, membershipSeq] as const;
        const { code } = entryKinds[kind];
        insert(operation.month).run(...ids, code, BigInt(senderId), key, body, sentAt, operation.followed ? 1 : 0);
        break;
      }
      case 'seal': {
        const { id, conversationId, seq, next } = operation.seal;
        insert(operation.month).run(BigInt(id), BigInt(conversationId), seq, 0, 0, sealCode, null, null, next, 0, 1);
        break;
      }
      case 'run': {
        const { userId, seq, conversationId, fromSeq, toSeq, truncated } = operation.run;
        const values = [BigInt(userId), seq, BigInt(conversationId), fromSeq, toSeq, truncated ? 1 : 0] as const;
        statement('INSERT INTO inbox_run VALUES (?, ?, ?, ?, ?, ?)').run(...values);
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

  return {
    months: () => [...months],
    /** Applies all of the operations and the number of their last journal row, or nothing. */
    applyAll(operations: readonly Operation[], journalId: number): void {
      const monthsBefore = [...months];
      database.exec('BEGIN IMMEDIATE');
      try {
        for (const operation of condense(operations)) apply(operation);
        statement('UPDATE applied SET journal_id = ?').run(journalId);
        database.exec('COMMIT');
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        months.clear();
        for (const month of monthsBefore) months.add(month);
        throw error;
      }
    },
  };
}
