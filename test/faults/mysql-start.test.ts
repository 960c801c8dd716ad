/** Processes that start on MySQL: what ends a start, what it waits for, and what it continues. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { freePort } from '../support/free-port.ts';
import { eventually } from '../support/heliograph.ts';
import { ServerProcess } from '../support/server-process.ts';
import { type MariadbServer, mysqlRequirement, startMariadb } from '../support/servers/mariadb.ts';
import { createDatabase, urlOf } from '../support/servers/mysql-databases.ts';

// Processes are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const JWT_SECRET = 'a secret of at least thirty-two characters';

/** The output of a server that cannot start. */
async function problemWith(env: Record<string, string>): Promise<string> {
  using folder = temporaryFolder();
  await using server = new ServerProcess({ DATA_DIR: folder.path, ...env });
  expect(await server.failToStart()).toBe(1);
  expect(server.stdout).toBe('');
  expect(server.stderr).toContain('Heliograph cannot start. ');
  expect(server.stderr).not.toMatch(/ {4}at |hidden/);
  return server.stderr;
}

it('a start without a secret that instances share is refused', async () => {
  expect(await problemWith({ MYSQL_URL: 'mysql://u:hidden@127.0.0.1/db' })).toContain(
    '- JWT_SECRET must be set if MYSQL_URL is, to the same secret for all instances',
  );
});

it('a start with a malformed URL is refused', async () => {
  expect(await problemWith({ MYSQL_URL: 'mysql://u:hidden@127.0.0.1', JWT_SECRET })).toContain(
    'MYSQL_URL names no database. It has the form mysql://USER:PASSWORD@HOST:PORT/DATABASE',
  );
});

describe.skipIf(mysqlRequirement.program === null)(`a start on MySQL${mysqlRequirement.note}`, () => {
  let mariadb: MariadbServer;
  beforeAll(async () => {
    mariadb = await startMariadb();
  });
  afterAll(() => mariadb[Symbol.asyncDispose]());

  it('is refused with a wrong password', async () => {
    await using database = await createDatabase(urlOf(mariadb));
    const url = database.url.replace('root@', 'root:hidden@');
    expect(await problemWith({ MYSQL_URL: url, JWT_SECRET })).toContain('refuses the user root with this password');
  });

  it('waits for a server that is not there yet, and says so on its port', async () => {
    using folder = temporaryFolder();
    await using database = await createDatabase(urlOf(mariadb));
    const port = await freePort();
    await using server = new ServerProcess({ DATA_DIR: folder.path, MYSQL_URL: database.url, JWT_SECRET, PORT: port });
    await mariadb.program.end('SIGKILL');
    const started = server.start();
    const statusOf = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: response.status, body: await response.json() };
    };
    await eventually(
      () =>
        statusOf('/readyz').then(
          () => true,
          () => false,
        ),
      'an answer',
      30_000,
    );
    expect(await statusOf('/healthz')).toMatchObject({ status: 200 });
    expect(await statusOf('/readyz')).toMatchObject({
      status: 503,
      body: { status: 'starting', degraded: ['directory'] },
    });
    expect(await statusOf('/graphql?query={__typename}')).toMatchObject({ status: 503 });
    await mariadb.program.start();
    await started;
    expect((await server.ready()).status).toBe(200);
    expect(server.stdout).toContain(`the server at 127.0.0.1:${mariadb.port} cannot be reached (ECONNREFUSED)`);
  });

  it('continues the migrations of a process that was killed', async () => {
    await using database = await createDatabase(urlOf(mariadb));
    using folder = temporaryFolder();
    const env = { DATA_DIR: folder.path, MYSQL_URL: database.url, JWT_SECRET };
    await using first = new ServerProcess(env);
    const failed = first.start().catch((error: unknown) => error);
    await eventually(async () => (await database.query('SHOW TABLES LIKE "devices"')).length > 0, 'a table', 60_000);
    await first.end('SIGKILL');
    await failed;
    await using second = new ServerProcess(env);
    await second.start();
    const alice = await second.user('alice');
    expect((await alice.ask('{ viewer { user { username } } }')).viewer.user.username).toBe('alice');
  });

  it('lets the commands for operators work on the database, beside the server', async () => {
    await using database = await createDatabase(urlOf(mariadb));
    using folder = temporaryFolder();
    const env = { DATA_DIR: folder.path, MYSQL_URL: database.url, JWT_SECRET };
    const run = async (...args: string[]) => {
      const cli = new URL('../../src/cli.ts', import.meta.url).pathname;
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', cli, 'users', ...args], {
        env: { ...process.env, ...env },
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
      const [code] = await once(child, 'close');
      return { code, output };
    };
    expect(await run('add', 'ann')).toMatchObject({
      code: 1,
      output: expect.stringContaining('Start the server first.'),
    });
    await using server = new ServerProcess(env);
    await server.start();
    const { code, output } = await run('add', 'ann');
    expect(code).toBe(0);
    const [secret = ''] = output.split('\n');
    const logIn =
      'mutation ($p: String!) { logIn(input: { username: "ann", password: $p }) { session { user { username } } } }';
    expect(await server.post(logIn, { p: secret })).toMatchObject({
      data: { logIn: { session: { user: { username: 'ann' } } } },
    });
  });
});
