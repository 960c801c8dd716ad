import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { condense } from '../../../src/stores/journal/condense.ts';
import type { Operation } from '../../../src/stores/journal/journal-entry.ts';
import { createTableWriter } from '../../../src/stores/journal/table-writer.ts';
import { createTables } from '../../../src/stores/journal/tables.ts';

const users = ['11', '12', '13'];
const conversations = ['1', '2'];

/** Operations like a server's: dense numbers, positions that only grow, marks after their messages. */
function history(choices: readonly number[]): Operation[] {
  const seqs = new Map<string, bigint>();
  const next = (key: string, by = 1n) => {
    const seq = (seqs.get(key) ?? 0n) + by;
    seqs.set(key, seq);
    return seq;
  };
  const unmarked: string[] = [];
  return choices.map((choice): Operation => {
    const conversationId = conversations[choice % 2] as string;
    const userId = users[choice % 3] as string;
    switch (choice % 7) {
      case 0:
      case 1: {
        const seq = next(`c${conversationId}`);
        const id = `${1000n + next('id')}`;
        unmarked.push(id);
        const texts = { key: `${userId}:k${id}`, body: '{}' } as const;
        const row = {
          id,
          conversationId,
          seq,
          ordinal: seq,
          membershipSeq: 0n,
          kind: 'USER',
          senderId: userId,
          ...texts,
          sentAt: 5,
        } as const;
        return { type: 'message', month: '2026-01', row: { ...row, followed: false } };
      }
      case 2:
      case 3: {
        const fromSeq = (seqs.get(`e${userId}/${conversationId}`) ?? 0n) + 1n;
        const toSeq = next(`e${userId}/${conversationId}`, BigInt(1 + (choice % 4)));
        const truncated = choice % 5 === 0;
        const seq = (seqs.get(`i${userId}`) ?? 0n) + 1n;
        next(`i${userId}`, truncated ? 1n : toSeq - fromSeq + 1n);
        const run = { userId, seq, conversationId, fromSeq, toSeq, truncated };
        if (choice % 7 === 0) return { type: 'active', userId, conversationId, at: null };
        return choice % 3 === 0
          ? { type: 'run', run }
          : { type: 'run', run, activeAt: Number(next('at', BigInt(choice))) };
      }
      case 4: {
        const readSeq = next(`r${userId}/${conversationId}`);
        return { type: 'receipt', receipt: { conversationId, userId, deliveredSeq: readSeq + 1n, readSeq } };
      }
      case 5:
        return { type: 'acked', userId, deviceId: `${userId}0`, seq: next(`a${userId}`) };
      default: {
        const id = unmarked.shift();
        if (id !== undefined) return { type: 'followed', month: '2026-01', id };
        return { type: 'acked', userId, deviceId: `${userId}0`, seq: next(`a${userId}`) };
      }
    }
  });
}

/**
 * All tables after moves of the sizes given, of which moves of one operation are not condensed; runs message by message, since they
 * may have been joined.
 */
function tablesAfter(operations: readonly Operation[], cuts: readonly number[]): unknown {
  const database = new DatabaseSync(':memory:');
  createTables(database);
  const writer = createTableWriter(database);
  let from = 0;
  for (const to of [...cuts, operations.length]) {
    const some = operations.slice(from, to);
    if (some.length === 1) writer.applyRow({ id: to, operations: some, unreadable: [], length: 0 });
    else if (some.length > 1) writer.applyAll(some, to);
    from = Math.max(from, to);
  }
  const all = (sql: string) => database.prepare(sql).all();
  const months = all("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'message_2026%'");
  const entries = all('SELECT * FROM inbox_run ORDER BY user_id, seq').flatMap((run) => {
    const { user_id, seq, conversation_id, from_seq, to_seq, truncated } = run as Record<string, number>;
    if (truncated === 1) return [[user_id, seq, conversation_id, from_seq, to_seq, 'truncated']];
    const length = Number(to_seq) - Number(from_seq) + 1;
    return Array.from({ length }, (_, at) => [user_id, Number(seq) + at, conversation_id, Number(from_seq) + at]);
  });
  return {
    messages: months.length === 0 ? [] : all('SELECT * FROM message_2026_01 ORDER BY id'),
    entries,
    receipts: all('SELECT * FROM receipt ORDER BY conversation_id, user_id'),
    acked: all('SELECT * FROM acked ORDER BY user_id, device_id'),
    active: all('SELECT * FROM active ORDER BY user_id, conversation_id'),
    applied: all('SELECT * FROM applied'),
  };
}

describe('condensing the operations of a move', () => {
  it('gives the tables that the operations give one by one, wherever moves are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(419), { maxLength: 80 }), fc.array(fc.nat(80), { maxLength: 4 }), (choices, cuts) => {
        const operations = history(choices);
        const sorted = cuts.filter((cut) => cut < operations.length).sort((a, b) => a - b);
        const oneByOne = operations.map((_, index) => index);
        expect(tablesAfter(operations, sorted)).toEqual(tablesAfter(operations, oneByOne));
      }),
      { numRuns: 150 },
    );
  });

  it('leaves one row of many that follow one another', () => {
    const run = (seq: bigint, fromSeq = seq): Operation => ({
      type: 'run',
      run: { userId: '11', seq, conversationId: '1', fromSeq, toSeq: fromSeq, truncated: false },
    });
    const acked = (seq: bigint): Operation => ({ type: 'acked', userId: '11', deviceId: '110', seq });
    expect(condense([run(1n), acked(1n), run(2n), acked(2n), run(3n), run(4n, 9n)])).toEqual([
      { type: 'run', run: { userId: '11', seq: 1n, conversationId: '1', fromSeq: 1n, toSeq: 3n, truncated: false } },
      run(4n, 9n),
      acked(2n),
    ]);
  });
});
