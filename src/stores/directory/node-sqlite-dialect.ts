/**
 * knex over `node:sqlite`: knex's own SQLite dialect, with a thread as the connection. Nothing is compiled at install, and no
 * commit runs on the event loop. Integers are returned as `bigint`, so that ids stay exact.
 *
 * A connection is valid until one of its calls is not answered. The thread's later actions are then unknown, and a transaction may
 * stay open. Therefore the connection is not reused; the pool opens another.
 */
import { createRequire } from 'node:module';
import type { Knex } from 'knex';
import { openThread, type ThreadClient } from '../sqlite-file/thread-client.ts';
import { noAnswer, SqlFailure } from './sql-errors.ts';

/** The result of a statement: rows for a query, counts otherwise. */
export interface SqlOutcome {
  readonly rows: Record<string, unknown>[];
  readonly changes: number;
  readonly lastId: number;
  /** Set if the statement failed; the database's own description of the cause. */
  readonly failure?: { readonly code: string; readonly message: string };
}

interface KnexQuery {
  readonly sql: string;
  readonly bindings?: readonly unknown[];
  response?: unknown;
  context?: { lastID: number; changes: number };
}

type ClientConstructor = new (config: Knex.Config) => Knex.Client & { connectionSettings: NodeSqliteSettings };

/** A connection of the pool. */
interface Connection {
  readonly thread: ThreadClient;
  /** A broken connection is not reused. */
  isBroken: boolean;
}

export interface NodeSqliteSettings {
  readonly filename: string;
  readonly timeoutMs: number;
  readonly onError: (error: unknown, what: string) => void;
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
      // A restarted thread would have lost its open transaction, and the rest of it would be written alone.
      restartsMax: 0,
      onError,
    });
    try {
      const thread = await opening;
      this.hasOpened = true;
      return { thread, isBroken: false };
    } catch (error) {
      // A failure of the first start rejects the opening of the directory. Later, callers only get an error without this cause.
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
      // A new error, because knex puts the statement before the original message, and statements must not be exposed.
      throw new SqlFailure({ code: noAnswer, message: 'no answer from the thread' }, { cause });
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
