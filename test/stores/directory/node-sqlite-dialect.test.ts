import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import knexFactory, { type Knex } from 'knex';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeSqliteClient } from '../../../src/stores/directory/node-sqlite-dialect.ts';
import type { ThreadClient } from '../../../src/stores/sqlite-file/thread-client.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { eventually } from '../../support/heliograph.ts';

const timeoutMs = 300;
/** Keeps the thread busy until the row count is reached: some seconds. */
const longQuery =
  'WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < ?) SELECT count(*) AS n FROM c';

describe('knex over node:sqlite', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let knex: Knex;
  let filename: string;

  beforeEach(async () => {
    folder = temporaryFolder();
    filename = join(folder.path, 'test.db');
    knex = knexFactory({
      client: NodeSqliteClient as unknown as typeof Knex.Client,
      connection: { filename, timeoutMs, onError: () => {} } as object,
      useNullAsDefault: true,
      pool: { min: 1, max: 1 },
      log: { warn: () => {} },
    });
    await knex.schema.createTable('notes', (table) => {
      table.bigInteger('id').primary();
      table.text('text');
    });
  });
  afterEach(async () => {
    await knex.destroy();
    folder[Symbol.dispose]();
  });

  /** Rows visible to another process: only committed ones. */
  function committed(): unknown[] {
    const other = new DatabaseSync(filename, { readOnly: true });
    try {
      return other
        .prepare('SELECT text FROM notes ORDER BY id')
        .all()
        .map(({ text }) => text);
    } finally {
      other.close();
    }
  }

  it('stores rows, counts and exact integers, and nothing of a failed transaction', async () => {
    const id = 2n ** 63n - 1n;
    await knex('notes').insert({ id: String(id), text: 'a' });
    expect(await knex('notes').select('id', 'text')).toEqual([{ id, text: 'a' }]);
    expect(
      await knex('notes')
        .where({ id: String(id - 1n) })
        .update({ text: 'b' }),
    ).toBe(0);
    expect(
      await knex('notes')
        .where({ id: String(id) })
        .update({ text: null }),
    ).toBe(1);
    const broken = knex.transaction(async (trx) => {
      await trx('notes').insert({ id: 1, text: 'half' });
      throw new Error('the other half');
    });
    await expect(broken).rejects.toThrow('the other half');
    expect(await knex('notes').where({ id: 1 }).delete()).toBe(0);
    await expect(knex('notes').insert({ id: String(id) })).rejects.toMatchObject({ code: 'ERR_SQLITE_1555' });
  });

  it('flushes each commit to the disk', async () => {
    expect(await knex.raw('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
    const full = 2n;
    expect(await knex.raw('PRAGMA synchronous')).toEqual([{ synchronous: full }]);
  });

  it('stores later writes after the thread did not answer for a while', async () => {
    const stalled = knex.raw(longQuery, [24_000_000]);
    await expect(stalled).rejects.toMatchObject({ code: 'ERR_NO_ANSWER' });
    // The thread is still busy: this one's BEGIN is not answered either, and is carried out when nobody waits any more.
    const lost = knex.transaction((trx) => trx('notes').insert({ id: 1, text: 'lost' }));
    await lost.catch(() => {});
    await eventually(async () => {
      try {
        await knex.transaction((trx) => trx('notes').insert({ id: 2, text: 'kept' }));
        return true;
      } catch {
        return false;
      }
    }, 'a transaction');
    await knex('notes').insert({ id: 3, text: 'kept too' });
    expect(committed().filter((text) => text !== 'lost')).toEqual(['kept', 'kept too']);
  });

  it('writes nothing on its own of a transaction whose thread has died', async () => {
    const halves = knex.transaction(async (trx) => {
      await trx('notes').insert({ id: 1, text: 'first half' });
      const { thread } = await (
        trx.client as { acquireConnection(): Promise<{ thread: ThreadClient }> }
      ).acquireConnection();
      await thread.close();
      await trx('notes').insert({ id: 2, text: 'second half' });
    });
    await expect(halves).rejects.toMatchObject({ code: 'ERR_NO_ANSWER' });
    await knex('notes').insert({ id: 3, text: 'afterwards' });
    expect(committed()).toEqual(['afterwards']);
  });

  it('leaves the event loop free while a statement runs', async () => {
    let turns = 0;
    let isOver = false;
    const turn = () => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    const [{ n }] = (await knex.raw(longQuery, [50_000])) as [{ n: bigint }];
    isOver = true;
    expect(n).toBe(50_000n);
    expect(turns).toBeGreaterThan(20);
  });
});
