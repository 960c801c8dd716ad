/**
 * The journal's file. Each row contains operations of one commit; numbering continues from the last row in the tables. When `write`
 * returns, the rows have reached the disk.
 *
 * After a failed write the journal is failing until a write of the same size succeeds, because a smaller one would not reveal a full
 * disk. In this state writes wait only briefly for locks, so that reads are not delayed behind each of them.
 */
import type { DatabaseSync } from 'node:sqlite';
import { openDatabase, requireFormat } from '../sqlite-file/database.ts';
import { decodeOperations, encodeOperations, type Operation, type UnreadableOperation } from './journal-entry.ts';
import { upgradeJournal } from './upgrade.ts';

const lockWaitAfterFailureMs = 50;
/** The largest row that is written only to see whether there is space; a failed commit may have been larger. */
const probeLengthMax = 64 * 1024 * 1024;

/** A row as it is written. */
export interface JournalRow {
  readonly id: number;
  readonly operations: readonly Operation[];
}

/** A row as it is read. */
export interface StoredRow extends JournalRow {
  readonly unreadable: readonly UnreadableOperation[];
  /** Of its text, in characters. */
  readonly length: number;
}

/** Reads rows one by one, from the first after `applied`. */
export function createJournalReader(database: DatabaseSync) {
  const entries = database.prepare('SELECT id, entry FROM journal WHERE id > ? ORDER BY id');
  return function* rowsAfter(applied: number): Generator<StoredRow> {
    for (const { id, entry } of entries.iterate(applied)) {
      yield { id: id as number, length: (entry as string).length, ...decodeOperations(entry as string) };
    }
  };
}

/** @param messages - the tables, in the current format */
export function openJournal(path: string, lockWaitMs: number, messages: DatabaseSync) {
  const database = openDatabase(path, lockWaitMs);
  requireFormat(database, 'journal.db', (found) => {
    if (found === 1) upgradeJournal(database, messages);
  });
  database.exec(
    'PRAGMA wal_autocheckpoint = 4000; CREATE TABLE IF NOT EXISTS journal (id INTEGER PRIMARY KEY, entry TEXT NOT NULL)',
  );
  const insertEntry = database.prepare('INSERT INTO journal VALUES (?, ?)');
  const takeWriteLock = database.prepare('DELETE FROM journal WHERE id < 0');
  const deleteEntries = database.prepare('DELETE FROM journal WHERE id <= ?');
  /** The length of the failed write, until a write of that length succeeds; 0 in normal operation. */
  let failedLength = 0;

  function noteFailure(length: number): void {
    const wasFailing = failedLength > 0;
    failedLength = length;
    if (wasFailing === length > 0) return;
    database.exec(`PRAGMA busy_timeout = ${length > 0 ? Math.min(lockWaitAfterFailureMs, lockWaitMs) : lockWaitMs}`);
  }

  function insert(rows: readonly { id: number; entry: string }[]): void {
    const length = rows.reduce((sum, { entry }) => sum + entry.length, 0);
    try {
      if (rows.length > 1) database.exec('BEGIN IMMEDIATE');
      for (const { id, entry } of rows) insertEntry.run(id, entry);
      if (rows.length > 1) database.exec('COMMIT');
      if (length >= Math.min(failedLength, probeLengthMax)) noteFailure(0);
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      noteFailure(Math.max(length, failedLength));
      throw error;
    }
  }

  return {
    rowsAfter: createJournalReader(database),

    /** Writes the rows of one commit: all of them or none. */
    write(rows: readonly JournalRow[]): void {
      insert(rows.map(({ id, operations }) => ({ id, entry: encodeOperations(operations) })));
    },

    /**
     * Acquires the right to write. In the failing state it does so with a row as large as the failed write, without operations.
     *
     * @returns whether a row with that number exists now
     */
    probe(id: number): boolean {
      if (failedLength === 0) {
        try {
          takeWriteLock.run();
        } catch (error) {
          noteFailure(1);
          throw error;
        }
        return false;
      }
      insert([{ id, entry: `[${' '.repeat(Math.min(failedLength, probeLengthMax))}]` }]);
      return true;
    },

    deleteUpTo(id: number): void {
      deleteEntries.run(id);
    },

    close(): void {
      database.close();
    },
  };
}
