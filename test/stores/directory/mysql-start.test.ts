/** Starts on MySQL that cannot succeed name the remedy; a server that is not there yet is waited for. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { StartError } from '../../../src/domain/errors.ts';
import { parseMysqlUrl } from '../../../src/stores/directory/mysql-access.ts';
import { openMysqlDirectory } from '../../../src/stores/directory/mysql-directory.ts';
import { openTestDirectory } from '../../contract/directory-drivers.ts';
import { type MariadbServer, mysqlRequirement, startMariadb } from '../../support/servers/mariadb.ts';
import { administrate, createDatabase, type MysqlDatabase, urlOf } from '../../support/servers/mysql-databases.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const timeoutMs = 2_000;

function problemOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(StartError);
    return (error as Error).message;
  }
  throw new Error('there was no problem');
}

describe('MYSQL_URL', () => {
  it('has a host, a user and a database', () => {
    expect(parseMysqlUrl('mysql://u%40x:p%2Fw@db.example/chat')).toEqual({
      ...{ host: 'db.example', port: 3306, user: 'u@x', password: 'p/w', database: 'chat', tls: null },
    });
    expect(parseMysqlUrl('mariadb://u@[::1]:3307/chat?ssl-mode=verify_ca')).toMatchObject({
      ...{ host: '::1', port: 3307, password: '', tls: { verifyIdentity: false } },
    });
  });

  it.each([
    ['mysql', 'is not a URL'],
    ['mysql:///chat', 'names no host'],
    ['mysql://h/chat', 'names no user'],
    ['mysql://u:secret@h', 'names no database'],
    ['mysql://u:secret@h/', 'names no database'],
    ['mysql://u:secret@h/a/b', 'has something after the database'],
    ['mysql://u:secret%@h/chat', 'has an invalid %XX in its password'],
    ['mysql://u:secret@h/chat?timeout=3', 'has an unknown option timeout'],
    ['mysql://u:secret@127.0.0.1/chat?ssl-mode=VERIFY_IDENTITY', 'needs a host name for ssl-mode=VERIFY_IDENTITY'],
    ['mysql://u:secret@[::1]/chat?ssl-mode=VERIFY_IDENTITY', 'needs a host name for ssl-mode=VERIFY_IDENTITY'],
    ['mysql://u:secret@h/chat?ssl-mode=REQUIRED', 'has an unknown ssl-mode; it is one of DISABLED, VERIFY_CA'],
  ])('%s is refused without being shown', (url, problem) => {
    const message = problemOf(() => parseMysqlUrl(url));
    expect(message).toContain(`MYSQL_URL ${problem}`);
    expect(message).toContain('It has the form mysql://USER:PASSWORD@HOST:PORT/DATABASE');
    expect(message).not.toContain('secret');
  });
});

describe.skipIf(mysqlRequirement.program === null)(`a start on MySQL${mysqlRequirement.note}`, () => {
  let server: MariadbServer;
  let root: MysqlDatabase;

  beforeAll(async () => {
    server = await startMariadb();
    root = await createDatabase(urlOf(server));
    await root.query("CREATE USER app@'127.0.0.1' IDENTIFIED BY 'secret'");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const urlFor = (database: string, password = 'secret') =>
    `mysql://app:${password}@127.0.0.1:${server.port}/${database}`;
  const grant = (privileges: string, on: MysqlDatabase) =>
    root.query(`GRANT ${privileges} ON \`${on.name}\`.* TO app@'127.0.0.1'`);

  /** Why the directory cannot be opened. A wait counts as a failure of the test. */
  async function refusalOf(url: string, isShared = false): Promise<string> {
    const onWaiting = async (reason: Error) => {
      throw reason;
    };
    const options = { url, timeoutMs, connectionsMax: 2, onError: () => {}, onWaiting, isShared };
    const error = await openMysqlDirectory(options).then(
      () => new Error('it was opened'),
      (thrown: Error) => thrown,
    );
    expect(error.message).not.toContain('secret');
    expect(error).toBeInstanceOf(StartError);
    return error.message;
  }

  it('is refused with a wrong password', async () => {
    expect(await refusalOf(urlFor('chat', 'wrong'))).toBe(
      `The server at 127.0.0.1:${server.port} refuses the user app with this password. Correct MYSQL_URL, or the user's password or host on the server.`,
    );
  });

  it('is refused without the database, and without access to it', async () => {
    expect(await refusalOf(urlOf(server).replace(/\/$/, '/nosuch'))).toContain('Create it: CREATE DATABASE `nosuch`.');
    await using database = await createDatabase(urlOf(server));
    expect(await refusalOf(urlFor(database.name))).toMatch(
      /^The user app lacks a privilege .* Grant it: GRANT SELECT, INSERT, .* ON `heliograph_test_.*`\.\* TO 'app'@'HOST'\.$/,
    );
  });

  it('is refused without a privilege for the migrations, or for a statement of the server', async () => {
    await using database = await createDatabase(urlOf(server));
    await grant('SELECT, INSERT, UPDATE, DELETE', database);
    expect(await refusalOf(urlFor(database.name))).toMatch(/lacks a privilege \(CREATE command denied/);
    await (await openTestDirectory(database.url))[Symbol.asyncDispose]();
    // The tables are current: the rights to change them are not needed.
    await (await openTestDirectory(urlFor(database.name)))[Symbol.asyncDispose]();
    for (const privilege of ['INSERT', 'UPDATE', 'DELETE']) {
      await root.query(`REVOKE ${privilege} ON \`${database.name}\`.* FROM app@'127.0.0.1'`);
      expect(await refusalOf(urlFor(database.name))).toMatch(`lacks a privilege (${privilege} command denied`);
      await grant(privilege, database);
    }
  });

  it('is refused on the database of another program, or of a newer version', async () => {
    await using database = await createDatabase(urlOf(server));
    await database.query('CREATE TABLE users (name INT)');
    expect(await refusalOf(database.url)).toBe(
      `The database ${database.name} has tables of another program, such as users. Create a database for Heliograph alone.`,
    );
    expect(await database.query('SHOW TABLES')).toHaveLength(1);
    await database.query('DROP TABLE users');
    await (await openTestDirectory(database.url))[Symbol.asyncDispose]();
    await database.query("INSERT INTO knex_migrations (name, batch) VALUES ('9999-from-the-future', 99)");
    expect(await refusalOf(database.url)).toBe(
      `The database ${database.name} was written by a newer version of Heliograph (9999-from-the-future).`,
    );
  });

  it('is refused to a command beside the servers before a server has made the tables', async () => {
    await using database = await createDatabase(urlOf(server));
    expect(await refusalOf(database.url, true)).toBe(
      `The database ${database.name} is not up to date. Start the server first.`,
    );
    expect(await database.query('SHOW TABLES')).toEqual([]);
  });

  it.each([
    [['--version=10.3.39-MariaDB'], 'names a server with MariaDB 10.3.39. Upgrade it to MariaDB 10.6.0 or later.'],
    [['--version=5.7.44'], 'names a server with MySQL 5.7.44. Upgrade it to MySQL 8.0.17 or later.'],
    [['--log-bin=log', '--binlog-format=STATEMENT'], 'names a server whose binlog_format is STATEMENT.'],
  ])('is refused on a server with %s', async (args, problem) => {
    await using other = await startMariadb(args);
    await using database = await createDatabase(urlOf(other));
    expect(await refusalOf(database.url)).toContain(`MYSQL_URL ${problem}`);
  });

  it('waits for a server that cannot be reached, is frozen, or is read-only', async () => {
    await using database = await createDatabase(urlOf(server));
    await grant('ALL', database);
    const reasons: string[] = [];
    const waits = new Map<string, () => Promise<unknown>>([
      [
        '(ECONNREFUSED)',
        async () => {
          await server.program.start();
          server.program.signal('SIGSTOP');
        },
      ],
      [
        '(ERR_NO_ANSWER)',
        async () => {
          server.program.signal('SIGCONT');
          await (await administrate(urlOf(server), root.name)).query('SET GLOBAL read_only = 1');
        },
      ],
      [
        'is read-only; MYSQL_URL must name the primary',
        async () => {
          await (await administrate(urlOf(server), root.name)).query('SET GLOBAL read_only = 0');
        },
      ],
    ]);
    await server.program.end('SIGKILL');
    await using _directory = await openMysqlDirectory({
      ...{ url: urlFor(database.name), timeoutMs: 500, connectionsMax: 2, onError: () => {} },
      onWaiting: async ({ message }) => {
        reasons.push(message);
        for (const [reason, remedy] of waits) {
          if (!message.includes(reason)) continue;
          waits.delete(reason);
          await remedy();
        }
      },
    });
    expect([...waits.keys()]).toEqual([]);
    for (const reason of reasons) expect(reason).toContain(`the server at 127.0.0.1:${server.port}`);
  });
});
