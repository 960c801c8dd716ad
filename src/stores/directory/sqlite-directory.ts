/** The directory in a SQLite file. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import knexFactory, { type Knex } from 'knex';
import { StartError } from '../../domain/errors.ts';
import type { Millis } from '../../domain/ids.ts';
import type { Directory } from '../directory.ts';
import { listPending, migrationSource, unknownMigrationOf } from './migrations.ts';
import { NodeSqliteClient } from './node-sqlite-dialect.ts';
import { createSqlDirectory } from './sql-directory.ts';

const connectWaitMs: Millis = 30_000;
const fileName = 'directory.db';

export interface SqliteDirectoryOptions {
  /** Folder of `directory.db`, used only by this process; created if missing. */
  readonly dataDir: string;
  readonly timeoutMs: Millis;
  readonly onError: (error: unknown, what: string) => void;
  /** Whether a server uses the folder at the same time. Then the tables must be up to date, and are not migrated. */
  readonly isShared?: boolean;
}

export function hasDirectoryFile(dataDir: string): boolean {
  return existsSync(join(dataDir, fileName));
}

/**
 * Opens the directory in a SQLite file and migrates its tables.
 *
 * @throws StartError: the file cannot be opened, or a newer version has written it
 */
export async function openSqliteDirectory({
  dataDir,
  timeoutMs,
  onError,
  isShared = false,
}: SqliteDirectoryOptions): Promise<Directory> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  let isOpen = false;
  const knex = knexFactory({
    client: NodeSqliteClient as unknown as typeof Knex.Client,
    connection: { filename: join(dataDir, fileName), timeoutMs, onError } as object,
    useNullAsDefault: true,
    // Errors are logged, and statements contain hashes of passwords and tokens.
    compileSqlOnError: false,
    log: {
      warn(message: unknown) {
        // While it opens, the failure rejects the call that opens it.
        if (isOpen) onError(new Error(String(message)), 'directory');
      },
    },
    // One connection: SQLite has one writer, and a transaction must not wait for the process's own locks.
    pool: { min: 1, max: 1, acquireTimeoutMillis: timeoutMs },
    acquireConnectionTimeout: timeoutMs,
  });
  try {
    await connect(knex, timeoutMs);
    if (isShared) await requireCurrent(knex);
    else await migrate(knex);
    isOpen = true;
  } catch (error) {
    await knex.destroy();
    throw new StartError(`The directory in ${dataDir} cannot be opened: ${problemOf(error as Error)}.`, {
      cause: error,
    });
  }
  return createSqlDirectory(knex, timeoutMs);
}

async function migrate(knex: Knex): Promise<void> {
  // No other process uses this folder, so a lock in the tables was left by a process that was killed during a migration.
  await knex.migrate.forceFreeMigrationsLock({ migrationSource });
  await knex.migrate.latest({ migrationSource });
}

async function requireCurrent(knex: Knex): Promise<void> {
  if ((await listPending(knex)).length > 0) throw new Error('the server that uses it is an older version');
}

function problemOf({ message, cause }: Error): string {
  const unknown = unknownMigrationOf(message);
  if (unknown !== null) return `directory.db was written by a newer version of Heliograph (${unknown})`;
  // knex puts the statement first.
  return cause instanceof Error ? cause.message : message.replace(/^[\s\S]* - /, '');
}

/** Waits for the first connection: on a busy machine, the start of its thread may take longer than a call's deadline. */
async function connect(knex: Knex, timeoutMs: Millis): Promise<void> {
  for (let waitedMs = timeoutMs; ; waitedMs += timeoutMs) {
    try {
      await knex.raw('SELECT 1');
      return;
    } catch (error) {
      if (!(error instanceof knexFactory.KnexTimeoutError) || waitedMs >= connectWaitMs) throw error;
    }
  }
}
