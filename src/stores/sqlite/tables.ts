/**
 * The indexed tables in `messages.db`, and every statement on them. One table per month holds messages and seals; a seal has
 * no sender and its next month in `body`. Ids are integers as keys; they leave here as decimal strings.
 */
import { basename } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { ConversationId, DeviceId, MessageId, Millis, Seq, UserId } from '../../domain/ids.ts';
import type { InboxRun } from '../../domain/inbox.ts';
import { type Month, segmentName } from '../../domain/month.ts';
import { noPositions, type Positions } from '../../domain/receipt.ts';
import type { LogRange, MessageRow, Seal, SegmentTail, SenderKey } from '../message-log.ts';
import { type CondensedOperation, condense } from './condense.ts';
import type { Operation } from './journal-entry.ts';

const kinds = { USER: 0, SYSTEM: 1, SEAL: 2 } as const;
type Row = Record<string, SQLInputValue>;

/** Opens a database of ours. `waitMs` bounds how long another process may keep it locked. */
export function openDatabase(path: string, waitMs: number): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: waitMs });
    // FULL: a commit has reached the disk when it returns, power cut included.
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;',
    );
    return database;
  } catch (error) {
    throw new Error(`${basename(path)}: ${(error as Error).message}`, { cause: error });
  }
}

/** The number of what is written in our files; raised when an older version could not read it. */
const format = 1;

/** @throws Error: a newer version of this program has written the file */
export function requireFormat(database: DatabaseSync, name: string): void {
  const { user_version: found } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found > format)
    throw new Error(`${name} was written by a newer version of Heliograph (format ${found}, not ${format})`);
  if (found < format) database.exec(`PRAGMA user_version = ${format}`);
}

