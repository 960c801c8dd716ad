/**
 * A connection to MySQL or MariaDB that ends with a statement that is not answered in time.
 *
 * Closing a connection does not stop the server from executing statements that it has received: a frozen server continues with them
 * when it is thawed. So a write that was answered with UNAVAILABLE must not be committed by its last statement. Every write is a transaction,
 * and the statement that commits it carries the condition that the call's time is not over, by the server's own clock.
 */
import mysql from 'mysql2';
import { inTime } from '../../domain/deadline.ts';
import type { Millis } from '../../domain/ids.ts';
import { callEndsAt } from './call-deadline.ts';
import type { MysqlAccess } from './mysql-access.ts';
import { type MysqlServer, serverOf, statementLimitOf } from './mysql-server.ts';
import { codeOf, noAnswer, SqlFailure } from './sql-errors.ts';

export type MysqlResult = readonly [rows: unknown, fields: unknown];

export interface MysqlConnectionOptions {
  readonly access: MysqlAccess;
  /** Deadline of the connection's opening, and of statements that belong to no call. Null: none, for migrations. */
  readonly timeoutMs: Millis;
  readonly statementMaxMs: Millis | null;
}

/** TCP's keep-alive finds connections that a firewall or a machine has dropped without a notice. */
const keepAliveAfterMs = 30_000;

const goodbyeMaxMs = 500;

/** Bit of a result's status: no transaction is open, and each statement commits itself. */
const autocommitStatus = 2;

/** The server refuses writes, as a former primary does. */
export const readOnlyCodes: ReadonlySet<string> = new Set([
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_READ_ONLY_MODE',
  'EE_READ_ONLY',
]);

/**
 * Stated instead of inherited, so that every server acts alike: bad values are refused instead of changed, and `\` quotes in
 * texts, as mysql2 writes them.
 */
const sqlMode = [
  'STRICT_TRANS_TABLES',
  'NO_ZERO_IN_DATE',
  'NO_ZERO_DATE',
  'ERROR_FOR_DIVISION_BY_ZERO',
  'NO_ENGINE_SUBSTITUTION',
  'ONLY_FULL_GROUP_BY',
].join();

export class MysqlConnection {
  readonly server: MysqlServer;
  private readonly raw: mysql.Connection;
  private readonly statementMaxMs: Millis | null;
  private isBroken = false;
  private isInTransaction = false;
  /** When the server had started the transaction, in milliseconds of `performance.now()`. */
  private startedAt = 0;

  private constructor(raw: mysql.Connection, server: MysqlServer, statementMaxMs: Millis | null) {
    this.raw = raw;
    this.server = server;
    this.statementMaxMs = statementMaxMs;
    // Also when it is idle; without a listener the process would end.
    raw.on('error', () => this.destroy());
    raw.on('end', () => this.destroy());
  }

