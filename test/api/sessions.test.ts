/** Accounts, devices and sessions as a client sees them, over HTTP and over WebSocket. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { type Answer, startServer, type TestServer, TestUser } from '../support/heliograph.ts';
import { connect, type RawSocket, tryToConnect } from '../support/raw-socket.ts';

const fields = 'accessToken accessTokenExpiresAt refreshToken deviceId user { id username displayName createdAt }';
const register = `mutation ($input: RegisterInput!) { register(input: $input) { session { ${fields} } } }`;
const logIn = `mutation ($input: LogInInput!) { logIn(input: $input) { session { ${fields} } } }`;
const refresh = `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { session { ${fields} } } }`;
const logOut = 'mutation { logOut { deviceId } }';
const whoAmI = '{ viewer { user { id } } }';
const password = 'correct horse';

const newName = () => `u${randomUUID().slice(0, 8)}`;
const codeOf = (answer: Answer) => answer.errors?.[0]?.extensions.code;

let server: TestServer;
/** Without a session. */
let stranger: RawSocket;
beforeAll(async () => {
  server = await startServer();
  stranger = await connect(server);
});
afterAll(async () => {
  await stranger.close();
  await server[Symbol.asyncDispose]();
});

/** The user's client on another device, or anew on the one named. */
async function onDevice(user: TestUser, deviceId: string | null = null): Promise<TestUser> {
  const input = { username: user.session.user.username, password, deviceId };
  const { data } = await server.post(logIn, { input });
  if (data?.logIn == null) throw new Error('not logged in');
  return new TestUser(server, data.logIn.session);
}

/** How the server takes the device's access token, on either transport. */
async function standing({ session: { accessToken } }: TestUser): Promise<unknown[]> {
  const answer = await server.post(whoAmI, {}, accessToken);
  const came = await tryToConnect(server, { Authorization: `Bearer ${accessToken}` });
  return [codeOf(answer) ?? 'OK', came];
}
const good = ['OK', 'connection_ack'];
const ended = ['UNAUTHENTICATED', 4403];

