/**
 * The journal's file for the commit thread. Each row contains the operations of one commit; numbering continues from the last row in
 * the tables. When `write` returns, the row has reached the disk.
 *
 * After a failed write the journal is failing until a write of the same size succeeds, because a smaller one would not reveal a full
 * disk. In this state writes wait only briefly for locks, so that reads are not delayed behind each of them.
 */
import type { DatabaseSync } from 'node:sqlite';
import { openDatabase, requireFormat } from '../sqlite-file/database.ts';
import { decodeOperations, encodeOperations, type Operation } from './journal-entry.ts';
import { upgradeJournal } from './upgrade.ts';

const lockWaitAfterFailureMs = 50;

export interface JournalRow {
  readonly id: number;
  readonly operations: Operation[];
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

  return {
    *rowsAfter(applied: number): Generator<JournalRow> {
      const rows = database.prepare('SELECT id, entry FROM journal WHERE id > ? ORDER BY id').iterate(applied);
      for (const { id, entry } of rows) yield { id: id as number, operations: decodeOperations(entry as string) };
    },

    /**
     * Writes a row. Without operations it only acquires the right to write; in the failing state it does so with a row as large as the
     * failed one.
     *
     * @returns whether a row with that number exists now
     */
    write(id: number, operations: readonly Operation[]): boolean {
      const entry =
        operations.length > 0 ? encodeOperations(operations) : `[${' '.repeat(Math.max(0, failedLength - 2))}]`;
      try {
        if (operations.length === 0 && failedLength === 0) {
          takeWriteLock.run();
          return false;
        }
        insertEntry.run(id, entry);
        if (entry.length >= failedLength) noteFailure(0);
        return true;
      } catch (error) {
        noteFailure(Math.max(entry.length, failedLength));
        throw error;
      }
    },

    deleteUpTo(id: number): void {
      deleteEntries.run(id);
    },

    close(): void {
      database.close();
    },
  };
}
