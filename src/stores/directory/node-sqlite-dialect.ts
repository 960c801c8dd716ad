/**
 * knex over `node:sqlite`: knex's own SQLite dialect, with a connection that is a thread. Nothing is compiled at install, and
 * no commit runs on the event loop. Integers come back as `bigint`, so that ids stay exact.
 *
 * A connection is good until one of its calls is not answered: what the thread still does with it is unknown then, and a
 * transaction may stay open in it. So it is not used again; the pool opens another.
 */
import { createRequire } from 'node:module';
import type { Knex } from 'knex';
import { openThread, type ThreadClient } from '../sqlite-file/thread-client.ts';

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

type ClientConstructor = new (config: Knex.Config) => Knex.Client & { connectionSettings: NodeSqliteSettings };

/** What the pool hands out. */
interface Connection {
  readonly thread: ThreadClient;
  /** Not to be used again. */
  isBroken: boolean;
}

export interface NodeSqliteSettings {
  readonly filename: string;
  readonly timeoutMs: number;
  readonly onError: (error: unknown, what: string) => void;
}

/** A failure of the database, with its code: `SQLITE_CONSTRAINT_UNIQUE` as `ERR_SQLITE_2067`, for one. */
export class SqlFailure extends Error {
  readonly code: string;
  constructor({ code, message }: { code: string; message: string }, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

// knex exports its dialects only as CommonJS files.
const Sqlite3Client = createRequire(import.meta.url)('knex/lib/dialects/sqlite3/index.js') as ClientConstructor;

export class NodeSqliteClient extends Sqlite3Client {
  _driver(): object {
    return {};
  }

  private hasOpened = false;

  override async acquireRawConnection(): Promise<Connection> {
    const { filename, timeoutMs, onError } = this.connectionSettings;
    const opening = openThread({
      entry: new URL('./sql-thread.ts', import.meta.url),
      workerData: { filename, lockWaitMs: Math.min(2_000, timeoutMs / 2) },
      timeoutMs,
      // Started again it would have lost the transaction it was in, and the rest of that would be written on its own.
      restartsMax: 0,
      onError,
    });
    try {
      const thread = await opening;
      this.hasOpened = true;
      return { thread, isBroken: false };
    } catch (error) {
      // At the first time whoever opens the directory is told; later each caller is told only that it does not answer.
      if (this.hasOpened) onError(error, 'directory');
      throw error;
    }
  }

  override async validateConnection({ thread, isBroken }: Connection): Promise<boolean> {
    return thread.isAlive && !isBroken;
  }

  override async destroyRawConnection({ thread }: Connection): Promise<void> {
    await thread.close();
  }

  async _query(connection: Connection, query: KnexQuery): Promise<KnexQuery> {
    const bindings = (query.bindings ?? []).map(toSqlite);
    const outcome = await connection.thread.call<SqlOutcome>('query', query.sql, bindings).catch((cause: unknown) => {
      connection.isBroken = true;
      // Not the error itself: knex puts the statement before its message, which must not get out.
      throw new SqlFailure({ code: 'ERR_NO_ANSWER', message: 'no answer from the thread' }, { cause });
    });
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
