/** The tests of the API that depend on the directory most, with a server on MySQL. */
import { afterAll, describe, vi } from 'vitest';
import { useStores } from '../../support/server-stores.ts';
import { mysqlRequirement } from '../../support/servers/mariadb.ts';
import { createDatabase, stopMysql } from '../../support/servers/mysql-databases.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
afterAll(stopMysql);
useStores(async () => {
  const database = await createDatabase();
  return {
    env: { MYSQL_URL: database.url, JWT_SECRET: 'a secret of at least thirty-two characters' },
    remove: async () => database[Symbol.asyncDispose](),
  };
});

const suites = {
  'groups.test.ts': () => import('../../api/groups.test.ts'),
  'group-profile.test.ts': () => import('../../api/group-profile.test.ts'),
  'repeated-groups.test.ts': () => import('../../api/repeated-groups.test.ts'),
  'earlier-stays.test.ts': () => import('../../api/earlier-stays.test.ts'),
  'empty-direct.test.ts': () => import('../../api/empty-direct.test.ts'),
  'large-change.test.ts': () => import('../../api/large-change.test.ts'),
  'people.test.ts': () => import('../../api/people.test.ts'),
  'sessions.test.ts': () => import('../../api/sessions.test.ts'),
  'look-ups.test.ts': () => import('../../api/look-ups.test.ts'),
  'strange-text.test.ts': () => import('../../api/strange-text.test.ts'),
};

describe.skipIf(!mysqlRequirement.isMet)(`on MySQL${mysqlRequirement.note}`, () => {
  for (const [file, load] of Object.entries(suites)) {
    describe(file, async () => {
      await load();
    });
  }
});
