/** The directory in a database of a MySQL or MariaDB server. Instances may start together. */
import knexFactory, { type Knex } from 'knex';
import { StartError } from '../../domain/errors.ts';
import type { Millis } from '../../domain/ids.ts';
import type { Directory } from '../directory.ts';
import { type MysqlAccess, parseMysqlUrl } from './mysql-access.ts';
import { MysqlConnection } from './mysql-connection.ts';
import { MysqlClient } from './mysql-dialect.ts';
import { migrateMysql } from './mysql-migration.ts';
import { collationOf } from './mysql-server.ts';
import { checkPrivileges, checkServer, problemOf, waitReasonOf } from './mysql-start.ts';
import { createSqlDirectory } from './sql-directory.ts';

/** Pauses between attempts to reach the server grow from the first to the last. */
const pauseMinMs = 250;
const pauseMaxMs = 5_000;

export interface MysqlDirectoryOptions {
  readonly url: string;
  /** Deadline of each call. */
  readonly timeoutMs: Millis;
  readonly connectionsMax: number;
  readonly onError: (error: unknown, what: string) => void;
  /** Called with the reason while the server cannot be used yet. If it rejects, the directory is not opened. */
  readonly onWaiting: (reason: Error) => Promise<void>;
  /** Whether only servers migrate the tables, and this is a command beside them. */
  readonly isShared?: boolean;
}

/**
 * Waits for the server, migrates the tables, and opens the directory.
 *
 * @throws StartError: a problem that only an operator can solve, with its remedy
 */
export async function openMysqlDirectory({
  url,
  timeoutMs,
  connectionsMax,
  onError,
  onWaiting,
  isShared = false,
}: MysqlDirectoryOptions): Promise<Directory> {
  const access = parseMysqlUrl(url);
  for (let pauseMs = pauseMinMs; ; pauseMs = Math.min(2 * pauseMs, pauseMaxMs)) {
    try {
      return await open();
    } catch (error) {
      if (error instanceof StartError) throw error;
      const reason = waitReasonOf(error, access);
      if (reason === null) throw new StartError(problemOf(error, access), { cause: error });
      await onWaiting(new Error(reason));
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }

  async function open(): Promise<Directory> {
    const collate = await inspect(access, timeoutMs);
    await migrateMysql({ access, timeoutMs, collate, isShared, onWaiting });
    const knex = createMysqlKnex({ access, timeoutMs, collate, connectionsMax, onError });
    try {
      await checkPrivileges(knex);
    } catch (error) {
      await knex.destroy();
      throw error;
    }
    return createSqlDirectory(knex, timeoutMs);
  }
}

/** @returns the collation for this server's tables */
async function inspect(access: MysqlAccess, timeoutMs: Millis): Promise<string> {
  const connection = await MysqlConnection.open({ access, timeoutMs, statementMaxMs: timeoutMs });
  try {
    await checkServer(connection);
    return collationOf(connection.server);
  } finally {
    connection.destroy();
  }
}

function createMysqlKnex({
  access,
  timeoutMs,
  collate,
  connectionsMax,
  onError,
}: Pick<MysqlDirectoryOptions, 'timeoutMs' | 'connectionsMax' | 'onError'> & {
  readonly access: MysqlAccess;
  readonly collate: string;
}): Knex {
  const connect = () => MysqlConnection.open({ access, timeoutMs, statementMaxMs: timeoutMs });
  return knexFactory({
    client: MysqlClient as unknown as typeof Knex.Client,
    connection: { connect, charset: 'utf8mb4', collate, isMigrating: false } as object,
    // Errors are logged, and statements contain hashes of passwords and tokens.
    compileSqlOnError: false,
    log: { warn: (message: unknown) => onError(new Error(String(message)), 'directory') },
    pool: { min: 0, max: connectionsMax, acquireTimeoutMillis: timeoutMs, createTimeoutMillis: timeoutMs },
    acquireConnectionTimeout: timeoutMs,
  });
}
