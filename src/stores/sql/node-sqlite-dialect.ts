/**
 * knex over `node:sqlite`: knex's own SQLite dialect, with a connection that is a thread. Nothing is compiled at install, and
 * no commit runs on the event loop. Integers come back as `bigint`, so that ids stay exact.
 */
import { createRequire } from 'node:module';
import type { Knex } from 'knex';
import { openThread, type ThreadClient } from '../sqlite/thread-client.ts';

/** What a statement gave: rows for a query, counts otherwise. */
export interface SqlOutcome {
  readonly rows: Record<string, unknown>[];
  readonly changes: number;
  readonly lastId: number;
  /** Set when the statement failed; the database's own word for why. */
  readonly failure?: { readonly code: string; readonly message: string };
}

interface KnexQuery {
  readonly sql: string;
  readonly bindings?: readonly unknown[];
  response?: unknown;
  context?: { lastID: number; changes: number };
}

type ClientConstructor = new (config: Knex.Config) => Knex.Client & { connectionSettings: NodeSqliteConnection };

export interface NodeSqliteConnection {
  readonly filename: string;
  readonly timeoutMs: number;
  readonly onError: (error: unknown, what: string) => void;
}

/** A failure of the database, with its code: `SQLITE_CONSTRAINT_UNIQUE` as `ERR_SQLITE_2067`, for one. */
export class SqlFailure extends Error {
  readonly code: string;
  constructor({ code, message }: { code: string; message: string }) {
    super(message);
    this.code = code;
  }
}

// knex exports its dialects only as CommonJS files.
const Sqlite3Client = createRequire(import.meta.url)('knex/lib/dialects/sqlite3/index.js') as ClientConstructor;

export class NodeSqliteClient extends Sqlite3Client {
  _driver(): object {
    return {};
  }

  override acquireRawConnection(): Promise<ThreadClient> {
    const { filename, timeoutMs, onError } = this.connectionSettings;
    return openThread({
      entry: new URL('./sql-thread.ts', import.meta.url),
      workerData: { filename, lockWaitMs: Math.min(2_000, timeoutMs / 2) },
      timeoutMs,
      onError,
    });
  }

  override async destroyRawConnection(connection: ThreadClient): Promise<void> {
    await connection.close();
  }

  async _query(connection: ThreadClient, query: KnexQuery): Promise<KnexQuery> {
    const outcome = await connection.call<SqlOutcome>('query', query.sql, (query.bindings ?? []).map(toSqlite));
    if (outcome.failure !== undefined) throw new SqlFailure(outcome.failure);
    query.response = outcome.rows;
    query.context = { lastID: outcome.lastId, changes: outcome.changes };
    return query;
  }
}

function toSqlite(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date) return value.getTime();
  return value;
}
