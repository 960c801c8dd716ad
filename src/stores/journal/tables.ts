/**
 * The indexed tables in `messages.db`. One table per month contains messages and seals, distinguished by the code in `kind`. A seal has
 * no sender, and its next month in `body`. Ids are integer keys. `applied` contains the number of the last journal row whose
 * operations are in the tables; both change in one transaction.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type Month, segmentName } from '../../domain/month.ts';
import { createSetAside } from './set-aside.ts';

export function createTables(database: DatabaseSync): void {
  const isWithoutActivity = !hasTable(database, 'active');
  database.exec(`
    CREATE TABLE IF NOT EXISTS applied (id INTEGER PRIMARY KEY CHECK (id = 1), journal_id INTEGER NOT NULL);
    INSERT OR IGNORE INTO applied VALUES (1, 0);
    CREATE TABLE IF NOT EXISTS inbox_run (
      user_id INTEGER NOT NULL, seq INTEGER NOT NULL, conversation_id INTEGER NOT NULL,
      from_seq INTEGER NOT NULL, to_seq INTEGER NOT NULL, truncated INTEGER NOT NULL,
      PRIMARY KEY (user_id, seq)) WITHOUT ROWID;
    CREATE UNIQUE INDEX IF NOT EXISTS inbox_run_from ON inbox_run (user_id, conversation_id, from_seq);
    CREATE TABLE IF NOT EXISTS receipt (
      conversation_id INTEGER NOT NULL, user_id INTEGER NOT NULL, delivered_seq INTEGER NOT NULL, read_seq INTEGER NOT NULL,
      PRIMARY KEY (conversation_id, user_id)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS acked (
      user_id INTEGER NOT NULL, device_id INTEGER NOT NULL, seq INTEGER NOT NULL,
      PRIMARY KEY (user_id, device_id)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS active (
      user_id INTEGER NOT NULL, conversation_id INTEGER NOT NULL, active_at INTEGER NOT NULL,
      PRIMARY KEY (user_id, conversation_id)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS active_at ON active (user_id, active_at, conversation_id);`);
  if (isWithoutActivity) fillActivity(database);
  createSetAside(database);
}

function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;
}

/** Earlier versions did not store when a conversation was active: the newest message in each inbox tells. */
function fillActivity(database: DatabaseSync): void {
  for (const month of listMonths(database)) {
    database.exec(`INSERT INTO active
      SELECT run.user_id, run.conversation_id, max(message.sent_at)
      FROM inbox_run run JOIN ${segmentName(month)} message
        ON message.conversation_id = run.conversation_id AND message.seq = run.to_seq
      WHERE run.truncated = 0 AND message.sent_at > 0 GROUP BY run.user_id, run.conversation_id
      ON CONFLICT DO UPDATE SET active_at = max(active_at, excluded.active_at)`);
  }
}

export function listMonths(database: DatabaseSync): Month[] {
  const rows = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'message_????_??'")
    .all();
  return rows.map(({ name }) => (name as string).slice('message_'.length).replace('_', '-')).sort();
}

/** The columns of a month's table, in order. */
export const messageColumns = [
  'id',
  'conversation_id',
  'seq',
  'ordinal',
  'membership_seq',
  'kind',
  'sender_id',
  'key',
  'body',
  'sent_at',
  'followed',
] as const;

export function createMonth(database: DatabaseSync, month: Month): void {
  const name = segmentName(month);
  database.exec(`
    CREATE TABLE IF NOT EXISTS ${name} (
      id INTEGER PRIMARY KEY, conversation_id INTEGER NOT NULL, seq INTEGER NOT NULL, ordinal INTEGER NOT NULL,
      membership_seq INTEGER NOT NULL, kind INTEGER NOT NULL, sender_id INTEGER, key TEXT, body TEXT NOT NULL,
      sent_at INTEGER NOT NULL, followed INTEGER NOT NULL);
    CREATE UNIQUE INDEX IF NOT EXISTS ${name}_seq ON ${name} (conversation_id, seq);
    CREATE UNIQUE INDEX IF NOT EXISTS ${name}_key ON ${name} (conversation_id, key);
    CREATE INDEX IF NOT EXISTS ${name}_unfinished ON ${name} (id) WHERE followed = 0;`);
}
