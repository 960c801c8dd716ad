/**
 * knex over mysql2: knex's own MySQL dialect, with connections that keep the deadline of a call and commit nothing after it. A write
 * outside of a transaction becomes one.
 */
import { createRequire } from 'node:module';
import type { Knex } from 'knex';
import type { MysqlConnection } from './mysql-connection.ts';
import { codeOf } from './sql-errors.ts';

export interface MysqlSettings {
  readonly connect: () => Promise<MysqlConnection>;
  /** Of the tables that are created. */
  readonly charset: 'utf8mb4';
  readonly collate: string;
  /** Whether statements of a schema change that was interrupted are repeated. */
  readonly isMigrating: boolean;
}

interface KnexQuery {
  readonly sql: string;
  readonly bindings?: readonly unknown[];
  readonly method?: string;
  response?: unknown;
}

type ClientConstructor = new (config: Knex.Config) => Knex.Client & { connectionSettings: MysqlSettings };

/** knex's transaction, with the members that are overridden here. */
interface KnexTransaction {
  _completed: boolean;
  _resolver(value: unknown): void;
  _rejecter(error: unknown): void;
}

type TransactionConstructor = new (...args: unknown[]) => KnexTransaction;

// knex exports its dialects only as CommonJS files.
const require = createRequire(import.meta.url);
const Mysql2Client = require('knex/lib/dialects/mysql2/index.js') as ClientConstructor;
const Mysql2Transaction = require('knex/lib/dialects/mysql2/transaction.js') as TransactionConstructor;

const writes = new Set(['insert', 'update', 'del']);

/** The table, column or index exists already, or is gone already. MySQL commits each schema statement for itself. */
const doneCodes = new Set([
  'ER_TABLE_EXISTS_ERROR',
  'ER_BAD_TABLE_ERROR',
  'ER_DUP_FIELDNAME',
  'ER_DUP_KEYNAME',
  'ER_MULTIPLE_PRI_KEY',
  'ER_CANT_DROP_FIELD_OR_KEY',
]);

class MysqlTransaction extends Mysql2Transaction {
  begin(connection: MysqlConnection): Promise<void> {
    return connection.begin();
  }

  async commit(connection: MysqlConnection, value: unknown): Promise<void> {
    this._completed = true;
    try {
      await connection.commit();
    } catch (error) {
      return this._rejecter(error);
    }
    this._resolver(value);
  }

  async rollback(connection: MysqlConnection, error: unknown): Promise<void> {
    this._completed = true;
    await connection.rollback();
    this._rejecter(error);
  }
}

export class MysqlClient extends Mysql2Client {
  override transaction(container: unknown, config: unknown, outer: unknown): Knex.Transaction {
    return new MysqlTransaction(this, container, config, outer) as unknown as Knex.Transaction;
  }

  override acquireRawConnection(): Promise<MysqlConnection> {
    return this.connectionSettings.connect();
  }

  override async validateConnection(connection: MysqlConnection): Promise<boolean> {
    return connection.isUsable;
  }

  override async destroyRawConnection(connection: MysqlConnection): Promise<void> {
    await connection.close();
  }

  async _query(connection: MysqlConnection, query: KnexQuery): Promise<KnexQuery> {
    const isAlone = writes.has(query.method ?? '') && !connection.hasTransaction;
    if (isAlone) await connection.begin();
    try {
      query.response = await connection.run(query.sql, query.bindings);
      if (isAlone) await connection.commit();
    } catch (error) {
      if (isAlone) await connection.rollback();
      if (!this.connectionSettings.isMigrating || !doneCodes.has(codeOf(error))) throw error;
      query.response = [[], []];
    }
    return query;
  }
}
