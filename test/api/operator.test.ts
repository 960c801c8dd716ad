/** An operator's commands, as they act on a running server and on a stopped one. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Answer, eventually, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { startIdentityProvider } from '../support/identity-provider.ts';
import { connect } from '../support/raw-socket.ts';

const password = 'correct horse';
const logIn = 'mutation ($input: LogInInput!) { logIn(input: $input) { session { accessToken deviceId } } }';
const register = 'mutation ($input: RegisterInput!) { register(input: $input) { session { deviceId } } }';
const refresh = 'mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { session { deviceId } } }';
/** Needs a session. */
const listMine = '{ conversations { nodes { id } } }';
const codeOf = (answer: Answer) => answer.errors?.[0]?.extensions.code ?? 'OK';
const root = new URL('../../', import.meta.url).pathname;

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Runs the command in a process of its own, with the settings of the server. */
async function operate(at: TestServer, ...args: string[]): Promise<string> {
  const env = { ...process.env, DATA_DIR: at.dataDir };
  const run = promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'heliograph.js', ...args],
    {
      cwd: root,
      env,
    },
  );
  return (await run).stdout;
}

const enter = (user: TestUser, word = password, at = server) =>
  at.post(logIn, { input: { username: user.session.user.username, password: word } });
const isOut = (user: TestUser) => eventually(async () => (await user.fails(listMine)) === 'UNAUTHENTICATED');

// Each command is a process, whose start takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

describe('a command on a running server', () => {
  it('disables an account: its sessions end, and it cannot come back until it is enabled', async () => {
    const [bob, ann] = [await server.user(), await server.user()];
    const { username } = bob.session.user;
    const sockets = [await connect(server, bob.session.accessToken), await connect(server, ann.session.accessToken)];
    await operate(server, 'users', 'disable', username);
    expect(await sockets[0]?.closed).toBe(4403);
    await isOut(bob);
    const input = { refreshToken: bob.session.refreshToken };
    expect(codeOf(await server.post(refresh, { input }))).toBe('UNAUTHENTICATED');
    expect((await enter(bob)).errors?.[0]).toMatchObject({ message: 'Account is disabled.' });
    // Only the right password tells that the account is disabled.
    expect((await enter(bob, 'a wrong guess')).errors?.[0]).toMatchObject({
      message: 'Username or password is wrong.',
    });
    expect(codeOf((await sockets[1]?.ask(listMine)) as Answer)).toBe('OK');
    await operate(server, 'users', 'enable', username.toUpperCase());
    expect(codeOf(await enter(bob))).toBe('OK');
    await sockets[1]?.close();
  });

  it('signs a user out on all devices, and nobody else', async () => {
    const [bob, ann] = [await server.user(), await server.user()];
    const phone = (await enter(bob)).data?.logIn.session.accessToken;
    const socket = await connect(server, phone);
    await operate(server, 'users', 'sign-out', bob.session.user.username);
    expect(await socket.closed).toBe(4403);
    await isOut(bob);
    expect(await ann.fails(listMine)).toBeUndefined();
    expect(codeOf(await enter(bob))).toBe('OK');
  });

  it('signs everybody out', async () => {
    await using own = await startServer();
    const users = [await own.user(), await own.user(), await own.user()];
    const sockets = await Promise.all(users.map(({ session }) => connect(own, session.accessToken)));
    await operate(own, 'users', 'sign-out', '--all');
    expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual([4403, 4403, 4403]);
    for (const user of users) {
      await isOut(user);
      expect(codeOf(await own.post(refresh, { input: { refreshToken: user.session.refreshToken } }))).toBe(
        'UNAUTHENTICATED',
      );
      expect(codeOf(await enter(user, password, own))).toBe('OK');
    }
  });

  it('replaces a forgotten password by a secret for one login, and ends the sessions', async () => {
    const bob = await server.user();
    const secret = (await operate(server, 'users', 'reset', bob.session.user.username)).split('\n')[0] ?? '';
    expect(secret).toMatch(/^[\w-]{24}$/);
    await isOut(bob);
    expect(codeOf(await enter(bob))).toBe('UNAUTHENTICATED');
    expect(codeOf(await enter(bob, secret))).toBe('OK');
    expect((await enter(bob, secret)).errors?.[0]?.message).toContain('Reset secret was used');
  });

  it('gives a secret that lasts an hour', async () => {
    let aheadMs = 0;
    await using own = await startServer({}, () => Date.now() + aheadMs);
    const bob = await own.user();
    const [secret = ''] = (await operate(own, 'users', 'reset', bob.session.user.username)).split('\n');
    aheadMs = 61 * 60_000;
    expect(codeOf(await enter(bob, secret, own))).toBe('UNAUTHENTICATED');
  });

  it('adds users to a server that is closed for registration', async () => {
    await using closed = await startServer({ REGISTRATION: 'closed' });
    const username = `u${randomUUID().slice(0, 8)}`;
    expect(codeOf(await closed.post(register, { input: { username, password } }))).toBe('FORBIDDEN');
    const [secret = ''] = (await operate(closed, 'users', 'add', username)).split('\n');
    expect(codeOf(await closed.post(logIn, { input: { username, password: secret } }))).toBe('OK');
  });

  it('ends the sessions of a user of an identity provider, and keeps a disabled one out', async () => {
    await using provider = await startIdentityProvider();
    await using own = await startServer(provider.env);
    const username = `u${randomUUID().slice(0, 8)}`;
    const claims = { sub: randomUUID(), preferred_username: username };
    const seconds = Math.floor(Date.now() / 1000);
    const tokens = [await provider.sign({ ...claims, sid: 'phone' }), await provider.sign({ ...claims, sid: 'new' })];
    const later = await provider.sign({ ...claims, sid: 'phone', iat: seconds + 20 });
    const socket = await connect(own, tokens[0]);
    await operate(own, 'users', 'sign-out', username);
    expect(await socket.closed).toBe(4403);
    // Nor does a device that was never seen make an earlier token good.
    for (const token of tokens) expect(codeOf(await own.post(listMine, {}, token))).toBe('UNAUTHENTICATED');
    expect(codeOf(await own.post(listMine, {}, later))).toBe('OK');
    await operate(own, 'users', 'disable', username);
    await eventually(async () => codeOf(await own.post(listMine, {}, later)) === 'UNAUTHENTICATED');
    const newest = await provider.sign({ ...claims, sid: 'tablet', iat: seconds + 25 });
    expect(codeOf(await own.post(listMine, {}, newest))).toBe('UNAUTHENTICATED');
    await expect(operate(own, 'users', 'reset', username)).rejects.toMatchObject({
      stderr: expect.stringContaining('identity provider'),
    });
  });

  it('names what is wrong with it', async () => {
    for (const args of [
      [],
      ['users'],
      ['users', 'disable'],
      ['users', 'nonsense', 'bob'],
      ['users', 'enable', 'a', 'b'],
    ])
      await expect(operate(server, ...args)).rejects.toMatchObject({ code: 2 });
    await expect(operate(server, 'users', 'disable', 'nobody')).rejects.toMatchObject({
      code: 1,
      stderr: 'There is no user nobody.\n',
    });
  });
});

