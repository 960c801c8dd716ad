/**
 * Heliograph's SQLite files. `user_version` is the format of a file: 0 while the file is new, and never lowered. Every commit has
 * reached the disk when it returns.
 */
import { basename } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { createPrivateFile } from './private-files.ts';

/** Opens a database. `waitMs` is the maximum wait for another process's lock. */
export function openDatabase(path: string, waitMs: number): DatabaseSync {
  try {
    createPrivateFile(path);
    const database = new DatabaseSync(path, { timeout: waitMs });
    // FULL: a commit has reached the disk when it returns, and survives a power failure.
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;',
    );
    return database;
  } catch (error) {
    throw new Error(`${basename(path)}: ${(error as Error).message}`, { cause: error });
  }
}

/** The format of the files. It is raised by changes that older versions cannot read. */
const format = 2;

/**
 * @param upgrade - upgrades a file from the given format, 0 for a new file, to the current one; safe to repeat after a crash
 * @throws Error: a newer version of Heliograph has written the file
 */
export function requireFormat(database: DatabaseSync, name: string, upgrade: (found: number) => void): void {
  const { user_version: found } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found > format)
    throw new Error(`${name} was written by a newer version of Heliograph (format ${found}, not ${format})`);
  if (found === format) return;
  upgrade(found);
  database.exec(`PRAGMA user_version = ${format}`);
}

/**
 * Prepares each statement once.
 *
 * @param statements - keeps them; bounded, if statements are made of their arguments
 */
export function createStatements(
  database: DatabaseSync,
  statements: Pick<Map<string, StatementSync>, 'get'> & {
    set(sql: string, statement: StatementSync): unknown;
  } = new Map(),
) {
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
