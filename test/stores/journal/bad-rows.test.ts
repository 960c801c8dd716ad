/** Operations that the mover cannot apply are set aside, and block neither later operations nor a start or a stop. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeOperations, type Operation } from '../../../src/stores/journal/journal-entry.ts';
import type { MessageRow } from '../../../src/stores/message-log.ts';
import { aRow } from '../../contract/message-store-drivers.ts';
import { JournalFiles, listOf, month } from './journal-files.ts';

// A store is opened several times, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const settled = { timeout: 30_000 };
const message = (over: Partial<MessageRow>): Operation => ({ type: 'message', month, row: aRow(over) });

describe('a journal row that cannot be moved', () => {
  let files: JournalFiles;
  beforeEach(async () => {
    files = new JournalFiles();
    await files.create();
  });
  afterEach(() => files[Symbol.dispose]());

  it('is set aside alone, reported once, and kept with its reason', async () => {
    const good = [1n, 2n, 3n, 4n].map((seq) => message({ seq, id: String(seq) }));
    const clashing = message({ seq: 1n, id: '900' });
    files.addCommits(
      encodeOperations(good.slice(0, 1)),
      '["broken',
      `[["z",1],${encodeOperations(good.slice(1, 2)).slice(1)}`,
      encodeOperations([clashing, ...good.slice(2, 3)]),
      encodeOperations(good.slice(3)),
    );
    {
      await using store = await files.openStore();
      await expect.poll(() => store.stats(), settled).toEqual({ pending: 0, backlog: 0, setAside: 3 });
      expect(await listOf(store)).toEqual([1, 2, 3, 4].map((seq) => [seq, String(seq)]));
      expect(files.reports).toHaveLength(3);
      for (const report of files.reports) expect(report).toMatch(/^Journal row \d+: .* set aside/);
      await store.check();
      const [appended] = await store.messageLog.append([
        { conversationId: '1', month, rows: [aRow({ seq: 5n, id: '5' })] },
      ]);
      expect(appended).toEqual({ appended: 1 });
    }
    {
      await using store = await files.openStore();
      expect(await listOf(store)).toHaveLength(5);
      expect(await store.stats()).toEqual({ pending: 0, backlog: 0, setAside: 3 });
      expect(files.reports).toEqual([]);
    }
    const messages = files.open('messages.db');
    const kept = messages.prepare('SELECT operation, problem FROM set_aside ORDER BY id').all();
    messages.close();
    expect(kept.map(({ operation }) => operation)).toEqual([
      '["broken',
      '["z",1]',
      encodeOperations([clashing]).slice(1, -1),
    ]);
    for (const { problem } of kept) expect(problem).toMatch(/\w+/);
  });

  it('keeps both messages if two have the same id, and reports it', async () => {
    files.addCommits(
      encodeOperations([message({ seq: 1n, id: '77' }), message({ conversationId: '2', seq: 1n, id: '77' })]),
      encodeOperations([message({ seq: 2n, id: '78' })]),
    );
    await using store = await files.openStore();
    await expect.poll(() => store.stats(), settled).toEqual({ pending: 0, backlog: 0, setAside: 0 });
    expect(await listOf(store, '1')).toEqual([
      [1, '77'],
      [2, '78'],
    ]);
    const [[seq, id] = []] = await listOf(store, '2');
    expect(seq).toBe(1);
    expect(['77', '78']).not.toContain(id);
    expect(files.reports).toEqual([expect.stringMatching(/\(id 77\) .* stored under id \d+/)]);
  });

  it('stops nothing while the store is closed', async () => {
    files.addCommits('["broken', encodeOperations([message({ seq: 1n, id: '1' })]));
    const store = await files.openStore();
    await store[Symbol.asyncDispose]();
    await using again = await files.openStore();
    expect(await again.stats()).toEqual({ pending: 0, backlog: 0, setAside: 1 });
    expect(await listOf(again)).toEqual([[1, '1']]);
  });
});

describe('a mover that fails', () => {
  it('is reported, fails the check, and continues when the cause is gone', async () => {
    using files = new JournalFiles();
    await using store = await files.openStore();
    const messages = files.open('messages.db');
    messages.exec('ALTER TABLE applied RENAME TO mislaid');
    await store.messageLog.append([{ conversationId: '1', month, rows: [aRow({ seq: 1n, id: '1' })] }]);
    await expect.poll(() => files.reports, settled).toEqual(['no such table: applied']);
    await expect(store.check()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await listOf(store)).toEqual([[1, '1']]);
    messages.exec('ALTER TABLE mislaid RENAME TO applied');
    messages.close();
    const isGood = () =>
      store.check().then(
        () => true,
        () => false,
      );
    await expect.poll(isGood, settled).toBe(true);
    await expect.poll(() => store.stats(), settled).toEqual({ pending: 0, backlog: 0, setAside: 0 });
    expect(await listOf(store)).toEqual([[1, '1']]);
    expect(files.reports).toHaveLength(1);
  });

  it('keeps no store from closing, and the next one moves the rest', async () => {
    using files = new JournalFiles();
    const store = await files.openStore();
    const messages = files.open('messages.db');
    messages.exec('ALTER TABLE inbox_run RENAME TO mislaid');
    await store.messageLog.append([{ conversationId: '1', month, rows: [aRow({ seq: 1n, id: '1' })] }]);
    messages.exec('ALTER TABLE applied RENAME TO mislaid_too');
    await store[Symbol.asyncDispose]();
    expect(files.reports).toContainEqual('no such table: applied');
    messages.exec('ALTER TABLE mislaid RENAME TO inbox_run; ALTER TABLE mislaid_too RENAME TO applied');
    messages.close();
    await using again = await files.openStore();
    expect(await listOf(again)).toEqual([[1, '1']]);
    await expect.poll(() => again.stats(), settled).toEqual({ pending: 0, backlog: 0, setAside: 0 });
  });
});
