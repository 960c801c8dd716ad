import { createHmac, randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DomainError } from '../../src/domain/errors.ts';
import type { Viewer } from '../../src/domain/user.ts';
import { createMemoryBus } from '../../src/pubsub/memory/memory-bus.ts';
import { type RevocationHint, topics } from '../../src/pubsub/topics.ts';
import {
  createAccountService,
  logInAddressLimit,
  logInNameLimit,
  refreshLimit,
  registerLimit,
  type Session,
} from '../../src/services/account-service.ts';
import type { Passwords } from '../../src/services/passwords.ts';
import { createAccessTokens } from '../../src/services/tokens/access-tokens.ts';
import type { ExternalIdentity } from '../../src/services/tokens/external-tokens.ts';
import { createMemoryRateLimiter } from '../../src/stores/memory/memory-rate-limiter.ts';
import type { UserStore } from '../../src/stores/user-store.ts';
import { at, directoryDrivers, nextId, type OpenDirectory } from '../contract/directory-drivers.ts';

const secret = randomBytes(32);
const password = 'correct horse';
const from = { address: '127.0.0.1' };
const minute = 60_000;

const failOnError = (error: unknown) => {
  throw error;
};

/** Stands in for argon2, which has a test of its own. */
const plainPasswords = (): Passwords => ({
  hash: async (text) => `hash of ${text}`,
  verify: async (text, phc) => phc === `hash of ${text}`,
});

let names = 0;
const newName = () => {
  names += 1;
  return `user${names}`;
};

function setUp(
  users: UserStore,
  over: Partial<Parameters<typeof createAccountService>[0]> = {},
  rateLimitScale = 1_000,
) {
  const time = { now: at };
  const clock = () => time.now;
  const bus = over.bus ?? createMemoryBus({ onError: failOnError });
  const revocations: RevocationHint[] = [];
  void bus.subscribe(topics.revocations, (hint) => revocations.push(hint));
  const accounts = createAccountService({
    users,
    bus,
    rateLimiter: createMemoryRateLimiter({ clock, scale: rateLimitScale }),
    passwords: plainPasswords(),
    accessTokens: createAccessTokens({ secret, ttlMs: 15 * minute, clock }),
    externalTokens: null,
    newId: nextId,
    randomToken: () => randomBytes(32).toString('base64url'),
    clock,
    settings: { refreshTokenTtlMs: 60 * 24 * 60 * minute },
    ...over,
  });
  const register = (username = newName()) => accounts.register({ username, password }, from);
  const refresh = ({ refreshToken }: Session) => accounts.refreshSession({ refreshToken }, from);
  const verify = ({ accessToken }: Session) => accounts.verifyToken(accessToken);
  return { accounts, bus, time, clock, revocations, register, refresh, verify };
}

const unauthenticated = { code: 'UNAUTHENTICATED', retryable: false };

