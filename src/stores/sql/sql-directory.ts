/** The directory: users and conversations in SQL, with one set of migrations and queries for every database knex speaks to. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import knexFactory, { type Knex } from 'knex';
import type { ConversationStore } from '../conversation-store.ts';
import type { UserStore } from '../user-store.ts';
import { migrationSource } from './migrations.ts';
import { NodeSqliteClient } from './node-sqlite-dialect.ts';
import { createSqlConversationStore } from './sql-conversation-store.ts';
import { createSqlUserStore } from './sql-user-store.ts';

export interface SqlDirectory extends AsyncDisposable {
  readonly users: UserStore;
  readonly conversations: ConversationStore;
  /** Resolves when the database answers. */
  ping(): Promise<void>;
}

export interface SqliteDirectoryOptions {
  /** Folder of `directory.db`; made when absent. */
  readonly dataDir: string;
  readonly timeoutMs: number;
  readonly onError: (error: unknown, what: string) => void;
}

/** Opens the directory in a SQLite file and brings its tables up to date. */
export async function openSqliteDirectory({
  dataDir,
  timeoutMs,
  onError,
}: SqliteDirectoryOptions): Promise<SqlDirectory> {
  mkdirSync(dataDir, { recursive: true });
  const knex = knexFactory({
    client: NodeSqliteClient as unknown as typeof Knex.Client,
    connection: { filename: join(dataDir, 'directory.db'), timeoutMs, onError } as object,
    useNullAsDefault: true,
    // Errors are logged, and the values in a statement are hashes of passwords and tokens.
    compileSqlOnError: false,
    log: { warn: (message: unknown) => onError(new Error(String(message)), 'directory') },
    // One connection: SQLite has one writer, and a transaction must not wait for a lock of our own.
    pool: { min: 1, max: 1, acquireTimeoutMillis: timeoutMs },
    acquireConnectionTimeout: timeoutMs,
  });
  try {
    await knex.migrate.latest({ migrationSource });
  } catch (error) {
    await knex.destroy();
    throw error;
  }
  return {
    users: createSqlUserStore(knex, timeoutMs),
    conversations: createSqlConversationStore(knex, timeoutMs),
    ping: async () => {
      await knex.raw('SELECT 1');
    },
    [Symbol.asyncDispose]: () => knex.destroy(),
  };
}
