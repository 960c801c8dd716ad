/** The servers that the directory runs on, and their differences. */
import { StartError } from '../../domain/errors.ts';

export interface MysqlServer {
  readonly isMariadb: boolean;
  /** Such as `10.11.6`. */
  readonly version: string;
}

/** The oldest servers that have the collations below and undo an interrupted schema statement. */
const oldest = { MariaDB: '10.6.0', MySQL: '8.0.17' } as const;

/**
 * @param text - the result of `VERSION()`
 * @throws StartError: the server is too old
 */
export function serverOf(text: string): MysqlServer {
  const isMariadb = /mariadb/i.test(text);
  const version = /\d+\.\d+\.\d+/.exec(text)?.[0] ?? text;
  const name = isMariadb ? 'MariaDB' : 'MySQL';
  if (isOlder(version, oldest[name])) {
    throw new StartError(
      `MYSQL_URL names a server with ${name} ${version}. Upgrade it to ${name} ${oldest[name]} or later.`,
    );
  }
  return { isMariadb, version };
}

/** Two texts are equal only if all their characters are, trailing spaces included; they are ordered by code points. */
export function collationOf({ isMariadb }: MysqlServer): string {
  return isMariadb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
}

/** The setting that makes the server give up a statement itself. */
export function statementLimitOf({ isMariadb }: MysqlServer, ms: number): string {
  return isMariadb ? `max_statement_time = ${ms / 1_000}` : `max_execution_time = ${ms}`;
}

function isOlder(version: string, minimum: string): boolean {
  const [own, least] = [version, minimum].map((text) => text.split('.').map(Number)) as [number[], number[]];
  const differing = least.findIndex((part, index) => part !== own[index]);
  return differing >= 0 && (own[differing] ?? 0) < (least[differing] as number);
}
