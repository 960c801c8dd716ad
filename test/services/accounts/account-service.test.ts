/** Who gets an account and into it, who is found, and how often anybody may try. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DomainError } from '../../../src/domain/errors.ts';
import { refreshLimit } from '../../../src/services/accounts/account-service.ts';
import { logInAddressLimit, registerLimit } from '../../../src/services/accounts/password-accounts.ts';
import { at, describeDirectories, nextId, type OpenDirectory } from '../../contract/directory-drivers.ts';
import {
  from,
  fromAddress,
  minute,
  newName,
  password,
  pick,
  plainPasswords,
  setUpAccounts,
  unauthenticated,
} from '../../support/accounts.ts';

describeDirectories('accounts', (open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  describe('registering', () => {
    it('opens a session of the new user', async () => {
      const { accounts, verify } = setUpAccounts(directory);
      const username = newName();
      const session = await accounts.register({ username, password, displayName: '  Ädä 🌻 ' }, from);
      expect(session.user).toMatchObject({ username, displayName: 'Ädä 🌻', createdAt: at });
      expect(session.accessTokenExpiresAt).toBe(Math.floor((at + 15 * minute) / 1000) * 1000);
      expect(await verify(session)).toEqual({
        userId: session.user.id,
        deviceId: session.deviceId,
        expiresAt: session.accessTokenExpiresAt,
      });
      expect(session.refreshToken).toMatch(/^\d+\.1\.[\w-]{43}$/);
      expect(await accounts.getUsers([session.user.id])).toEqual([session.user]);
    });

    it('shows the username where no other name is given', async () => {
      const { register } = setUpAccounts(directory);
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
      const { accounts } = setUpAccounts(directory);
      const answer = accounts.register({ username: newName(), password, ...input }, from);
      await expect(answer).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringContaining(field) });
    });

    it('takes names and passwords up to their bounds', async () => {
      const { accounts } = setUpAccounts(directory);
      const username = `${newName()}.A_-`.padEnd(32, 'x');
      const longest = `${'ab🌻'.repeat(85)}x`;
      await accounts.register({ username, password: longest, displayName: '🌻'.repeat(64) }, from);
      await accounts.logIn({ username, password: longest }, from);
      await expect(accounts.logIn({ username, password: `${longest}x` }, from)).rejects.toMatchObject(unauthenticated);
    });

    it('refuses a taken name in any case, before it makes a hash', async () => {
      const passwords = plainPasswords();
      const { register } = setUpAccounts(directory, { passwords });
      const { user } = await register();
      const hash = vi.spyOn(passwords, 'hash');
      await expect(register(user.username.toUpperCase())).rejects.toMatchObject({ code: 'USERNAME_TAKEN' });
      expect(hash).not.toHaveBeenCalled();
    });

    it('gives a name to one of several racing registrations', async () => {
      const { register } = setUpAccounts(directory);
      const username = newName();
      const results = await Promise.allSettled(Array.from({ length: 5 }, () => register(username)));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'USERNAME_TAKEN' });
      }
    });
  });

  describe('logging in', () => {
    it('does not reveal by its answer or its time whether the name or the password was wrong', async () => {
      const passwords = plainPasswords();
      const { accounts, register } = setUpAccounts(directory, { passwords });
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

    it("makes a password's hash again when its parameters are outdated", async () => {
      const passwords = plainPasswords();
      const { accounts, register } = setUpAccounts(directory, { passwords });
      const { user } = await register();
      passwords.isOutdated = (phc) => phc === `hash of ${password}`;
      passwords.hash = async (text) => `newer hash of ${text}`;
      await accounts.logIn({ username: user.username, password }, from);
      expect(await directory.users.findAccount({ id: user.id })).toMatchObject({
        passwordHash: `newer hash of ${password}`,
      });
    });

    it('is not counted as a failure when the server has no time to check the password', async () => {
      const passwords = plainPasswords();
      const { accounts, register } = setUpAccounts(directory, { passwords }, 1);
      const { username } = (await register()).user;
      const { verify } = passwords;
      passwords.verify = async () => {
        throw new DomainError('OVERLOADED', 'busy');
      };
      for (let count = 0; count < 20; count += 1)
        await expect(accounts.logIn({ username, password }, from)).rejects.toMatchObject({ code: 'OVERLOADED' });
      passwords.verify = verify;
      await accounts.logIn({ username, password }, from);
    });

    it('makes each login a device of its own', async () => {
      const { accounts, register, verify } = setUpAccounts(directory);
      const first = await register();
      const second = await accounts.logIn({ username: first.user.username.toUpperCase(), password }, from);
      expect(second.user).toEqual(first.user);
      expect(second.deviceId).not.toBe(first.deviceId);
      expect((await verify(first)).deviceId).toBe(first.deviceId);
    });

    it('reuses a device of the same user, and revokes its previous session', async () => {
      const { accounts, register, refresh, verify } = setUpAccounts(directory);
      const first = await register();
      await verify(first);
      const { username } = first.user;
      const again = await accounts.logIn(
        { username, password, deviceId: first.deviceId, deviceName: 'new name' },
        from,
      );
      expect(again.deviceId).toBe(first.deviceId);
      expect(await directory.devices.get(first.deviceId)).toMatchObject({ name: 'new name', revokedAt: null });
      await expect(verify(first)).rejects.toMatchObject(unauthenticated);
      // Neither use nor reuse of the old session's token reaches the new one.
      await expect(refresh(first)).rejects.toMatchObject(unauthenticated);
      await expect(refresh(first)).rejects.toMatchObject(unauthenticated);
      await verify(again);
      await verify(await refresh(again));
    });

    it('renews a device that was logged out, without bringing back the tokens it had', async () => {
      const { accounts, register, refresh, verify } = setUpAccounts(directory);
      const first = await register();
      await accounts.logOut(await verify(first));
      const again = await accounts.logIn({ username: first.user.username, password, deviceId: first.deviceId }, from);
      expect((await verify(again)).deviceId).toBe(first.deviceId);
      await expect(verify(first)).rejects.toMatchObject(unauthenticated);
      await expect(refresh(first)).rejects.toMatchObject(unauthenticated);
      await verify(again);
    });

    it("refuses a device that is unknown or another user's, in the same words", async () => {
      const { accounts, register } = setUpAccounts(directory);
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

  describe('changing a password', () => {
    it('needs the current one, and signs the other devices out', async () => {
      const { accounts, register, verify } = setUpAccounts(directory);
      const session = await register();
      const { username } = session.user;
      const other = await accounts.logIn({ username, password }, from);
      const viewer = await verify(session);
      const change = (currentPassword: string, newPassword: string) =>
        accounts.changePassword(viewer, { currentPassword, newPassword }, from);
      await expect(change('wrong horse', 'battery staple')).rejects.toMatchObject(unauthenticated);
      await expect(change(password, 'password')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      await change(password, 'battery staple');
      await verify(session);
      await expect(verify(other)).rejects.toMatchObject(unauthenticated);
      await expect(accounts.logIn({ username, password }, from)).rejects.toMatchObject(unauthenticated);
      await accounts.logIn({ username, password: 'battery staple' }, from);
    });
  });

  describe('devices of a user', () => {
    it('are listed and signed out by their user only', async () => {
      const { accounts, register, verify } = setUpAccounts(directory);
      const [session, stranger] = [await register(), await register()];
      const phone = await accounts.logIn({ username: session.user.username, password, deviceName: 'Phone' }, from);
      const viewer = await verify(session);
      expect((await accounts.listDevices(viewer)).map(({ id }) => id).toSorted()).toEqual(
        [session.deviceId, phone.deviceId].toSorted(),
      );
      for (const id of [stranger.deviceId, nextId(), 'no id'])
        await expect(accounts.revokeDevice(viewer, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await accounts.revokeDevice(viewer, phone.deviceId);
      await expect(verify(phone)).rejects.toMatchObject(unauthenticated);
      await verify(session);
    });
  });

  describe('users', () => {
    it('come in the order asked for, and from memory the second time', async () => {
      const stores = pick(directory);
      const { register } = setUpAccounts(stores);
      const [a, b] = [(await register()).user, (await register()).user];
      const { accounts } = setUpAccounts(stores);
      const get = vi.spyOn(stores.users, 'get');
      const ids = [b.id, nextId(), a.id, 'no id', '', b.id];
      expect(await accounts.getUsers(ids)).toEqual([b, null, a, null, null, b]);
      expect(await accounts.getUsers([a.id, b.id])).toEqual([a, b]);
      expect(get).toHaveBeenCalledTimes(1);
    });

    it('are found by id and by username', async () => {
      const { accounts, register } = setUpAccounts(directory);
      const { user } = await register();
      expect(await accounts.getUsers([nextId(), user.id, 'no id'])).toEqual([null, user, null]);
      expect(await accounts.findByUsername(user.username.toUpperCase())).toEqual(user);
      for (const name of ['nobody', '']) expect(await accounts.findByUsername(name)).toBeNull();
    });
  });

  describe('rate limits', () => {
    const limited = { code: 'RATE_LIMITED', retryable: true, details: { retryAfterMs: expect.any(Number) } };

    it('count by address', async () => {
      const { accounts } = setUpAccounts(directory, {}, 1);
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
      const elsewhere = fromAddress('127.0.0.2');
      await accounts.register({ username: newName(), password }, elsewhere);
    });
  });
});
