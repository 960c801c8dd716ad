/** The writes of one commit are bounded per row and per move, even for a large burst. */
import { expect, it, vi } from 'vitest';
import type { InboxRun } from '../../../src/domain/inbox.ts';
import { aRow, rows } from '../../contract/message-store-drivers.ts';
import { JournalFiles, listOf, month } from './journal-files.ts';

// Tens of thousands of rows are written, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const settled = { timeout: 30_000 };

/** Operations and characters of each journal row. */
function sizesIn(files: JournalFiles): { operations: number; length: number }[] {
  using journal = files.open('journal.db');
  const sql = 'SELECT json_array_length(entry) AS operations, length(entry) AS length FROM journal ORDER BY id';
  return journal.prepare(sql).all() as { operations: number; length: number }[];
}

it('splits a large commit into rows that a move can take', async () => {
  using files = new JournalFiles();
  await using store = await files.openStore(60_000);
  const runs = Array.from({ length: 25_000 }, (_, index): InboxRun => {
    const userId = String(index + 1);
    return { userId, seq: 1n, conversationId: '1', fromSeq: 1n, toSeq: 3n, truncated: false };
  });
  const body = JSON.stringify({ text: 'x'.repeat(200_000) });
  {
    using messages = files.open('messages.db');
    messages.exec('BEGIN IMMEDIATE');
    const [written, appended] = await Promise.all([
      store.inboxes.append(runs),
      store.messageLog.append([{ conversationId: '1', month, rows: rows('1', 1, 60, { body }) }]),
    ]);
    expect(written.every(Boolean)).toBe(true);
    expect(appended).toEqual([{ appended: 60 }]);
    const sizes = sizesIn(files);
    expect(sizes.reduce((sum, { operations }) => sum + operations, 0)).toBe(25_060);
    for (const { operations, length } of sizes) {
      expect(operations).toBeLessThanOrEqual(4_000);
      expect(length).toBeLessThan(5_000_000);
    }
  }
  await expect.poll(() => store.stats(), settled).toMatchObject({ backlog: 0, setAside: 0 });
  expect(await store.inboxes.heads(['1', '24999', '25000', '25001'])).toEqual([3n, 3n, 3n, 0n]);
  expect(await listOf(store)).toHaveLength(60);
});

it('answers calls in order when they exceed one commit', async () => {
  using files = new JournalFiles();
  await using store = await files.openStore(60_000);
  const body = JSON.stringify({ text: 'x'.repeat(250_000) });
  // 50 MB in one turn: the last call must find the writes of the first.
  const first = aRow({ seq: 1n, id: '1', body });
  const others = Array.from({ length: 199 }, (_, index) => aRow({ conversationId: String(index + 2), seq: 1n, body }));
  const append = (row: typeof first) =>
    store.messageLog.append([{ conversationId: row.conversationId, month, rows: [row] }]);
  const answers = await Promise.all([append(first), ...others.map(append), append(first)]);
  expect(answers.slice(0, -1)).toEqual(answers.slice(0, -1).map(() => [{ appended: 1 }]));
  expect(answers.at(-1)).toMatchObject([{ appended: 0, stoppedBy: { reason: 'resend', existing: { id: '1' } } }]);
  expect(Math.max(...sizesIn(files).map(({ length }) => length))).toBeLessThan(5_000_000);
});

it('never writes an append that waited for the mover until its caller had an error', async () => {
  using files = new JournalFiles();
  await using store = await files.openStore(500, 20);
  const append = (seq: bigint) =>
    store.messageLog.append([{ conversationId: '1', month, rows: [aRow({ seq, id: String(seq) })] }]);
  {
    using messages = files.open('messages.db');
    messages.exec('BEGIN IMMEDIATE');
    for (let seq = 1n; seq <= 11n; seq += 1n) await append(seq);
    await expect(append(12n)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  }
  await expect.poll(() => store.stats().catch(() => null), settled).toMatchObject({ backlog: 0 });
  // Otherwise this number would be taken.
  expect(await append(12n)).toEqual([{ appended: 1 }]);
  expect(await listOf(store)).toHaveLength(12);
});
