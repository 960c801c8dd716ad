/** What the server must allow, and the problems that a start names with their remedy. */
import knexFactory, { type Knex } from 'knex';
import { StartError } from '../../domain/errors.ts';
import { unknownMigrationOf } from './migrations.ts';
import type { MysqlAccess } from './mysql-access.ts';
import { type MysqlConnection, readOnlyCodes } from './mysql-connection.ts';
import { codeOf, noAnswer } from './sql-errors.ts';

const privileges = 'SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP';

/** Codes of a server that does not serve yet, or not at the moment. */
const waitCodes: ReadonlySet<string> = new Set([
  noAnswer,
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'PROTOCOL_CONNECTION_LOST',
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
  'ER_LOCK_DEADLOCK',
]);

/** @throws StartError: the server's settings do not allow the isolation that is used */
export async function checkServer(connection: MysqlConnection): Promise<void> {
  const [rows] = await connection.run("SHOW VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format')");
  const variables = new Map(
    (rows as { Variable_name: string; Value: string }[]).map((row) => [row.Variable_name, row]),
  );
  if (variables.get('log_bin')?.Value === 'ON' && variables.get('binlog_format')?.Value === 'STATEMENT') {
    throw new StartError(
      'MYSQL_URL names a server whose binlog_format is STATEMENT. Set it to ROW or MIXED: transactions are READ COMMITTED.',
    );
  }
}

/** Tries each kind of statement on each table, without effect: rights may be granted for single tables. */
export async function checkPrivileges(knex: Knex): Promise<void> {
  const rows = (await knex('information_schema.columns')
    .select({ name: 'table_name', field: 'column_name' })
    .where({ table_schema: knex.raw('DATABASE()'), ordinal_position: 1 })
    .orderBy('table_name')) as { name: string; field: string }[];
  for (const { name, field } of rows) {
    await knex.raw('SELECT ?? FROM ?? WHERE 1 = 0', [field, name]);
    await knex.raw('INSERT INTO ?? SELECT * FROM ?? WHERE 1 = 0', [name, name]);
    await knex.raw('UPDATE ?? SET ?? = ?? WHERE 1 = 0', [name, field, field]);
    await knex.raw('DELETE FROM ?? WHERE 1 = 0', [name]);
  }
}

/** @returns why the server cannot be used yet; null if waiting does not help */
export function waitReasonOf(error: unknown, access: MysqlAccess): string | null {
  const code = codeOf(error);
  if (readOnlyCodes.has(code)) return `the server at ${placeOf(access)} is read-only; MYSQL_URL must name the primary`;
  if (error instanceof knexFactory.KnexTimeoutError) return `the server at ${placeOf(access)} does not answer`;
  return waitCodes.has(code) ? `the server at ${placeOf(access)} cannot be reached (${code})` : null;
}

/** A sentence for the operator about an error that does not pass by itself. */
export function problemOf(error: unknown, access: MysqlAccess): string {
  const { user, database } = access;
  // knex puts the statement first.
  const message = (error as Error).message.replace(/^[\s\S]* - /, '');
  const unknown = unknownMigrationOf(message);
  if (unknown !== null) return `The database ${database} was written by a newer version of Heliograph (${unknown}).`;
  switch (codeOf(error)) {
    case 'ER_ACCESS_DENIED_ERROR':
    case 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR':
      return `The server at ${placeOf(access)} refuses the user ${user} with this password. Correct MYSQL_URL, or the user's password or host on the server.`;
    case 'ER_BAD_DB_ERROR':
      return `The database ${database} does not exist at ${placeOf(access)}. Create it: CREATE DATABASE \`${database}\`.`;
    case 'ER_DBACCESS_DENIED_ERROR':
    case 'ER_TABLEACCESS_DENIED_ERROR':
    case 'ER_COLUMNACCESS_DENIED_ERROR':
    case 'ER_SPECIFIC_ACCESS_DENIED_ERROR':
      return `The user ${user} lacks a privilege (${message}). Grant it: GRANT ${privileges} ON \`${database}\`.* TO '${user}'@'HOST'.`;
    default:
      return `The directory in ${database} at ${placeOf(access)} cannot be opened: ${message}.`;
  }
}

function placeOf({ host, port }: MysqlAccess): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