/** A token put together by hand. */
function forge(header: object, claims: object, sign: (content: string) => string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${part(header)}.${part(claims)}`;
  return `${content}.${sign(content)}`;
}

describe.each(directoryDrivers)('accounts on %s', (_driver, open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  describe('registering', () => {
    it('opens a session of the new user', async () => {
      const { accounts, verify } = setUp(directory.users);
      const username = newName();
      const session = await accounts.register({ username, password, displayName: '  Ädä 🌻 ' }, from);
      expect(session.user).toMatchObject({ username, displayName: 'Ädä 🌻', createdAt: at });
      expect(session.accessTokenExpiresAt).toBe(Math.floor((at + 15 * minute) / 1000) * 1000);
      expect(await verify(session)).toEqual({
        userId: session.user.id,
        deviceId: session.deviceId,
        expiresAt: session.accessTokenExpiresAt,
      });
      expect(session.refreshToken).toMatch(/^[\w-]{43}$/);
      expect(await accounts.findUser({ id: session.user.id })).toEqual(session.user);
    });

    it('shows the username where no other name is given', async () => {
      const { register } = setUp(directory.users);
      const { user } = await register();
      expect(user.displayName).toBe(user.username);
    });

    it.each([
      ['username', { username: 'ab' }],
      ['username', { username: 'a'.repeat(33) }],
      ['username', { username: 'with space' }],
      ['username', { username: 'näme' }],
      ['username', { username: 'line\n' }],
      ['password', { password: '1234567' }],
      ['password', { password: 'p'.repeat(257) }],
      ['password', { password: 'lone half \ud83c' }],
      ['displayName', { displayName: '   ' }],
      ['displayName', { displayName: 'd'.repeat(65) }],
      ['displayName', { displayName: 'two\nlines' }],
      ['displayName', { displayName: 'two\u2028lines' }],
      ['displayName', { displayName: 'lone half \udf3b' }],
      ['deviceName', { deviceName: 'd'.repeat(65) }],
      ['deviceName', { deviceName: 'bell\u0007' }],
    ])('refuses a bad %s and names it: %j', async (field, input) => {
      const { accounts } = setUp(directory.users);
      const answer = accounts.register({ username: newName(), password, ...input }, from);
      await expect(answer).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringContaining(field) });
    });

    it('takes names and passwords up to their bounds', async () => {
      const { accounts } = setUp(directory.users);
      const username = `${newName()}.A_-`.padEnd(32, 'x');
      const longest = '🌻'.repeat(128);
      await accounts.register({ username, password: longest, displayName: 'd'.repeat(64) }, from);
      await accounts.logIn({ username, password: longest }, from);
      await expect(accounts.logIn({ username, password: `${longest}x` }, from)).rejects.toMatchObject(unauthenticated);
    });

    it('refuses a taken name in any case, before it makes a hash', async () => {
      const passwords = plainPasswords();
      const { register } = setUp(directory.users, { passwords });
      const { user } = await register();
      const hash = vi.spyOn(passwords, 'hash');
      await expect(register(user.username.toUpperCase())).rejects.toMatchObject({ code: 'USERNAME_TAKEN' });
      expect(hash).not.toHaveBeenCalled();
    });

    it('gives a name to one of those who race for it', async () => {
      const { register } = setUp(directory.users);
      const username = newName();
      const results = await Promise.allSettled(Array.from({ length: 5 }, () => register(username)));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'USERNAME_TAKEN' });
      }
    });
  });

  describe('logging in', () => {
    it('does not say whether the name or the password was wrong, nor take less time to find out', async () => {
      const passwords = plainPasswords();
      const { accounts, register } = setUp(directory.users, { passwords });
      const { user } = await register();
      const verify = vi.spyOn(passwords, 'verify');
      const attempts = [
        { username: user.username, password: 'wrong horse' },
        { username: newName(), password },
        { username: 'not a name', password },
      ];
      const failures = [];
      for (const input of attempts) failures.push(await accounts.logIn(input, from).catch((error) => error));
      const [first] = failures;
      expect(first).toMatchObject(unauthenticated);
      expect(failures.map(({ message }) => message)).toEqual(failures.map(() => first.message));
      // A hash is checked each time, if only one that stands in.
      expect(verify).toHaveBeenCalledTimes(3);
      expect(verify.mock.calls.map(([, phc]) => phc)).toEqual([`hash of ${password}`, null, null]);
    });

    it('makes each login a device of its own', async () => {
      const { accounts, register, verify } = setUp(directory.users);
      const first = await register();
      const second = await accounts.logIn({ username: first.user.username.toUpperCase(), password }, from);
      expect(second.user).toEqual(first.user);
      expect(second.deviceId).not.toBe(first.deviceId);
      expect((await verify(first)).deviceId).toBe(first.deviceId);
    });

    it('renews a device of the same user, and ends what was signed in there', async () => {
      const { accounts, register, refresh, verify } = setUp(directory.users);
      const first = await register();
      await verify(first);
      const { username } = first.user;
      const again = await accounts.logIn(
        { username, password, deviceId: first.deviceId, deviceName: 'new name' },
        from,
      );
      expect(again.deviceId).toBe(first.deviceId);
      expect(await directory.users.getDevice(first.deviceId)).toMatchObject({ name: 'new name', revokedAt: null });
      await expect(verify(first)).rejects.toMatchObject(unauthenticated);
      // Neither use nor reuse of the old session's token reaches the new one.
      await expect(refresh(first)).rejects.toMatchObject(unauthenticated);
      await expect(refresh(first)).rejects.toMatchObject(unauthenticated);
      await verify(again);
      await verify(await refresh(again));
    });

    it('renews a device that was logged out, without bringing back the tokens it had', async () => {
      const { accounts, register, refresh, verify } = setUp(directory.users);
      const first = await register();
      await accounts.logOut(await verify(first));
      const again = await accounts.logIn({ username: first.user.username, password, deviceId: first.deviceId }, from);
      expect((await verify(again)).deviceId).toBe(first.deviceId);
      await expect(verify(first)).rejects.toMatchObject(unauthenticated);
      await expect(refresh(first)).rejects.toMatchObject(unauthenticated);
      await verify(again);
    });

    it("refuses a device that is unknown or another user's, in the same words", async () => {
      const { accounts, register } = setUp(directory.users);
      const [user, other] = [await register(), await register()];
      const messages = [];
      for (const deviceId of [other.deviceId, nextId(), 'no id', '']) {
        const failure = await accounts
          .logIn({ username: user.user.username, password, deviceId }, from)
          .catch((error) => error);
        expect(failure).toMatchObject({ code: 'NOT_FOUND' });
        messages.push(failure.message);
      }
      expect(new Set(messages).size).toBe(1);
    });
  });

  describe('refreshing', () => {
    it('gives new tokens of the same device, another each time', async () => {
      const { register, refresh, verify } = setUp(directory.users);
      const sessions = [await register()];
      for (let round = 0; round < 3; round += 1) sessions.push(await refresh(sessions.at(-1) as Session));
      expect(new Set(sessions.map(({ refreshToken }) => refreshToken)).size).toBe(4);
      expect(new Set(sessions.map(({ accessToken }) => accessToken)).size).toBe(4);
      expect(new Set(sessions.map(({ deviceId }) => deviceId)).size).toBe(1);
      for (const session of sessions) await verify(session);
    });

    it('signs the device out when a token comes back, and says so', async () => {
      const { accounts, register, refresh, verify, revocations } = setUp(directory.users);
      const first = await register();
      const elsewhere = await accounts.logIn({ username: first.user.username, password }, from);
      const second = await refresh(first);
      const third = await refresh(second);
      await verify(third);
      await expect(refresh(first)).rejects.toMatchObject(unauthenticated);
      expect(revocations).toEqual([{ userId: first.user.id, deviceId: first.deviceId }]);
      await expect(refresh(third)).rejects.toMatchObject(unauthenticated);
      for (const session of [first, second, third])
        await expect(verify(session)).rejects.toMatchObject(unauthenticated);
      // Other devices are not concerned.
      await verify(await refresh(elsewhere));
      expect(revocations).toHaveLength(1);
    });

    it('lets one of two that race win at most, and leaves nothing of the family', async () => {
      for (let round = 0; round < 10; round += 1) {
        const { register, refresh, verify } = setUp(directory.users);
        const session = await register();
        const results = await Promise.allSettled([refresh(session), refresh(session)]);
        const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
        expect(won.length).toBeLessThanOrEqual(1);
        for (const one of [session, ...won]) {
          await expect(refresh(one)).rejects.toMatchObject(unauthenticated);
          await expect(verify(one)).rejects.toMatchObject(unauthenticated);
        }
      }
    });

    it('leaves nothing of the family when the token comes back just before its successor is kept', async () => {
      const users = pick(directory.users);
      const { register, refresh, verify, revocations } = setUp(users);
      const session = await register();
      const { addRefreshToken } = users;
      let kept: string | undefined;
      users.addRefreshToken = async (token) => {
        users.addRefreshToken = addRefreshToken;
        await expect(refresh(session)).rejects.toMatchObject(unauthenticated);
        kept = token.hash;
        return addRefreshToken(token);
      };
      await expect(refresh(session)).rejects.toMatchObject(unauthenticated);
      expect(revocations).toHaveLength(1);
      expect(await directory.users.useRefreshToken(kept ?? '', at)).toMatchObject({ outcome: 'reused' });
      await expect(verify(session)).rejects.toMatchObject(unauthenticated);
    });

    it('ends with its time, and its traces are removed', async () => {
      const { accounts, register, refresh, time } = setUp(directory.users);
      const [late, unused] = [await register(), await register()];
      time.now += 60 * 24 * 60 * minute - 1;
      const renewed = await refresh(late);
      time.now += 1;
      await expect(refresh(unused)).rejects.toMatchObject(unauthenticated);
      await accounts.purge();
      await refresh(renewed);
    });

    it('knows no token it has not made', async () => {
      const { accounts } = setUp(directory.users);
      for (const refreshToken of ['', 'x', 'y'.repeat(100_000)]) {
        await expect(accounts.refreshSession({ refreshToken }, from)).rejects.toMatchObject(unauthenticated);
      }
    });
  });

  describe('tokens', () => {
    it('end with their time, also when they were seen before', async () => {
      const { register, verify, time } = setUp(directory.users);
      const [seen, unseen] = [await register(), await register()];
      time.now = seen.accessTokenExpiresAt - 1;
      await verify(seen);
      time.now += 1;
      for (const session of [seen, unseen]) await expect(verify(session)).rejects.toMatchObject(unauthenticated);
    });

    it('end with the log-out, on every instance at once', async () => {
      const here = setUp(directory.users);
      const there = setUp(directory.users, { bus: here.bus });
      const stop = await there.accounts.watchRevocations();
      const session = await here.register();
      await there.verify(session);
      await here.accounts.logOut(await here.verify(session));
      for (const instance of [here, there]) {
        await expect(instance.verify(session)).rejects.toMatchObject(unauthenticated);
        await expect(instance.refresh(session)).rejects.toMatchObject(unauthenticated);
      }
      expect(here.revocations).toEqual([{ userId: session.user.id, deviceId: session.deviceId }]);
      // Signing in there again is no matter of who heard of the log-out.
      const again = await here.accounts.logIn(
        { username: session.user.username, password, deviceId: session.deviceId },
        from,
      );
      await there.verify(again);
      stop();
    });

    it('are not taken when a log-out is heard of while the device is looked up', async () => {
      let onRead = async () => {};
      const users: UserStore = {
        ...pick(directory.users),
        async getDevice(id) {
          const device = await directory.users.getDevice(id);
          await onRead();
          return device;
        },
      };
      const { accounts, register, verify } = setUp(users);
      const session = await register();
      onRead = async () => {
        onRead = async () => {};
        await accounts.logOut({ userId: session.user.id, deviceId: session.deviceId, expiresAt: 0 });
      };
      await expect(verify(session)).rejects.toMatchObject(unauthenticated);
      await expect(verify(session)).rejects.toMatchObject(unauthenticated);
    });

    it('are not kept when their device logs in anew while it is looked up, and the new ones are', async () => {
      let onRead = async () => {};
      const users: UserStore = {
        ...pick(directory.users),
        async getDevice(id) {
          const device = await directory.users.getDevice(id);
          await onRead();
          return device;
        },
      };
      const { accounts, bus, register, verify, revocations } = setUp(users);
      const first = await register();
      const { deviceId, user } = first;
      const again: Session[] = [];
      onRead = async () => {
        onRead = async () => {};
        again.push(await accounts.logIn({ username: user.username, password, deviceId }, from));
      };
      await expect(verify(first)).rejects.toMatchObject(unauthenticated);
      expect(revocations).toEqual([{ userId: user.id, deviceId }]);
      // Seen while word of the earlier session's end arrives, as it may where it comes from another instance.
      const stop = await accounts.watchRevocations();
      onRead = async () => {
        onRead = async () => {};
        bus.publish(topics.revocations, { userId: user.id, deviceId });
      };
      expect(await verify(again[0] as Session)).toMatchObject({ deviceId });
      await expect(verify(first)).rejects.toMatchObject(unauthenticated);
      stop();
    });

    it('are looked at once, not at every request', async () => {
      const users = pick(directory.users);
      const { register, verify } = setUp(users);
      const session = await register();
      const getDevice = vi.spyOn(users, 'getDevice');
      for (let round = 0; round < 5; round += 1) await verify(session);
      expect(getDevice).toHaveBeenCalledTimes(1);
    });

    it('work for a while when the directory is away, and are looked at again when it is back', async () => {
      const users = pick(directory.users);
      const { register, verify, time } = setUp(users);
      const [session, ended] = [await register(), await register()];
      await directory.users.revokeDevice(ended.deviceId, at);
      const { getDevice } = users;
      users.getDevice = async () => {
        throw new DomainError('UNAVAILABLE', 'away');
      };
      await verify(session);
      await verify(ended);
      users.getDevice = getDevice;
      time.now += 10_001;
      await verify(session);
      await expect(verify(ended)).rejects.toMatchObject(unauthenticated);
    });

    it('stay ended when the directory is away, where that was heard of', async () => {
      const users = pick(directory.users);
      const { accounts, register, verify } = setUp(users);
      const session = await register();
      await accounts.logOut(await verify(session));
      users.getDevice = async () => {
        throw new DomainError('UNAVAILABLE', 'away');
      };
      await expect(verify(session)).rejects.toMatchObject(unauthenticated);
    });

    it('count only when made by us, in the one way we make them', async () => {
      const { accounts, register } = setUp(directory.users);
      const { accessToken, user, deviceId } = await register();
      const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] as string, 'base64url').toString());
      expect(claims).toMatchObject({ iss: 'heliograph', aud: 'heliograph', sub: user.id, did: deviceId });
      expect(claims.jti).toEqual(expect.any(String));
      const hmac = (algorithm: string, key: Buffer) => (content: string) =>
        createHmac(algorithm, key).update(content).digest('base64url');
      const ours = hmac('sha256', secret);
      const hs256 = { alg: 'HS256', typ: 'JWT' };
      expect((await accounts.verifyToken(forge(hs256, claims, ours))).userId).toBe(user.id);
      const [head, , tail] = accessToken.split('.') as [string, string, string];
      const other = Buffer.from(JSON.stringify({ ...claims, sub: '1' })).toString('base64url');
      const without = (claim: string) => forge(hs256, { ...claims, [claim]: undefined }, ours);
      const bad = [
        '',
        'x',
        `${accessToken}x`,
        `${head}.${other}.${tail}`,
        forge({ alg: 'none' }, claims, () => ''),
        forge({ alg: 'None' }, claims, () => ''),
        forge({ alg: 'HS512' }, claims, hmac('sha512', secret)),
        forge(hs256, claims, hmac('sha256', randomBytes(32))),
        forge(hs256, claims, hmac('sha256', Buffer.alloc(0))),
        forge({ ...hs256, crit: ['must'], must: true }, claims, ours),
        forge(hs256, { ...claims, iss: 'somebody' }, ours),
        forge(hs256, { ...claims, aud: 'somebody' }, ours),
        forge(hs256, { ...claims, nbf: at / 1000 + 60 }, ours),
        forge(hs256, { ...claims, sid: 'another' }, ours),
        ...['exp', 'sub', 'did', 'iss', 'aud', 'sid'].map(without),
      ];
      for (const token of bad) await expect(accounts.verifyToken(token)).rejects.toMatchObject(unauthenticated);
      const rightButLong = await new SignJWT({ did: deviceId, sid: claims.sid, more: 'x'.repeat(100_000) })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer('heliograph')
        .setAudience('heliograph')
        .setSubject(user.id)
        .setExpirationTime(claims.exp)
        .sign(secret);
      expect((await accounts.verifyToken(rightButLong)).deviceId).toBe(deviceId);
    });
  });

  describe('users', () => {
    it('come in the order asked for, and from memory the second time', async () => {
      const users = pick(directory.users);
      const { register } = setUp(users);
      const [a, b] = [(await register()).user, (await register()).user];
      const { accounts } = setUp(users);
      const get = vi.spyOn(users, 'get');
      const ids = [b.id, nextId(), a.id, 'no id', '', b.id];
      expect(await accounts.getUsers(ids)).toEqual([b, null, a, null, null, b]);
      expect(await accounts.getUsers([a.id, b.id])).toEqual([a, b]);
      expect(get).toHaveBeenCalledTimes(1);
    });

    it('are found by one of id and username', async () => {
      const { accounts, register } = setUp(directory.users);
      const { user } = await register();
      expect(await accounts.findUser({ id: user.id })).toEqual(user);
      expect(await accounts.findUser({ username: user.username.toUpperCase(), id: null })).toEqual(user);
      for (const both of [{}, { id: user.id, username: user.username }, { id: null, username: null }]) {
        await expect(accounts.findUser(both)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      }
      for (const one of [{ id: nextId() }, { id: 'no id' }, { username: 'nobody' }, { username: '' }]) {
        await expect(accounts.findUser(one)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      }
    });
  });

  describe('with an identity provider', () => {
    const identity = (over: Partial<ExternalIdentity> = {}): ExternalIdentity => ({
      subject: `https://idp|${nextId()}`,
      suggestedName: newName(),
      displayName: 'Ada',
      deviceKey: 'default',
      issuedAt: at,
      expiresAt: at + 5 * minute,
      ...over,
    });
    /** Tokens that stand for identities without a provider, which has a test of its own. */
    function setUpExternal(over: Partial<Parameters<typeof createAccountService>[0]> = {}) {
      const identities = new Map<string, ExternalIdentity>();
      const externalTokens = {
        async verify(token: string) {
          const found = identities.get(token);
          if (found === undefined) throw new DomainError('UNAUTHENTICATED', 'The access token is not valid.');
          return found;
        },
      };
      const parts = setUp(directory.users, { externalTokens, accessTokens: null, ...over });
      const tokenOf = (one: ExternalIdentity) => {
        const token = `token ${nextId()}`;
        identities.set(token, one);
        return token;
      };
      return { ...parts, tokenOf, see: (one: ExternalIdentity) => parts.accounts.verifyToken(tokenOf(one)) };
    }

    it('makes a user when one is first seen, and knows them ever after', async () => {
      const { accounts, see } = setUpExternal();
      const ada = identity();
      const viewer = await see(ada);
      expect(viewer.expiresAt).toBe(ada.expiresAt);
      expect(await accounts.findUser({ id: viewer.userId })).toMatchObject({
        username: ada.suggestedName,
        displayName: 'Ada',
      });
      expect(await setUpExternal().see({ ...ada, suggestedName: 'renamed' })).toEqual(viewer);
    });

    it('makes one user and one device of first sights that race', async () => {
      const { see } = setUpExternal();
      const ada = identity();
      const viewers = await Promise.all(Array.from({ length: 6 }, () => see(ada)));
      expect(new Set(viewers.map(({ userId }) => userId)).size).toBe(1);
      expect(new Set(viewers.map(({ deviceId }) => deviceId)).size).toBe(1);
    });

    it('tells devices apart by what the provider calls them', async () => {
      const { see } = setUpExternal();
      const ada = identity();
      const [phone, laptop] = [await see({ ...ada, deviceKey: 'phone' }), await see({ ...ada, deviceKey: 'laptop' })];
      expect(phone.userId).toBe(laptop.userId);
      expect(phone.deviceId).not.toBe(laptop.deviceId);
      expect(await setUpExternal().see({ ...ada, deviceKey: 'phone' })).toEqual(phone);
    });

    it.each([
      ['a name that is taken', 'TAKEN', 'Ada'],
      ['a name with nothing in it to keep', '日本', '日本'],
      ['a name that is too long', 'n'.repeat(300), 'd'.repeat(300)],
      ['a name cut in the middle of a character', 'né', `${'d'.repeat(63)}🌻`],
      ['a name on two lines', 'a\nb', 'two\nlines'],
      ['no name', '', '   '],
    ])('finds a valid username for %s', async (_what, suggestedName, displayName) => {
      const { accounts, see } = setUpExternal();
      const local = setUp(directory.users);
      if (suggestedName === 'TAKEN') await local.register('taken').catch(() => {});
      const viewer = await see(identity({ suggestedName, displayName }));
      const user = await accounts.findUser({ id: viewer.userId });
      expect(user.username).toMatch(/^[A-Za-z0-9._-]{3,32}$/);
      expect(user.displayName).toMatch(/^[^\p{Cc}]{1,64}$/u);
      expect(user.displayName.isWellFormed()).toBe(true);
    });

    it('ends a device with its log-out, until the provider signs it in anew', async () => {
      const { accounts, revocations, see, tokenOf, time } = setUpExternal();
      const ada = identity();
      const token = tokenOf(ada);
      const viewer = await accounts.verifyToken(token);
      time.now += 5_000;
      await accounts.logOut(viewer);
      expect(revocations).toEqual([{ userId: viewer.userId, deviceId: viewer.deviceId }]);
      await expect(accounts.verifyToken(token)).rejects.toMatchObject(unauthenticated);
      await expect(see({ ...ada, issuedAt: at + 5_000 })).rejects.toMatchObject(unauthenticated);
      await expect(see({ ...ada, issuedAt: 0 })).rejects.toMatchObject(unauthenticated);
      expect(await see({ ...ada, issuedAt: at + 6_000 })).toEqual(viewer);
      // What was logged out does not come back with it, here or on another instance.
      await expect(accounts.verifyToken(token)).rejects.toMatchObject(unauthenticated);
      await expect(setUpExternal().see(ada)).rejects.toMatchObject(unauthenticated);
    });

    it('is the only way in where nothing else is set up', async () => {
      const { accounts } = setUpExternal();
      const forbidden = { code: 'FORBIDDEN' };
      await expect(accounts.register({ username: newName(), password }, from)).rejects.toMatchObject(forbidden);
      await expect(accounts.logIn({ username: newName(), password }, from)).rejects.toMatchObject(forbidden);
      await expect(accounts.refreshSession({ refreshToken: 'x' }, from)).rejects.toMatchObject(forbidden);
      await expect(accounts.verifyToken('unknown')).rejects.toMatchObject(unauthenticated);
    });

    it('goes beside tokens of our own', async () => {
      const clock = () => at;
      const accessTokens = createAccessTokens({ secret, ttlMs: minute, clock });
      const { register, verify, see, accounts } = setUpExternal({ accessTokens });
      const session = await register();
      expect((await verify(session)).userId).toBe(session.user.id);
      const viewer: Viewer = await see(identity());
      expect(viewer.userId).not.toBe(session.user.id);
      await expect(accounts.verifyToken('neither')).rejects.toMatchObject(unauthenticated);
      // Who comes from outside has no password to log in with.
      const { username } = await accounts.findUser({ id: viewer.userId });
      await expect(accounts.logIn({ username, password }, from)).rejects.toMatchObject(unauthenticated);
    });
  });

  describe('rate limits', () => {
    const limited = { code: 'RATE_LIMITED', retryable: true, details: { retryAfterMs: expect.any(Number) } };

    it('slow down who guesses a password, whatever the case of the name, and nobody else', async () => {
      const { accounts, register, time } = setUp(directory.users, {}, 1);
      const { user } = await register();
      const guess = (index: number) =>
        accounts.logIn(
          { username: index % 2 === 0 ? user.username : user.username.toUpperCase(), password: `guess ${index}` },
          { address: `127.0.0.${index}` },
        );
      for (let index = 0; index < logInNameLimit.points; index += 1) {
        await expect(guess(index)).rejects.toMatchObject(unauthenticated);
      }
      await expect(guess(0)).rejects.toMatchObject({
        ...limited,
        details: { limit: logInNameLimit.name, retryAfterMs: expect.any(Number) },
      });
      await expect(accounts.logIn({ username: newName(), password }, from)).rejects.toMatchObject(unauthenticated);
      time.now += logInNameLimit.windowMs;
      await accounts.logIn({ username: user.username, password }, from);
    });

    it('count by address', async () => {
      const { accounts } = setUp(directory.users, {}, 1);
      const calls = [
        [registerLimit, () => accounts.register({ username: '!', password }, from)],
        [logInAddressLimit, () => accounts.logIn({ username: newName(), password }, from)],
        [refreshLimit, () => accounts.refreshSession({ refreshToken: 'x' }, from)],
      ] as const;
      for (const [limit, call] of calls) {
        const answers = await Promise.allSettled(Array.from({ length: limit.points + 1 }, call));
        const codes = answers.map((answer) => (answer as PromiseRejectedResult).reason.code);
        expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(1);
        expect((answers.at(-1) as PromiseRejectedResult).reason).toMatchObject(limited);
      }
      const elsewhere = { address: '127.0.0.2' };
      await accounts.register({ username: newName(), password }, elsewhere);
    });
  });
});

/** A store whose methods can be replaced. */
function pick(users: UserStore): UserStore {
  const { create, get, findByUsername, findByExternalSubject, findLogin } = users;
  const { putDevice, getDevice, revokeDevice, addRefreshToken, useRefreshToken, purgeRefreshTokens } = users;
  return {
    create,
    get,
    findByUsername,
    findByExternalSubject,
    findLogin,
    putDevice,
    getDevice,
    revokeDevice,
    addRefreshToken,
    useRefreshToken,
    purgeRefreshTokens,
  };
}
