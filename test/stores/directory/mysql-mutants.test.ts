/** Databases that are set up wrong: the contract suite of the directory notices each of them. */
import knexFactory from 'knex';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createSqlDirectory } from '../../../src/stores/directory/sql-directory.ts';
import type { Directory } from '../../../src/stores/directory.ts';
import { openTestDirectory } from '../../contract/directory-drivers.ts';
import { exactnessChecks } from '../../contract/exactness-checks.ts';
import { mysqlRequirement } from '../../support/servers/mariadb.ts';
import { createDatabase, type MysqlDatabase, stopMysql } from '../../support/servers/mysql-databases.ts';

vi.setConfig({ testTimeout: 60_000 });
afterAll(stopMysql);

/** @returns the names of the checks that fail */
async function failuresOf(directory: Directory): Promise<string[]> {
  const failed: string[] = [];
  for (const [name, check] of exactnessChecks) {
    await check(directory).catch(() => failed.push(name));
  }
  return failed;
}

async function collated(database: MysqlDatabase, collation: string): Promise<void> {
  for (const table of ['users', 'conversations', 'user_words'])
    await database.query(`ALTER TABLE ?? CONVERT TO CHARACTER SET utf8mb4 COLLATE ${collation}`, [table]);
}

describe.skipIf(!mysqlRequirement.isMet)(`the contract suite on MySQL${mysqlRequirement.note}`, () => {
  it.each([
    ['utf8mb4_general_ci', [0, 1, 2, 3, 4]],
    // Binary, but texts that differ in trailing spaces are equal.
    ['utf8mb4_bin', [1, 2, 3]],
    ['utf8mb4_nopad_bin', []],
  ])('with the collation %s fails as expected', async (collation, expected) => {
    await using database = await createDatabase();
    await using directory = await openTestDirectory(database.url);
    await collated(database, collation);
    expect(await failuresOf(directory)).toEqual(expected.map((index) => exactnessChecks[index]?.[0]));
  });

  it('fails where BIGINT becomes a float', async () => {
    await using database = await createDatabase();
    await using _migrated = await openTestDirectory(database.url);
    const knex = knexFactory({ client: 'mysql2', connection: database.url });
    await using directory = createSqlDirectory(knex, 5_000);
    expect(await failuresOf(directory)).toEqual(
      expect.arrayContaining(exactnessChecks.slice(-2).map(([name]) => name)),
    );
  });
});
