import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openMysqlDirectory } from '../../../src/stores/directory/mysql-directory.ts';
import { aUser, openTestDirectory } from '../../contract/directory-drivers.ts';
import { mysqlRequirement } from '../../support/servers/mariadb.ts';
import { administrate, createDatabase, type MysqlDatabase, stopMysql } from '../../support/servers/mysql-databases.ts';
import { startMysqlGate } from '../../support/servers/mysql-gate.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
afterAll(stopMysql);

/** More than a start on an empty database sends. */
const statementsMax = 300;

/** The definition of every table. */
async function tablesOf(database: MysqlDatabase): Promise<string[]> {
  const names = (await database.query('SHOW TABLES')).map((row) => Object.values(row)[0] as string);
  const tables: string[] = [];
  for (const name of names) {
    const [row] = await database.query('SHOW CREATE TABLE ??', [name]);
    tables.push(String(row?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, ''));
  }
  return tables;
}

describe.skipIf(!mysqlRequirement.isMet)(`migrations on MySQL${mysqlRequirement.note}`, () => {
  let expected: string[];

  beforeAll(async () => {
    await using database = await createDatabase();
    await using _directory = await openTestDirectory(database.url);
    expected = await tablesOf(database);
  });

  it('give every text a binary collation of utf8mb4, and every table transactions', () => {
    expect(expected.length).toBeGreaterThan(8);
    for (const table of expected) {
      expect(table).toMatch(/\) ENGINE=InnoDB .*DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin$/);
      expect(table).not.toMatch(/` [a-z]+.* (?:CHARACTER SET|COLLATE) /);
    }
  });

  it('run once when several instances start together', async () => {
    await using database = await createDatabase();
    const directories = await Promise.all([1, 2, 3, 4].map(() => openTestDirectory(database.url, 30_000)));
    expect(await tablesOf(database)).toEqual(expected);
    expect(await database.query('SELECT name, COUNT(*) AS c FROM knex_migrations GROUP BY name HAVING c > 1')).toEqual(
      [],
    );
    const user = await directories[0]?.users.create(aUser(), { passwordHash: null, externalSubject: null });
    expect(await directories[3]?.users.get([user?.id ?? ''])).toEqual([user]);
    for (const directory of directories) await directory[Symbol.asyncDispose]();
  });

  it('continue after a loss of the connection at any statement', async () => {
    await using database = await createDatabase();
    const url = new URL(database.url);
    await using gate = await startMysqlGate(url);
    const throughGate = Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(gate.port) }).href;
    let cuts = 0;
    for (let statements = 8; statements < statementsMax; statements += 1) {
      gate.cutAfter(statements);
      try {
        const directory = await openTestDirectory(throughGate, 5_000);
        await directory[Symbol.asyncDispose]();
        break;
      } catch {
        cuts += 1;
      }
    }
    expect(cuts).toBeGreaterThan(50);
    expect(await tablesOf(database)).toEqual(expected);
  });

  it('wait for another instance, and go on when its connection has ended', async () => {
    await using database = await createDatabase();
    const holder = await administrate(database.url, database.name);
    await holder.query('SELECT GET_LOCK(MD5(CONCAT("heliograph ", DATABASE())), 0)');
    const { promise: isWaiting, resolve } = Promise.withResolvers<Error>();
    const opening = openMysqlDirectory({
      ...{ url: database.url, timeoutMs: 5_000, connectionsMax: 2, onError: () => {} },
      onWaiting: async (reason) => resolve(reason),
    });
    expect((await isWaiting).message).toContain('a wait for that of another instance');
    expect(await database.query('SHOW TABLES')).toEqual([]);
    // Its holder is killed.
    const [row] = await holder.query('SELECT CONNECTION_ID() AS id');
    await database.query(`KILL ${row?.id}`);
    await using _directory = await opening;
    expect(await tablesOf(database)).toEqual(expected);
  });
});
