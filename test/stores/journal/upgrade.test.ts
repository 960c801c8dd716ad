/** Files that the first format wrote are read as if the current one had written them, wherever the upgrade was cut off. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteMessageStore } from '../../../src/stores/journal/sqlite-message-store.ts';
import { createTables } from '../../../src/stores/journal/tables.ts';
import { upgradeJournal, upgradeTables } from '../../../src/stores/journal/upgrade.ts';
import { temporaryFolder } from '../../support/folders.ts';

const group = '500';
const direct = '600';
const sentAt = Date.UTC(2026, 0, 20);
const body = '{"text":"hello"}';

function createMonthOfFormat1(database: DatabaseSync, name: string): void {
  database.exec(`
    CREATE TABLE ${name} (
      id INTEGER PRIMARY KEY, conversation_id INTEGER NOT NULL, seq INTEGER NOT NULL, ordinal INTEGER NOT NULL,
      kind INTEGER NOT NULL, sender_id INTEGER, client_message_id TEXT, body TEXT NOT NULL, sent_at INTEGER NOT NULL,
      fanned_out INTEGER NOT NULL);
    CREATE UNIQUE INDEX ${name}_seq ON ${name} (conversation_id, seq);
    CREATE UNIQUE INDEX ${name}_sender ON ${name} (sender_id, client_message_id);
    CREATE INDEX ${name}_unfinished ON ${name} (sent_at) WHERE fanned_out = 0;`);
}

/**
 * A group over two months: created (1), two messages, a change (4), a message, the seal, a message (6). The next change and a
 * message after it are in the journal only, as are the first messages of a direct conversation.
 */
function writeFormat1(dataDir: string): void {
  const messages = new DatabaseSync(join(dataDir, 'messages.db'));
  createTables(messages);
  for (const name of ['message_2026_01', 'message_2026_02']) createMonthOfFormat1(messages, name);
  const insert = (name: string) => messages.prepare(`INSERT INTO ${name} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const january = insert('message_2026_01');
  january.run(1, 500, 1, 0, 1, 7, '1', body, sentAt, 1);
  january.run(2, 500, 2, 1, 0, 7, 'a', body, sentAt, 1);
  january.run(3, 500, 3, 2, 0, 8, 'a', body, sentAt, 1);
  january.run(4, 500, 4, 2, 1, 7, '4', body, sentAt, 1);
  january.run(5, 500, 5, 3, 0, 7, 'b', body, sentAt, 1);
  january.run(6, 500, 6, 0, 2, null, null, '2026-02', 0, 1);
  insert('message_2026_02').run(7, 500, 6, 4, 0, 7, 'c', body, sentAt, 0);
  messages.exec('UPDATE applied SET journal_id = 3; PRAGMA user_version = 1');
  messages.close();
  const journal = new DatabaseSync(join(dataDir, 'journal.db'));
  journal.exec('CREATE TABLE journal (id INTEGER PRIMARY KEY, entry TEXT NOT NULL); PRAGMA user_version = 1');
  const m = (id: string, conversationId: string, seq: number, kind: number, clientId: string) =>
    ['m', '2026-02', id, conversationId, String(seq), '4', kind, '7', clientId, body, sentAt] as const;
  const write = journal.prepare('INSERT INTO journal VALUES (?, ?)');
  // Applied, and not deleted yet.
  write.run(3, JSON.stringify([m('7', group, 6, 0, 'c')]));
  write.run(4, JSON.stringify([m('8', group, 7, 0, 'd'), m('20', direct, 1, 0, 'a'), ['f', '2026-02', '7']]));
  write.run(5, JSON.stringify([m('9', group, 8, 1, '9'), m('10', group, 9, 0, 'e'), ['r', group, '7', '9', '9']]));
  journal.close();
}

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
  writeFormat1(folder.path);
});
afterEach(() => folder[Symbol.dispose]());

const failOnError = (error: unknown) => {
  throw error;
};

/** A summary of the content of a store that is opened on the folder. */
async function readAll(): Promise<unknown> {
  await using store = await openSqliteMessageStore({ dataDir: folder.path, timeoutMs: 5_000, onError: failOnError });
  const { messageLog } = store;
  const ranges = ['2026-01', '2026-02'].flatMap((month) =>
    [group, direct].map((conversationId) => ({ conversationId, month, fromSeq: 1n, toSeq: 99n, limit: 99 })),
  );
  const rows = (await messageLog.list(ranges)).flat();
  const [tail] = await messageLog.tails([{ conversationId: group, month: '2026-01' }]);
  const found = await messageLog.findByKeys('2026-01', [
    { conversationId: group, key: '8:a' },
    { conversationId: group, key: 'server:4' },
    { conversationId: direct, key: '8:a' },
  ]);
  return {
    rows: rows.map(({ seq, membershipSeq, key, body: text }) => `${seq} under ${membershipSeq}: ${key} ${text}`),
    found: found.map((row) => row?.id ?? null),
    next: tail?.seal?.next,
    positions: await store.receipts.get([{ conversationId: group, userId: '7' }]),
    unfinished: (await messageLog.listUnfinished(null, 99)).map(({ id }) => id),
  };
}

const expected = {
  rows: [
    '1 under 1: server:1',
    '2 under 1: 7:a',
    '3 under 1: 8:a',
    '4 under 4: server:4',
    '5 under 4: 7:b',
    '6 under 4: 7:c',
    '7 under 4: 7:d',
    '8 under 8: server:9',
    '9 under 8: 7:e',
    '1 under 0: 7:a',
  ].map((row) => `${row} ${body}`),
  found: ['3', '4', null],
  next: '2026-02',
  positions: [{ deliveredSeq: 9n, readSeq: 9n }],
  unfinished: ['8', '9', '10', '20'],
};

it('gives each message its key and the number of the change that it was written under', async () => {
  expect(await readAll()).toEqual(expected);
  // The first time the rest was read from the journal, now all of it is in the tables.
  expect(await readAll()).toEqual(expected);
});

it('continues an interrupted upgrade', async () => {
  const messages = new DatabaseSync(join(folder.path, 'messages.db'));
  const journal = new DatabaseSync(join(folder.path, 'journal.db'));
  upgradeTables(messages);
  upgradeJournal(journal, messages);
  // Everything is done but for the new format's number.
  messages.close();
  journal.close();
  expect(await readAll()).toEqual(expected);
});

it('keeps resends harmless: a message of the first format is found by the key of its resend', async () => {
  await using store = await openSqliteMessageStore({ dataDir: folder.path, timeoutMs: 5_000, onError: failOnError });
  const [row] = await store.messageLog.findByIds('2026-02', ['10']);
  if (row === undefined) throw new Error('no row');
  const again = { ...row, id: '99', seq: 10n };
  const [result] = await store.messageLog.append([{ conversationId: group, month: '2026-02', rows: [again] }]);
  expect(result).toEqual({ appended: 0, stoppedBy: { reason: 'resend', existing: row } });
});
