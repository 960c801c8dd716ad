/** Databases of a test's own, on a server that is started for its file or on the one that TEST_MYSQL_URL names. */
import { randomBytes } from 'node:crypto';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { type MariadbServer, mysqlRequirement, startMariadb } from './mariadb.ts';

export interface MysqlDatabase extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  /** Runs a statement as the administrator. */
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

let shared: Promise<string> | null = null;
let server: MariadbServer | null = null;

/** The URL of the file's server, started with its first database. */
function serverUrl(): Promise<string> {
  shared ??= (async () => {
    if (mysqlRequirement.url !== null) return mysqlRequirement.url;
    server = await startMariadb();
    return urlOf(server);
  })();
  return shared;
}

/** For `afterAll` of a file that creates databases. */
export async function stopMysql(): Promise<void> {
  await shared;
  await server?.[Symbol.asyncDispose]();
}

export function urlOf({ port }: MariadbServer): string {
  return `mysql://root@127.0.0.1:${port}/`;
}

/** @param url - of the server; that of the file if there is none */
export async function createDatabase(url?: string): Promise<MysqlDatabase> {
  const server = url ?? (await serverUrl());
  const name = `heliograph_test_${randomBytes(6).toString('hex')}`;
  const database = await administrate(server, name);
  await database.query('CREATE DATABASE ??', [name]);
  await database.query('USE ??', [name]);
  return database;
}

/** An administrator's connection to a database, which is dropped in the end. */
export async function administrate(server: string, name: string): Promise<MysqlDatabase> {
  const administrator = await mysql.createConnection({ uri: server, supportBigNumbers: true });
  // Exists unless it is about to be created.
  await administrator.query('USE ??', [name]).catch(() => {});
  return {
    name,
    url: Object.assign(new URL(server), { pathname: `/${name}` }).href,
    async query(sql, values = []) {
      const [rows] = await administrator.query<RowDataPacket[]>(sql, values);
      return rows;
    },
    async [Symbol.asyncDispose]() {
      await administrator.query('DROP DATABASE ??', [name]).catch(() => {});
      administrator.destroy();
    },
  };
}
