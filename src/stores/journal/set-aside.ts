/**
 * Committed operations that cannot be applied to the tables. A table of their own keeps them for the operator, with the reason. The
 * server does not read them back.
 */
import type { DatabaseSync } from 'node:sqlite';

export function createSetAside(database: DatabaseSync): void {
  database.exec(`
    CREATE TABLE IF NOT EXISTS set_aside (
      id INTEGER PRIMARY KEY, journal_id INTEGER NOT NULL, operation TEXT NOT NULL, problem TEXT NOT NULL);`);
}

export function countSetAside(database: DatabaseSync): number {
  return database.prepare('SELECT count(*) AS count FROM set_aside').get()?.count as number;
}

/** @param operation - as the journal has it */
export function setAside(database: DatabaseSync, journalId: number, operation: string, problem: unknown): void {
  database
    .prepare('INSERT INTO set_aside (journal_id, operation, problem) VALUES (?, ?, ?)')
    .run(journalId, operation, String((problem as Error).message));
}