it('a command counts even if the server has just started, and has not looked for any yet', async () => {
  // The server looks at intervals, which begin when it starts.
  vi.useFakeTimers({ toFake: ['setInterval'] });
  await using own = await startServer();
  const bob = await own.user();
  expect(await bob.fails(listMine)).toBeUndefined();
  await operate(own, 'users', 'disable', bob.session.user.username);
  vi.advanceTimersByTime(1_000);
  vi.useRealTimers();
  await isOut(bob);
});

it('a command on a stopped server counts when it starts', async () => {
  await using own = await startServer();
  const bob = await own.user();
  const { username } = bob.session.user;
  await own.whileStopped(async () => {
    await operate(own, 'users', 'disable', username);
  });
  expect(await bob.fails(listMine)).toBe('UNAUTHENTICATED');
  expect(codeOf(await enter(bob, password, own))).toBe('UNAUTHENTICATED');
});

it('PASSWORD_SIGN_IN says whether passwords count beside an identity provider', async () => {
  await using provider = await startIdentityProvider();
  const JWT_SECRET = 's'.repeat(32);
  await expect(startServer({ ...provider.env, JWT_SECRET })).rejects.toThrow('PASSWORD_SIGN_IN');
  for (const [value, code] of [
    ['false', 'FORBIDDEN'],
    ['true', 'OK'],
  ] as const) {
    await using own = await startServer({ ...provider.env, JWT_SECRET, PASSWORD_SIGN_IN: value });
    const input = { username: `u${randomUUID().slice(0, 8)}`, password };
    expect(codeOf(await own.post(register, { input }))).toBe(code);
  }
});