export function createTables(database: DatabaseSync): void {
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
      PRIMARY KEY (user_id, device_id)) WITHOUT ROWID;`);
}

export function listMonths(database: DatabaseSync): Month[] {
  const rows = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'message_????_??'")
    .all();
  return rows.map(({ name }) => (name as string).slice('message_'.length).replace('_', '-')).sort();
}

function createMonth(database: DatabaseSync, month: Month): void {
  const name = segmentName(month);
  database.exec(`
    CREATE TABLE IF NOT EXISTS ${name} (
      id INTEGER PRIMARY KEY, conversation_id INTEGER NOT NULL, seq INTEGER NOT NULL, ordinal INTEGER NOT NULL,
      kind INTEGER NOT NULL, sender_id INTEGER, client_message_id TEXT, body TEXT NOT NULL, sent_at INTEGER NOT NULL,
      fanned_out INTEGER NOT NULL);
    CREATE UNIQUE INDEX IF NOT EXISTS ${name}_seq ON ${name} (conversation_id, seq);
    CREATE UNIQUE INDEX IF NOT EXISTS ${name}_sender ON ${name} (sender_id, client_message_id);
    CREATE INDEX IF NOT EXISTS ${name}_unfinished ON ${name} (sent_at) WHERE fanned_out = 0;`);
}

/** Prepares each statement once. */
function createStatements(database: DatabaseSync) {
  const statements = new Map<string, StatementSync>();
  return (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      statement.setReadBigInts(true);
      statements.set(sql, statement);
    }
    return statement;
  };
}

/** Writes operations from the journal, in their order. */
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

  const insert = (month: Month) => statement(`INSERT INTO ${table(month)} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);

  function apply(operation: CondensedOperation): void {
    switch (operation.type) {
      case 'message': {
        const { id, conversationId, seq, ordinal, kind, senderId, clientMessageId, body, sentAt } = operation.row;
        const keys = [BigInt(id), BigInt(conversationId), seq, ordinal, kinds[kind], BigInt(senderId)] as const;
        insert(operation.month).run(...keys, clientMessageId, body, sentAt, operation.fannedOut ? 1 : 0);
        break;
      }
      case 'seal': {
        const { id, conversationId, seq, next } = operation.seal;
        insert(operation.month).run(BigInt(id), BigInt(conversationId), seq, 0, kinds.SEAL, null, null, next, 0, 1);
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
      case 'fannedOut':
        statement(`UPDATE ${table(operation.month)} SET fanned_out = 1 WHERE id = ? AND fanned_out = 0`).run(
          BigInt(operation.id),
        );
    }
  }

  return {
    months: () => [...months],
    /** Applies all of the operations and the number of the journal row they end with, or none. */
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

export type TableReader = ReturnType<typeof createTableReader>;

/** Reads the tables; what is only in the journal yet is not here. */
export function createTableReader(database: DatabaseSync) {
  const statement = createStatements(database);
  let months = new Set(listMonths(database));

  const columns = 'id, conversation_id, seq, ordinal, kind, sender_id, client_message_id, body, sent_at, fanned_out';
  const select = (month: Month, rest: string) =>
    statement(`SELECT ${columns} FROM ${segmentName(month)} WHERE ${rest}`);

  function seqWhere(sql: string, ...values: SQLInputValue[]): Seq | null {
    const row = statement(sql).get(...values) as { seq: bigint | null } | undefined;
    return row?.seq ?? null;
  }

  return {
    appliedId(): number {
      return Number((statement('SELECT journal_id FROM applied').get() as { journal_id: bigint }).journal_id);
    },
    months: () => [...months].sort(),
    /** Takes note of months that were made by the mover. */
    refreshMonths(): void {
      months = new Set(listMonths(database));
    },
    tail(conversationId: ConversationId, month: Month): SegmentTail {
      if (!months.has(month)) return { last: null, seal: null };
      const rows = select(month, 'conversation_id = ? ORDER BY seq DESC LIMIT 2').all(BigInt(conversationId)) as Row[];
      const seal = rows[0]?.kind === BigInt(kinds.SEAL) ? toSeal(rows[0]) : null;
      const last = rows.find(({ kind }) => kind !== BigInt(kinds.SEAL));
      return { last: last === undefined ? null : toMessageRow(last), seal };
    },
    hasSeq(conversationId: ConversationId, month: Month, seq: Seq): boolean {
      if (!months.has(month)) return false;
      const sql = `SELECT seq FROM ${segmentName(month)} WHERE conversation_id = ? AND seq = ?`;
      return seqWhere(sql, BigInt(conversationId), seq) !== null;
    },
    list({ conversationId, month, fromSeq, toSeq, limit, newestFirst }: LogRange): MessageRow[] {
      if (!months.has(month) || toSeq < fromSeq) return [];
      const order = newestFirst === true ? 'DESC' : 'ASC';
      const rest = `conversation_id = ? AND seq BETWEEN ? AND ? AND kind < ${kinds.SEAL} ORDER BY seq ${order} LIMIT ?`;
      const rows = (select(month, rest).all(BigInt(conversationId), fromSeq, toSeq, limit) as Row[]).map(toMessageRow);
      return newestFirst === true ? rows.reverse() : rows;
    },
    /** By bisection over `seq`, along which `sentAt` never goes back: an index on it would cost every insert. */
    firstSeqAt(conversationId: ConversationId, month: Month, at: Millis): Seq | null {
      if (!months.has(month)) return null;
      const name = segmentName(month);
      const where = `FROM ${name} WHERE conversation_id = ? AND kind < ${kinds.SEAL}`;
      let low = seqWhere(`SELECT min(seq) AS seq ${where}`, BigInt(conversationId));
      const last = seqWhere(`SELECT max(seq) AS seq ${where}`, BigInt(conversationId));
      if (low === null || last === null) return null;
      let high = last + 1n;
      while (low < high) {
        const middle: Seq = (low + high) / 2n;
        const row = statement(`SELECT sent_at FROM ${name} WHERE conversation_id = ? AND seq = ?`).get(
          BigInt(conversationId),
          middle,
        ) as { sent_at: bigint } | undefined;
        if (row !== undefined && row.sent_at >= BigInt(Math.ceil(at))) high = middle;
        else low = middle + 1n;
      }
      return low > last ? null : low;
    },
    findById(month: Month, id: MessageId): MessageRow | null {
      if (!months.has(month)) return null;
      const row = select(month, `id = ? AND kind < ${kinds.SEAL}`).get(BigInt(id)) as Row | undefined;
      return row === undefined ? null : toMessageRow(row);
    },
    findBySenderKey(month: Month, { senderId, clientMessageId }: SenderKey): MessageRow | null {
      if (!months.has(month)) return null;
      const row = select(month, 'sender_id = ? AND client_message_id = ?').get(BigInt(senderId), clientMessageId);
      return row === undefined ? null : toMessageRow(row as Row);
    },
    listUnfinished(month: Month, before: Millis, limit: number): MessageRow[] {
      if (!months.has(month)) return [];
      const rest = 'fanned_out = 0 AND sent_at < ? ORDER BY sent_at LIMIT ?';
      return (select(month, rest).all(Math.min(before, Number.MAX_SAFE_INTEGER), limit) as Row[]).map(toMessageRow);
    },
    lastRun(userId: UserId): InboxRun | null {
      return firstRun(
        statement(`SELECT * FROM inbox_run WHERE user_id = ? ORDER BY seq DESC LIMIT 1`).get(BigInt(userId)),
      );
    },
    /** The last run of a conversation that begins at or before `seq`. */
    runAt(userId: UserId, conversationId: ConversationId, seq: Seq): InboxRun | null {
      const sql = `SELECT * FROM inbox_run WHERE user_id = ? AND conversation_id = ? AND from_seq <= ?
        ORDER BY from_seq DESC LIMIT 1`;
      return firstRun(statement(sql).get(BigInt(userId), BigInt(conversationId), seq));
    },
    /** Runs that begin after `afterSeq` and the one that covers it, ascending. */
    listRuns(userId: UserId, afterSeq: Seq, limit: number): InboxRun[] {
      const covering = firstRun(
        statement('SELECT * FROM inbox_run WHERE user_id = ? AND seq <= ? ORDER BY seq DESC LIMIT 1').get(
          BigInt(userId),
          afterSeq,
        ),
      );
      const later = statement('SELECT * FROM inbox_run WHERE user_id = ? AND seq > ? ORDER BY seq LIMIT ?').all(
        BigInt(userId),
        afterSeq,
        limit,
      );
      return [...(covering === null ? [] : [covering]), ...(later as Row[]).map(toRun)];
    },
    positions(conversationId: ConversationId, userId: UserId): Positions {
      const sql = 'SELECT delivered_seq, read_seq FROM receipt WHERE conversation_id = ? AND user_id = ?';
      const row = statement(sql).get(BigInt(conversationId), BigInt(userId)) as Row | undefined;
      if (row === undefined) return noPositions;
      return { deliveredSeq: row.delivered_seq as bigint, readSeq: row.read_seq as bigint };
    },
    listReceipts(conversationId: ConversationId): [UserId, Positions][] {
      const sql = 'SELECT user_id, delivered_seq, read_seq FROM receipt WHERE conversation_id = ?';
      return (statement(sql).all(BigInt(conversationId)) as Row[]).map((row) => [
        String(row.user_id),
        { deliveredSeq: row.delivered_seq as bigint, readSeq: row.read_seq as bigint },
      ]);
    },
    ackedSeq(userId: UserId, deviceId: DeviceId): Seq {
      return (
        seqWhere('SELECT seq FROM acked WHERE user_id = ? AND device_id = ?', BigInt(userId), BigInt(deviceId)) ?? 0n
      );
    },
  };
}

function toMessageRow(row: Row): MessageRow {
  return {
    id: String(row.id),
    conversationId: String(row.conversation_id),
    seq: row.seq as bigint,
    ordinal: row.ordinal as bigint,
    kind: row.kind === BigInt(kinds.USER) ? 'USER' : 'SYSTEM',
    senderId: String(row.sender_id),
    clientMessageId: row.client_message_id as string,
    body: row.body as string,
    sentAt: Number(row.sent_at),
    fannedOut: row.fanned_out === 1n,
  };
}

function toSeal(row: Row): Seal {
  return {
    id: String(row.id),
    conversationId: String(row.conversation_id),
    seq: row.seq as bigint,
    next: row.body as string,
  };
}

function toRun(row: Row): InboxRun {
  return {
    userId: String(row.user_id),
    seq: row.seq as bigint,
    conversationId: String(row.conversation_id),
    fromSeq: row.from_seq as bigint,
    toSeq: row.to_seq as bigint,
    truncated: row.truncated === 1n,
  };
}

function firstRun(row: unknown): InboxRun | null {
  return row === undefined ? null : toRun(row as Row);
}
