import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Directory } from '../../../src/stores/directory.ts';
import { aUser, openTestDirectory } from '../../contract/directory-drivers.ts';
import { type MariadbServer, mysqlRequirement, startMariadb } from '../../support/servers/mariadb.ts';
import { administrate, createDatabase, type MysqlDatabase, urlOf } from '../../support/servers/mysql-databases.ts';
import { startMysqlGate } from '../../support/servers/mysql-gate.ts';

const timeoutMs = 800;
/** Beyond the deadline: the work of a busy machine between a timer and its test. */
const toleranceMs = 400;
const recoveredWithinMs = 30_000;
const secret = '$argon2id$v=19$m=19456,t=2,p=1$c2VjcmV0$c2VjcmV0';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const unavailable = { code: 'UNAVAILABLE', retryable: true };

function create({ users }: Directory, user = aUser()) {
  return users.create(user, { passwordHash: secret, externalSubject: null });
}

/** The outcomes of calls, which must all have been answered in time. */
async function inTime(calls: Promise<unknown>[]): Promise<PromiseSettledResult<unknown>[]> {
  const startedAt = performance.now();
  const outcomes = await Promise.allSettled(calls);
  expect(performance.now() - startedAt).toBeLessThan(timeoutMs + toleranceMs);
  return outcomes;
}

async function recovers(directory: Directory): Promise<void> {
  await expect.poll(() => create(directory).then(Boolean, () => false), { timeout: recoveredWithinMs }).toBe(true);
}

// Its own server, because it is frozen and killed.
describe.skipIf(mysqlRequirement.program === null)(`the directory on MySQL${mysqlRequirement.note}`, () => {
  let server: MariadbServer;
  let database: MysqlDatabase;
  let directory: Directory;

  beforeAll(async () => {
    server = await startMariadb();
    database = await createDatabase(urlOf(server));
    // Not the administrator, whom a read-only server lets write.
    await database.query("CREATE USER app@'127.0.0.1' IDENTIFIED BY 'p@ss/w%rd'");
    await database.query(`GRANT ALL ON \`${database.name}\`.* TO app@'127.0.0.1'`);
    directory = await openTestDirectory(appUrl(server.port), timeoutMs);
  });
  afterAll(async () => {
    server.program.signal('SIGCONT');
    await directory[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const appUrl = (port: number) => `mysql://app:p%40ss%2Fw%25rd@127.0.0.1:${port}/${database.name}`;
  const isStored = async ({ id }: { id: string }) =>
    (await database.query('SELECT 1 FROM users WHERE id = ?', [id])).length > 0;

  it('answers in time while the server is frozen, keeps nothing of it, and recovers', async () => {
    await create(directory);
    server.program.signal('SIGSTOP');
    const users = Array.from({ length: 30 }, () => aUser());
    const outcomes = await inTime([
      ...users.map((user) => create(directory, user)),
      directory.users.get(['1']),
      directory.ping(),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 'rejected'));
    for (const outcome of outcomes.slice(0, -1)) expect(outcome).toMatchObject({ reason: unavailable });
    server.program.signal('SIGCONT');
    await recovers(directory);
    for (const user of users) expect(await isStored(user)).toBe(false);
  });

  it.each(['SET autocommit = 0', 'insert into `users`', 'SET autocommit = ('])(
    'commits nothing if the server gets “%s” only after the answer UNAVAILABLE',
    async (statement) => {
      await using gate = await startMysqlGate({ hostname: '127.0.0.1', port: server.port });
      await using behind = await openTestDirectory(appUrl(gate.port), timeoutMs);
      const [early, late] = [aUser(), aUser()];
      await create(behind, early);
      const isHeld = gate.hold(statement);
      const [outcome] = await inTime([create(behind, late)]);
      await isHeld;
      expect(outcome).toMatchObject({ status: 'rejected', reason: unavailable });
      const before = await connectionsOf(database);
      gate.release();
      // The server has executed all that it got when it has closed the connection.
      await expect.poll(() => connectionsOf(database), { timeout: recoveredWithinMs }).toBeLessThan(before);
      expect([await isStored(early), await isStored(late)]).toEqual([true, false]);
      await recovers(behind);
      expect(await create(behind, late)).toMatchObject({ id: late.id });
    },
  );

  it('answers in time while another program holds a row, and gives the lock back', async () => {
    const user = await create(directory);
    await database.query('START TRANSACTION');
    await database.query('SELECT * FROM users WHERE id = ? FOR UPDATE', [user.id]);
    const [outcome] = await inTime([directory.users.updateProfile(user.id, { displayName: 'late' })]);
    expect(outcome).toMatchObject({ reason: unavailable });
    await database.query('COMMIT');
    await expect
      .poll(() => directory.users.updateProfile(user.id, { avatarUrl: 'https://a.example' }).catch(() => null))
      .toMatchObject({ displayName: user.displayName, avatarUrl: 'https://a.example' });
  });

  it('refuses writes of a read-only server, reads on, and writes again on new connections', async () => {
    const user = await create(directory);
    await database.query('SET GLOBAL read_only = 1');
    expect(await inTime([create(directory), directory.ping()])).toMatchObject([
      { reason: unavailable },
      { status: 'rejected' },
    ]);
    expect(await directory.users.get([user.id])).toMatchObject([{ id: user.id }]);
    await database.query('SET GLOBAL read_only = 0');
    await recovers(directory);
  });

  it('answers at once while the server is gone, and uses it again without a restart', async () => {
    const user = await create(directory);
    await server.program.end('SIGKILL');
    for (const outcome of await inTime([create(directory), directory.users.get([user.id])]))
      expect(outcome).toMatchObject({ reason: unavailable });
    await server.program.start();
    await recovers(directory);
    expect(await directory.users.get([user.id])).toMatchObject([{ id: user.id }]);
    // The administrator's connection ended with the server.
    database = await administrate(urlOf(server), database.name);
  });

  it('shows neither statements nor values in errors', async () => {
    const user = await create(directory);
    const error = await create(directory, user).then(String, (thrown: unknown) => inspect(thrown, { depth: 10 }));
    expect(error).toContain('USERNAME_TAKEN');
    expect(error).toContain('duplicate entry');
    expect(error).not.toContain(secret);
    expect(error).not.toContain(user.username);
  });
});

async function connectionsOf(database: MysqlDatabase): Promise<number> {
  return (await database.query("SELECT 1 FROM information_schema.processlist WHERE user = 'app'")).length;
}
