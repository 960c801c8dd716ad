/** Starts that cannot succeed end at once, with one sentence that says what to put right. */
import { cpSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startHeliograph } from '../../src/compose.ts';
import { readConfig } from '../../src/config/config.ts';
import { StartError } from '../../src/domain/errors.ts';
import { createLog } from '../../src/observability/log.ts';
import { temporaryFolder } from '../support/folders.ts';
import { ServerProcess } from '../support/server-process.ts';

// Processes are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const used = temporaryFolder();

beforeAll(async () => {
  await using server = new ServerProcess({ DATA_DIR: used.path });
  await server.start();
  await server.user('alice');
  expect(await server.end('SIGTERM')).toBe(0);
});

afterAll(() => used[Symbol.dispose]());

/** The message of a process that cannot start. It is for people: one sentence without a stack. */
async function refusalOf(env: Record<string, string>): Promise<string> {
  await using server = new ServerProcess(env);
  expect(await server.failToStart()).toBe(1);
  expect(server.stdout).toBe('');
  expect(server.stderr).toMatch(/^\nHeliograph cannot start\. [^\n]+\n\n$/);
  return server.stderr.trim();
}

/** The same within this process, which takes less time. */
async function reasonOf(env: Record<string, string>): Promise<string> {
  const log = createLog({ level: 'silent', version: 'test' });
  const error = await startHeliograph(readConfig({ PORT: '0', ...env }), log, 'test').then(
    () => new Error('it started'),
    (reason: Error) => reason,
  );
  expect(error).toBeInstanceOf(StartError);
  return error.message;
}

it('creates a folder that other users cannot read', async () => {
  using folder = temporaryFolder();
  const dataDir = join(folder.path, 'new', 'data');
  await using server = new ServerProcess({ DATA_DIR: dataDir });
  await server.start();
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
});

describe('a start that cannot succeed', () => {
  it('refuses a folder that another process uses, without disturbing it, and uses it after that process was killed', async () => {
    using folder = temporaryFolder();
    await using first = new ServerProcess({ DATA_DIR: folder.path });
    await first.start();
    const alice = await first.user('alice');
    expect(await refusalOf({ DATA_DIR: folder.path })).toContain(
      `${folder.path} is in use by another Heliograph process`,
    );
    expect((await alice.ask('{ viewer { user { username } } }')).viewer.user.username).toBe('alice');
    await first.end('SIGKILL');
    await using second = new ServerProcess({ DATA_DIR: folder.path });
    await second.start();
    expect((await second.ready()).status).toBe(200);
  });

  it('refuses a port that is in use', async () => {
    using folder = temporaryFolder();
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    expect(await refusalOf({ DATA_DIR: folder.path, PORT: String(port) })).toContain(
      `PORT ${port} on 127.0.0.1 is in use`,
    );
    other.close();
  });

  it('refuses a host that is not its own', async () => {
    using folder = temporaryFolder();
    expect(await refusalOf({ DATA_DIR: folder.path, HOST: '192.0.2.1' })).toContain(
      'HOST is not an address of this machine',
    );
  });

  it('refuses a file in place of the folder', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    expect(await reasonOf({ DATA_DIR: file })).toContain(`${file} is a file`);
    expect(await reasonOf({ DATA_DIR: join(file, 'data') })).toContain('is a file or inside a file');
  });

  // Nobody may write there, not even root.
  it.skipIf(process.platform !== 'linux')('refuses a folder that cannot be made or written to', async () => {
    expect(await reasonOf({ DATA_DIR: '/sys/heliograph' })).toContain('/sys/heliograph cannot be created');
    expect(await reasonOf({ DATA_DIR: '/sys/kernel' })).toContain('/sys/kernel cannot be written to');
  });

  it.each(['messages.db', 'journal.db', 'directory.db'])(
    'names %s when it is damaged, and leaves it as it is',
    async (name) => {
      using folder = temporaryFolder();
      cpSync(used.path, folder.path, { recursive: true });
      const damaged = Buffer.alloc(8192, 'not a database ');
      writeFileSync(join(folder.path, name), damaged);
      expect(await reasonOf({ DATA_DIR: folder.path })).toContain(`cannot be opened: ${name}: file is not a database`);
      expect(readFileSync(join(folder.path, name)).equals(damaged)).toBe(true);
    },
  );

  it.each(['messages.db', 'journal.db', 'directory.db'])('refuses %s of a newer version', async (name) => {
    using folder = temporaryFolder();
    cpSync(used.path, folder.path, { recursive: true });
    const file = new DatabaseSync(join(folder.path, name));
    if (name === 'directory.db')
      file.exec(`INSERT INTO knex_migrations (name, batch, migration_time) VALUES ('9999-from-the-future', 99, '')`);
    else file.exec('PRAGMA user_version = 99');
    file.close();
    expect(await reasonOf({ DATA_DIR: folder.path })).toContain(`${name} was written by a newer version of Heliograph`);
  });

  it('names every setting that is wrong', async () => {
    await using server = new ServerProcess({ PORT: 'http', STORE_TIMEOUT_MS: '1' });
    expect(await server.failToStart()).toBe(1);
    expect(server.stderr).toMatch(/cannot start\. Invalid settings:\n {2}- PORT .*\n {2}- STORE_TIMEOUT_MS .*\n/);
    expect(server.stdout).toBe('');
  });
});