  /**
   * @throws SqlFailure: the server did not answer, or refused the connection
   * @throws StartError: the server is too old
   */
  static async open({ access, timeoutMs, statementMaxMs }: MysqlConnectionOptions): Promise<MysqlConnection> {
    const { tls, ...account } = access;
    const raw = mysql.createConnection({
      ...account,
      ...(tls === null ? {} : { ssl: { ...tls, minVersion: 'TLSv1.2' } }),
      charset: 'utf8mb4',
      // BIGINT as text: ids and numbers have 63 bits, and a float has 53.
      supportBigNumbers: true,
      bigNumberStrings: true,
      // A bound object is text, never a part of the statement.
      stringifyObjects: true,
      // The timer below ends the attempt.
      connectTimeout: 0,
      enableKeepAlive: true,
      keepAliveInitialDelay: keepAliveAfterMs,
    });
    // Until the connection has its own.
    raw.on('error', () => {});
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      cut(raw);
    }, timeoutMs);
    try {
      const rows = await ask(raw, 'SELECT VERSION() AS version');
      const { version } = (rows as { version: string }[])[0] as { version: string };
      const server = serverOf(version);
      await ask(raw, 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
      await ask(raw, `SET SESSION ${sessionSettings(server, statementMaxMs).join(', ')}`);
      return new MysqlConnection(raw, server, statementMaxMs);
    } catch (error) {
      cut(raw);
      throw isLate ? unanswered() : error;
    } finally {
      clearTimeout(timer);
    }
  }

  get isUsable(): boolean {
    return !this.isBroken && !this.isInTransaction;
  }

  get hasTransaction(): boolean {
    return this.isInTransaction;
  }

  /** @throws SqlFailure: the statement failed, or the time of the call was over. Then the connection has ended. */
  async run(sql: string, values: readonly unknown[] = []): Promise<MysqlResult> {
    const leftMs = this.leftMs();
    if (this.isBroken || (leftMs !== null && leftMs <= 0)) throw unanswered();
    const { promise, resolve, reject } = Promise.withResolvers<MysqlResult>();
    const timer =
      leftMs === null
        ? undefined
        : setTimeout(() => {
            this.destroy();
            reject(unanswered());
          }, leftMs);
    this.raw.query({ sql, values: [...values] }, (error, rows, fields) => {
      clearTimeout(timer);
      if (error === null) return resolve([rows, fields]);
      const failure = toFailure(error);
      // After a failover the next connection may reach the server that takes writes.
      if (error.fatal || readOnlyCodes.has(failure.code)) this.destroy();
      reject(failure);
    });
    return promise;
  }

  async begin(): Promise<void> {
    // The server notes its own time, so no two clocks are compared.
    await this.run('SET autocommit = 0, @heliograph_started = SYSDATE(6)');
    this.startedAt = performance.now();
    this.isInTransaction = true;
  }

  /** @throws SqlFailure: the transaction failed, or it was late and is not committed, or the server did not answer */
  async commit(): Promise<void> {
    const endsAt = callEndsAt();
    try {
      // Turning autocommit on commits the transaction. A late one stays open, and ends with its connection.
      const [result] = await this.run(
        endsAt === null
          ? 'SET autocommit = 1'
          : `SET autocommit = (TIMESTAMPDIFF(MICROSECOND, @heliograph_started, SYSDATE(6)) BETWEEN 0 AND ${Math.floor(
              (endsAt - this.startedAt) * 1_000,
            )})`,
      );
      if (((result as mysql.ResultSetHeader).serverStatus & autocommitStatus) === 0) throw unanswered();
    } catch (error) {
      this.destroy();
      throw error;
    }
    this.isInTransaction = false;
  }

  /** Never fails: a connection that cannot undo its transaction ends, and the server undoes it. */
  async rollback(): Promise<void> {
    try {
      await this.run('ROLLBACK');
      await this.run('SET autocommit = 1');
      this.isInTransaction = false;
    } catch {
      this.destroy();
    }
  }

  /** Ends the connection at once: the server undoes its transaction, and nobody waits for an answer any more. */
  destroy(): void {
    this.isBroken = true;
    cut(this.raw);
  }

  /** Takes leave of the server, if it answers. */
  async close(): Promise<void> {
    if (this.isUsable) {
      const left = new Promise<void>((resolve) => void this.raw.end(() => resolve()));
      await inTime(left, goodbyeMaxMs, unanswered).catch(() => {});
    }
    this.destroy();
  }

  private leftMs(): Millis | null {
    const endsAt = callEndsAt();
    return endsAt === null ? this.statementMaxMs : endsAt - performance.now();
  }
}

/** What a session is set to. */
function sessionSettings(server: MysqlServer, statementMaxMs: Millis | null): string[] {
  const settings = [
    `sql_mode = '${sqlMode}'`,
    `time_zone = '+00:00'`,
    `autocommit = 1`,
    `default_storage_engine = 'InnoDB'`,
  ];
  if (statementMaxMs === null) return settings;
  // The server gives up what nobody waits for any more, instead of keeping its locks.
  return [
    ...settings,
    `innodb_lock_wait_timeout = ${Math.ceil(statementMaxMs / 1_000)}`,
    statementLimitOf(server, statementMaxMs),
  ];
}

/** mysql2's own `destroy` only closes its half of the connection, and leaves its calls waiting. */
function cut(raw: mysql.Connection): void {
  (raw as unknown as { stream: { destroy(): void } }).stream.destroy();
}

function ask(raw: mysql.Connection, sql: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    raw.query(sql, (error, rows) => (error === null ? resolve(rows) : reject(toFailure(error))));
  });
}

function unanswered(): SqlFailure {
  return new SqlFailure({ code: noAnswer, message: 'the database did not answer in time' });
}

/** A new error, because mysql2's has the whole statement with its values, which are hashes of passwords among others. */
function toFailure(error: mysql.QueryError): SqlFailure {
  const code = codeOf(error) || 'ER_UNKNOWN';
  // "Duplicate entry 'alice' for key …": the value is somebody's.
  return new SqlFailure({ code, message: code === 'ER_DUP_ENTRY' ? 'duplicate entry' : error.message });
}
