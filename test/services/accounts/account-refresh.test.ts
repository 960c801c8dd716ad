/** Refresh tokens: each has one successor, and late reuse revokes its session. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../../src/services/accounts/account-service.ts';
import { createSigningKeys } from '../../../src/services/accounts/signing-keys.ts';
import { describeDirectories, type OpenDirectory } from '../../contract/directory-drivers.ts';
import {
  accountSettings,
  day,
  from,
  minute,
  password,
  pick,
  secret,
  setUpAccounts,
  unauthenticated,
} from '../../support/accounts.ts';

describeDirectories('accounts', (open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  const reuseMs = accountSettings.refreshReuseMs;

  describe('refreshing', () => {
    it('gives new tokens of the same device, another each time', async () => {
      const { register, refresh, verify } = setUpAccounts(directory);
      const sessions = [await register()];
      for (let round = 0; round < 3; round += 1) sessions.push(await refresh(sessions.at(-1) as Session));
      expect(new Set(sessions.map(({ refreshToken }) => refreshToken)).size).toBe(4);
      expect(new Set(sessions.map(({ accessToken }) => accessToken)).size).toBe(4);
      expect(new Set(sessions.map(({ deviceId }) => deviceId)).size).toBe(1);
      for (const session of sessions) await verify(session);
    });

    it('gives the same successor again for a while, on every instance', async () => {
      const here = setUpAccounts(directory);
      const there = setUpAccounts(directory);
      const first = await here.register();
      const second = await here.refresh(first);
      for (const { time, refresh, verify } of [here, there]) {
        time.now += reuseMs - 1;
        const again = await refresh(first);
        expect(again.refreshToken).toBe(second.refreshToken);
        await verify(again);
      }
      await here.verify(await here.refresh(second));
      expect(here.revocations).toEqual([]);
    });

    it('gives all racing callers one successor', async () => {
      const { register, refresh, verify, revocations } = setUpAccounts(directory);
      const session = await register();
      const renewed = await Promise.all(Array.from({ length: 8 }, () => refresh(session)));
      expect(new Set(renewed.map(({ refreshToken }) => refreshToken)).size).toBe(1);
      for (const one of renewed) await verify(one);
      expect(revocations).toEqual([]);
    });

    it('is safe to repeat when its outcome is unknown', async () => {
      const stores = pick(directory);
      const { register, refresh, verify } = setUpAccounts(stores);
      const session = await register();
      const { rotate } = stores.devices;
      stores.devices.rotate = async (turn) => {
        stores.devices.rotate = rotate;
        await rotate(turn);
        throw new Error('the answer is lost');
      };
      await expect(refresh(session)).rejects.toThrow('lost');
      await verify(await refresh(await refresh(session)));
    });

    it.each([
      ['after that', reuseMs, 1],
      ['when its successor was used', 0, 2],
    ])('signs the device out when a token comes back %s, and says so', async (_when, waitMs, rounds) => {
      const events: string[] = [];
      const onSecurityEvent = ({ name }: { name: string }) => void events.push(name);
      const { accounts, register, refresh, verify, revocations, time } = setUpAccounts(directory, { onSecurityEvent });
      const first = await register();
      const elsewhere = await accounts.logIn({ username: first.user.username, password }, from);
      const sessions = [first];
      for (let round = 0; round < rounds; round += 1) sessions.push(await refresh(sessions.at(-1) as Session));
      await verify(sessions.at(-1) as Session);
      time.now += waitMs;
      await expect(refresh(first)).rejects.toMatchObject(unauthenticated);
      expect(revocations).toEqual([{ userId: first.user.id, deviceId: first.deviceId }]);
      for (const session of sessions) {
        await expect(refresh(session)).rejects.toMatchObject(unauthenticated);
        await expect(verify(session)).rejects.toMatchObject(unauthenticated);
      }
      // Other devices are not concerned.
      await verify(await refresh(elsewhere));
      expect(revocations).toHaveLength(1);
      expect(events.filter((name) => name === 'refresh-reused')).toHaveLength(1);
    });

    it('with no time for reuse signs the device out at the second use', async () => {
      const settings = { ...accountSettings, refreshReuseMs: 0 };
      const { register, refresh, verify, revocations } = setUpAccounts(directory, { settings });
      const first = await register();
      const second = await refresh(first);
      await expect(refresh(first)).rejects.toMatchObject(unauthenticated);
      for (const session of [first, second]) await expect(verify(session)).rejects.toMatchObject(unauthenticated);
      expect(revocations).toHaveLength(1);
    });

    it('ends when the device is unused, and the device is forgotten', async () => {
      const { accounts, register, refresh, time } = setUpAccounts(directory);
      const [late, unused] = [await register(), await register()];
      time.now += 60 * day - 1;
      const renewed = await refresh(late);
      time.now += 1;
      await expect(refresh(unused)).rejects.toMatchObject(unauthenticated);
      time.now += 1;
      await accounts.purge();
      expect(await directory.devices.get(unused.deviceId)).toBeNull();
      await refresh(renewed);
    });

    it('ends with the maximum age of a session, and so do access tokens, until the next log-in', async () => {
      const settings = { ...accountSettings, sessionMaxMs: 2 * day };
      const { accounts, register, refresh, verify, time } = setUpAccounts(directory, { settings });
      let session = await register();
      const endsAt = time.now + 2 * day;
      for (const waitMs of [day, day - 5 * minute]) {
        time.now += waitMs;
        session = await refresh(session);
      }
      expect(session.accessTokenExpiresAt).toBe(Math.floor(endsAt / 1000) * 1000);
      time.now = endsAt;
      await expect(refresh(session)).rejects.toMatchObject(unauthenticated);
      await expect(verify(session)).rejects.toMatchObject(unauthenticated);
      const { username } = session.user;
      const again = await accounts.logIn({ username, password, deviceId: session.deviceId }, from);
      time.now += day;
      await verify(await refresh(again));
    });

    it('has no end without a maximum age', async () => {
      const settings = { ...accountSettings, sessionMaxMs: 0 };
      const { register, refresh, time } = setUpAccounts(directory, { settings });
      let session = await register();
      for (let month = 0; month < 24; month += 1) {
        time.now += 30 * day;
        session = await refresh(session);
      }
    });

    it('ends with a change of the signing key, unless the earlier one still counts', async () => {
      const other = randomBytes(32);
      const before = setUpAccounts(directory);
      const session = await before.register();
      const changed = setUpAccounts(directory, { signingKeys: createSigningKeys([other]) });
      const rotated = setUpAccounts(directory, { signingKeys: createSigningKeys([other, secret]) });
      await expect(changed.refresh(session)).rejects.toMatchObject(unauthenticated);
      await expect(changed.verify(session)).rejects.toMatchObject(unauthenticated);
      await rotated.verify(session);
      const renewed = await rotated.refresh(session);
      // New tokens are of the new key.
      await changed.verify(renewed);
      await changed.refresh(renewed);
      await expect(before.verify(renewed)).rejects.toMatchObject(unauthenticated);
    });

    it('knows no token it has not made, and none of them ends a session', async () => {
      const { accounts, register, refresh, revocations } = setUpAccounts(directory);
      const [session, other] = [await register(), await register()];
      const [device, generation, code] = session.refreshToken.split('.') as [string, string, string];
      const forged = [
        '',
        'x',
        'y'.repeat(100_000),
        `${device}.2.${code}`,
        `${device}.${generation}.${'A'.repeat(43)}`,
        `${other.deviceId}.${generation}.${code}`,
        `${device}.${generation}`,
        `0${session.refreshToken}`,
        `9${'9'.repeat(18)}.1.${code}`,
        session.accessToken,
      ];
      for (const refreshToken of forged)
        await expect(accounts.refreshSession({ refreshToken }, from)).rejects.toMatchObject(unauthenticated);
      expect(revocations).toEqual([]);
      await refresh(session);
    });
  });

  describe('devices', () => {
    it('are as many as a user may have, and a further one replaces the one unused for longest', async () => {
      const settings = { ...accountSettings, devicesPerUserMax: 3 };
      const { accounts, register, refresh, verify, revocations, time } = setUpAccounts(directory, { settings });
      const first = await register();
      const { username, id } = first.user;
      const logIn = (deviceId: string | null = null) => accounts.logIn({ username, password, deviceId }, from);
      time.now += 1;
      const second = await logIn();
      time.now += 1;
      const third = await logIn();
      time.now += 1;
      await refresh(first);
      await verify(second);
      await logIn(third.deviceId);
      expect(await directory.devices.listByUser(id)).toHaveLength(3);
      time.now += 1;
      revocations.length = 0;
      await logIn();
      expect(revocations).toEqual([{ userId: id, deviceId: second.deviceId }]);
      await expect(verify(second)).rejects.toMatchObject(unauthenticated);
      await expect(refresh(second)).rejects.toMatchObject(unauthenticated);
      await verify(first);
      for (let round = 0; round < 5; round += 1) await logIn();
      expect(await directory.devices.listByUser(id)).toHaveLength(3);
    });
  });
});
