/**
 * A SQLite file of ours. Its `user_version` is the format it is written in: 0 while it is new, and never lowered. Every commit is
 * on the disk when it returns.
 */
import { basename } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { createPrivateFile } from './private-files.ts';

/** Opens a database of ours. `waitMs` bounds how long another process may keep it locked. */
export function openDatabase(path: string, waitMs: number): DatabaseSync {
  try {
    createPrivateFile(path);
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
const format = 2;

/**
 * @param upgrade - brings a file of the format it is given, 0 for a new one, to the current one; safe to repeat after a crash
 * @throws Error: a newer version of this program has written the file
 */
export function requireFormat(database: DatabaseSync, name: string, upgrade: (found: number) => void): void {
  const { user_version: found } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found > format)
    throw new Error(`${name} was written by a newer version of Heliograph (format ${found}, not ${format})`);
  if (found === format) return;
  upgrade(found);
  database.exec(`PRAGMA user_version = ${format}`);
}

/** Prepares each statement once. */
export function createStatements(database: DatabaseSync) {
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
