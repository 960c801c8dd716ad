/** Refresh tokens: each works once, and one that comes back ends its whole family. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../../src/services/accounts/account-service.ts';
import { at, directoryDrivers, type OpenDirectory } from '../../contract/directory-drivers.ts';
import { from, minute, password, pick, setUpAccounts, unauthenticated } from '../../support/accounts.ts';

describe.each(directoryDrivers)('accounts on %s', (_driver, open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  describe('refreshing', () => {
    it('gives new tokens of the same device, another each time', async () => {
      const { register, refresh, verify } = setUpAccounts(directory.users);
      const sessions = [await register()];
      for (let round = 0; round < 3; round += 1) sessions.push(await refresh(sessions.at(-1) as Session));
      expect(new Set(sessions.map(({ refreshToken }) => refreshToken)).size).toBe(4);
      expect(new Set(sessions.map(({ accessToken }) => accessToken)).size).toBe(4);
      expect(new Set(sessions.map(({ deviceId }) => deviceId)).size).toBe(1);
      for (const session of sessions) await verify(session);
    });

    it('signs the device out when a token comes back, and says so', async () => {
      const { accounts, register, refresh, verify, revocations } = setUpAccounts(directory.users);
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
        const { register, refresh, verify } = setUpAccounts(directory.users);
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
      const { register, refresh, verify, revocations } = setUpAccounts(users);
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
      const { accounts, register, refresh, time } = setUpAccounts(directory.users);
      const [late, unused] = [await register(), await register()];
      time.now += 60 * 24 * 60 * minute - 1;
      const renewed = await refresh(late);
      time.now += 1;
      await expect(refresh(unused)).rejects.toMatchObject(unauthenticated);
      await accounts.purge();
      await refresh(renewed);
    });

    it('knows no token it has not made', async () => {
      const { accounts } = setUpAccounts(directory.users);
      for (const refreshToken of ['', 'x', 'y'.repeat(100_000)]) {
        await expect(accounts.refreshSession({ refreshToken }, from)).rejects.toMatchObject(unauthenticated);
      }
    });
  });
});