describe('an account', () => {
  it.each(['HTTP', 'WebSocket'])(
    'is made and entered over %s, and its tokens count on both transports',
    async (over) => {
      const ask = (query: string, input: object) =>
        over === 'HTTP' ? server.post(query, { input }) : stranger.ask(query, { input });
      const username = newName();
      const made = (await ask(register, { username, password, displayName: ' Ada 🌻 ' })).data?.register.session;
      expect(made.user).toEqual({
        id: expect.stringMatching(/^\d+$/),
        username,
        displayName: 'Ada 🌻',
        createdAt: expect.stringMatching(/Z$/),
      });
      expect(Date.parse(made.accessTokenExpiresAt)).toBeGreaterThan(Date.now());
      const entered = (await ask(logIn, { username: username.toUpperCase(), password, deviceName: 'Phone' })).data
        ?.logIn.session;
      expect(entered.user).toEqual(made.user);
      expect(entered.deviceId).not.toBe(made.deviceId);
      for (const session of [made, entered]) expect(await standing(new TestUser(server, session))).toEqual(good);
    },
  );

  it('has a unique name, regardless of case', async () => {
    const { session } = await server.user();
    const input = { username: session.user.username.toUpperCase(), password };
    for (const answer of [await server.post(register, { input }), await stranger.ask(register, { input })]) {
      expect(answer.data).toEqual({ register: null });
      expect(answer.errors?.[0]?.extensions).toEqual({ code: 'USERNAME_TAKEN', retryable: false });
    }
  });

  it('is not made with a value out of bounds, which the error names, and its name stays free', async () => {
    const username = newName();
    for (const [field, bad] of [
      ['username', { username: 'ab' }],
      ['username', { username: 'ä'.repeat(8) }],
      ['password', { password: '7 chars' }],
      ['password', { password: 'x'.repeat(257) }],
      ['displayName', { displayName: '   ' }],
      ['displayName', { displayName: 'x'.repeat(65) }],
      ['deviceName', { deviceName: '' }],
    ] as const) {
      const input = { username, password, ...bad };
      for (const answer of [await server.post(register, { input }), await stranger.ask(register, { input })]) {
        expect(answer.errors?.[0]).toMatchObject({
          message: expect.stringContaining(field),
          path: ['register'],
          extensions: { code: 'BAD_USER_INPUT', retryable: false },
        });
      }
    }
    expect((await server.post(register, { input: { username, password } })).data?.register.session.user.username).toBe(
      username,
    );
  });

  it('is not entered with a wrong name or password, in the same words', async () => {
    const { username } = (await server.user()).session.user;
    const answers = [
      await server.post(logIn, { input: { username, password: 'wrong horse' } }),
      await stranger.ask(logIn, { input: { username: newName(), password } }),
    ];
    for (const answer of answers) {
      expect(answer.data).toEqual({ logIn: null });
      expect(answer.errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED', retryable: false });
    }
    expect(new Set(answers.map(({ errors }) => errors?.[0]?.message)).size).toBe(1);
  });
});

describe('a device', () => {
  it('keeps its inbox position when it logs in again, which revokes its previous session', async () => {
    const [alice, bob] = [await server.user(), await server.user()];
    for (const text of ['one', 'two']) await alice.send({ userId: bob.id }, text);
    const before = bob.stream();
    await before.until(({ texts }) => texts.length === 2);
    await bob.ask('mutation { ackMessages(input: { status: DELIVERED, upToInboxSeq: 1 }) { ackedSeq } }');

    const again = await onDevice(bob, bob.session.deviceId);
    expect(again.session.deviceId).toBe(bob.session.deviceId);
    await before.until(() => bob.closes.length > 0, 'close of the earlier socket');
    expect(bob.closes).toEqual([4403]);
    expect(await standing(bob)).toEqual(ended);
    const after = again.stream();
    await after.until(({ texts }) => texts.length === 1);
    expect([after.values[0].startSeq, after.texts]).toEqual(['1', ['two']]);

    const elsewhere = await onDevice(bob);
    const fromStart = elsewhere.stream();
    await fromStart.until(({ texts }) => texts.length === 2);
    expect([fromStart.values[0].startSeq, fromStart.texts]).toEqual(['0', ['one', 'two']]);
    expect(again.closes).toEqual([]);
    for (const user of [again, elsewhere]) await user.close();
  });

  it('is not to be had by another user', async () => {
    const [alice, bob] = [await server.user(), await server.user()];
    const input = { username: bob.session.user.username, password, deviceId: alice.session.deviceId };
    for (const answer of [await server.post(logIn, { input }), await stranger.ask(logIn, { input })]) {
      expect(codeOf(answer)).toBe('NOT_FOUND');
    }
    expect(await standing(alice)).toEqual(good);
  });
});

describe('refreshing', () => {
  it('exchanges a token once, while the open socket stays open', async () => {
    const bob = await server.user();
    const socket = await connect(server, bob.session.accessToken);
    const first = (await server.post(refresh, { input: { refreshToken: bob.session.refreshToken } })).data
      ?.refreshSession.session;
    const second = (await socket.ask(refresh, { input: { refreshToken: first.refreshToken } })).data?.refreshSession
      .session;
    const sessions = [bob.session, first, second];
    expect(new Set(sessions.map(({ deviceId }) => deviceId)).size).toBe(1);
    for (const token of ['accessToken', 'refreshToken'])
      expect(new Set(sessions.map((session) => session[token])).size).toBe(3);
    for (const session of sessions) expect(await standing(new TestUser(server, session))).toEqual(good);
    expect((await socket.ask(whoAmI)).data?.viewer.user.id).toBe(bob.id);
    await socket.close();
  });

  it.each(['HTTP', 'WebSocket'])(
    'twice with one token over %s signs the device out, later, and no other',
    async (over) => {
      let aheadMs = 0;
      await using timed = await startServer({}, () => Date.now() + aheadMs);
      const bob = await timed.user();
      const nobody = await connect(timed);
      const { data } = await timed.post(logIn, { input: { username: bob.session.user.username, password } });
      const elsewhere = await connect(timed, data?.logIn.session.accessToken);
      const input = { refreshToken: bob.session.refreshToken };
      const next = new TestUser(timed, (await timed.post(refresh, { input })).data?.refreshSession.session);
      const sockets = [await connect(timed, bob.session.accessToken), await connect(timed, next.session.accessToken)];

      aheadMs = 31_000;
      const answer = over === 'HTTP' ? await timed.post(refresh, { input }) : await nobody.ask(refresh, { input });
      expect(answer.data).toEqual({ refreshSession: null });
      expect(answer.errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED', retryable: false });
      expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual([4403, 4403]);
      for (const device of [bob, next]) expect(await device.fails(whoAmI)).toBe('UNAUTHENTICATED');
      const { refreshToken } = next.session;
      expect(codeOf(await timed.post(refresh, { input: { refreshToken } }))).toBe('UNAUTHENTICATED');
      expect((await elsewhere.ask(whoAmI)).data?.viewer.user.id).toBe(bob.id);
      for (const socket of [elsewhere, nobody]) await socket.close();
    },
  );

  it('in two tabs at once, or repeated after a lost answer, keeps both signed in', async () => {
    const bob = await server.user();
    const socket = await connect(server, bob.session.accessToken);
    let { refreshToken } = bob.session;
    for (let round = 0; round < 3; round += 1) {
      const input = { refreshToken };
      const tabs = await Promise.all([server.post(refresh, { input }), stranger.ask(refresh, { input })]);
      const again = await server.post(refresh, { input });
      const renewed = [...tabs, again].map(({ data }) => data?.refreshSession.session);
      expect(new Set(renewed.map((session) => session.refreshToken)).size).toBe(1);
      for (const session of renewed) expect(await standing(new TestUser(server, session))).toEqual(good);
      refreshToken = renewed[0].refreshToken;
    }
    expect((await socket.ask(whoAmI)).data?.viewer.user.id).toBe(bob.id);
    await socket.close();
  });

  it('ends with REFRESH_REUSE_S=0 at the second use', async () => {
    await using strict = await startServer({ REFRESH_REUSE_S: '0' });
    const bob = await strict.user();
    const input = { refreshToken: bob.session.refreshToken };
    const { data } = await strict.post(refresh, { input });
    expect(codeOf(await strict.post(refresh, { input }))).toBe('UNAUTHENTICATED');
    const token = data?.refreshSession.session.accessToken;
    expect(codeOf(await strict.post(whoAmI, {}, token))).toBe('UNAUTHENTICATED');
  });

  it('ends with a change of JWT_SECRET, unless the earlier secret is named', async () => {
    const [first, second] = ['a'.repeat(32), 'b'.repeat(32)];
    await using before = await startServer({ JWT_SECRET: first });
    const [bob, ann] = [await before.user(), await before.user()];
    await before.restart({ JWT_SECRET: second });
    expect(codeOf(await before.post(refresh, { input: { refreshToken: bob.session.refreshToken } }))).toBe(
      'UNAUTHENTICATED',
    );
    expect(codeOf(await before.post(whoAmI, {}, bob.session.accessToken))).toBe('UNAUTHENTICATED');

    await before.restart({ JWT_SECRET: second, JWT_SECRET_PREVIOUS: first });
    expect(codeOf(await before.post(whoAmI, {}, ann.session.accessToken))).toBeUndefined();
    const { data } = await before.post(refresh, { input: { refreshToken: ann.session.refreshToken } });
    await before.restart({ JWT_SECRET: second });
    const renewed = data?.refreshSession.session;
    expect(codeOf(await before.post(whoAmI, {}, renewed.accessToken))).toBeUndefined();
    expect(codeOf(await before.post(refresh, { input: { refreshToken: renewed.refreshToken } }))).toBeUndefined();
  });

  it('with a secret in a file works, and names the file where it is not one', async () => {
    using folder = temporaryFolder();
    const JWT_SECRET_FILE = join(folder.path, 'secrets');
    writeFileSync(JWT_SECRET_FILE, 'f'.repeat(32));
    await using own = await startServer({ JWT_SECRET: '', JWT_SECRET_FILE });
    const bob = await own.user();
    await own.restart({ JWT_SECRET: 'f'.repeat(32) });
    expect(codeOf(await own.post(whoAmI, {}, bob.session.accessToken))).toBeUndefined();
    writeFileSync(JWT_SECRET_FILE, 'short');
    await expect(startServer({ JWT_SECRET: '', JWT_SECRET_FILE })).rejects.toThrow(JWT_SECRET_FILE);
  });
});

describe('an owner of devices', () => {
  it('changes the password with the current one, which signs the other devices out', async () => {
    const bob = await server.user();
    const elsewhere = await onDevice(bob);
    const socket = await connect(server, elsewhere.session.accessToken);
    const change = `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { viewer { devices { id } } } }`;
    const ask = (currentPassword: string, newPassword: string) =>
      bob.post(change, { input: { currentPassword, newPassword } });
    expect(codeOf(await ask('a wrong guess', 'battery staple'))).toBe('UNAUTHENTICATED');
    expect(codeOf(await ask(password, 'password'))).toBe('BAD_USER_INPUT');
    const { data } = await ask(password, 'battery staple');
    expect(data?.changePassword.viewer.devices).toEqual([{ id: bob.session.deviceId }]);
    expect(await socket.closed).toBe(4403);
    expect(await standing(bob)).toEqual(good);
    const enter = (word: string) =>
      server.post(logIn, { input: { username: bob.session.user.username, password: word } });
    expect(codeOf(await enter(password))).toBe('UNAUTHENTICATED');
    expect(codeOf(await enter('battery staple'))).toBeUndefined();
  });

  it('signs one of them out, and no device of another user', async () => {
    const [bob, ann] = [await server.user(), await server.user()];
    const phone = await onDevice(bob);
    const revoke =
      'mutation ($id: ID!) { revokeDevice(input: { deviceId: $id }) { viewer { devices { id isCurrent } } } }';
    expect(await ann.fails(revoke, { id: phone.session.deviceId })).toBe('NOT_FOUND');
    const { revokeDevice } = await bob.ask(revoke, { id: phone.session.deviceId });
    expect(revokeDevice.viewer.devices).toEqual([{ id: bob.session.deviceId, isCurrent: true }]);
    expect(await standing(phone)).toEqual(ended);
    expect(await standing(bob)).toEqual(good);
  });
});

describe('a user', () => {
  it('has as many devices as DEVICES_PER_USER_MAX: a further log-in signs the one unused for longest out', async () => {
    let aheadMs = 0;
    await using small = await startServer({ DEVICES_PER_USER_MAX: '2' }, () => Date.now() + aheadMs);
    const first = await small.user();
    const { username } = first.session.user;
    const devices = [first];
    for (let round = 0; round < 2; round += 1) {
      aheadMs += 1_000;
      devices.push(
        new TestUser(small, (await small.post(logIn, { input: { username, password } })).data?.logIn.session),
      );
    }
    expect(await first.fails(whoAmI)).toBe('UNAUTHENTICATED');
    for (const device of devices.slice(1)) expect((await device.ask(whoAmI)).viewer.user.id).toBe(first.id);
  });

  it('logs in again after SESSION_MAX_S, however often the session was renewed', async () => {
    let aheadMs = 0;
    await using timed = await startServer({ SESSION_MAX_S: '3600' }, () => Date.now() + aheadMs);
    const bob = await timed.user();
    let { session } = bob;
    for (const minutes of [20, 40, 58]) {
      aheadMs = minutes * 60_000;
      session = (await timed.post(refresh, { input: { refreshToken: session.refreshToken } })).data?.refreshSession
        .session;
    }
    const socket = await connect(timed, session.accessToken);
    aheadMs = 3_600_000;
    expect(await socket.closed).toBe(4403);
    expect(codeOf(await timed.post(refresh, { input: { refreshToken: session.refreshToken } }))).toBe(
      'UNAUTHENTICATED',
    );
    const { username } = bob.session.user;
    expect((await timed.post(logIn, { input: { username, password } })).data?.logIn.session.user.id).toBe(bob.id);
  });
});

describe('logging out', () => {
  it('over HTTP ends all the device has, and no other device', async () => {
    const bob = await server.user();
    const { accessToken, refreshToken } = bob.session;
    const elsewhere = await connect(server, (await onDevice(bob)).session.accessToken);
    const sockets = [await connect(server, accessToken), await connect(server, accessToken)];
    expect(await bob.ask(logOut)).toEqual({ logOut: { deviceId: bob.session.deviceId } });
    expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual([4403, 4403]);
    expect(await standing(bob)).toEqual(ended);
    expect(await bob.fails(logOut)).toBe('UNAUTHENTICATED');
    expect(codeOf(await server.post(refresh, { input: { refreshToken } }))).toBe('UNAUTHENTICATED');
    expect((await elsewhere.ask(whoAmI)).data?.viewer.user.id).toBe(bob.id);
    await elsewhere.close();
  });

  it('over a socket is answered before the socket closes', async () => {
    const bob = await server.user();
    const socket = await connect(server, bob.session.accessToken);
    expect(await socket.ask(logOut)).toEqual({ data: { logOut: { deviceId: bob.session.deviceId } } });
    expect(await socket.closed).toBe(4403);
    expect(await standing(bob)).toEqual(ended);
  });

  it('leaves nothing to a socket that does not let itself be closed', async () => {
    const [alice, bob] = [await server.user(), await server.user()];
    const toAlice = alice.stream();
    await toAlice.until(({ values }) => values.length > 0);
    const socket = await connect(server, bob.session.accessToken);
    // It reads no more, so it does not see that it is to close.
    socket.ws.pause();
    await bob.ask(logOut);
    const query = `mutation ($id: ID!, $key: ID!) {
      sendMessage(input: { to: { userId: $id }, clientMessageId: $key, text: "too late" }) { deduplicated } }`;
    socket.send({ type: 'subscribe', id: 'late', payload: { query, variables: { id: alice.id, key: randomUUID() } } });
    // Its answer to the close follows what it sent, so all of that has arrived when the socket is closed.
    socket.ws.resume();
    expect(await socket.closed).toBe(4403);
    await (await onDevice(bob)).send({ userId: alice.id }, 'marker');
    await toAlice.until(({ texts }) => texts.includes('marker'));
    expect(toAlice.texts).toEqual(['marker']);
  });
});

describe('time', () => {
  it('ends an access token: over HTTP at once, and its sockets with 4403', async () => {
    let aheadMs = 0;
    await using timed = await startServer({ ACCESS_TOKEN_TTL_S: '60' }, () => Date.now() + aheadMs);
    const bob = await timed.user();
    const socket = await connect(timed, bob.session.accessToken);
    const { refreshToken } = bob.session;
    aheadMs = 55_000;
    const { data } = await timed.post(refresh, { input: { refreshToken } });
    const renewed = await connect(timed, data?.refreshSession.session.accessToken);
    aheadMs = 61_000;
    expect(await bob.fails(whoAmI)).toBe('UNAUTHENTICATED');
    expect(await socket.closed).toBe(4403);
    // Each socket lasts as long as the token it came with.
    expect((await renewed.ask(whoAmI)).data?.viewer.user.id).toBe(bob.id);
    await renewed.close();
  });
});
