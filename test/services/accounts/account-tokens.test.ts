/** Access tokens: which count, and from when on they do not. */
import { createHmac, randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DomainError } from '../../../src/domain/errors.ts';
import { topics } from '../../../src/pubsub/topics.ts';
import type { Session } from '../../../src/services/accounts/account-service.ts';
import { at, describeDirectories, type OpenDirectory } from '../../contract/directory-drivers.ts';
import { from, password, pick, secret, setUpAccounts, unauthenticated } from '../../support/accounts.ts';

/** A token put together by hand. */
function forge(header: object, claims: object, sign: (content: string) => string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${part(header)}.${part(claims)}`;
  return `${content}.${sign(content)}`;
}

describeDirectories('accounts', (open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  describe('tokens', () => {
    it('end with their time, also when they were seen before', async () => {
      const { register, verify, time } = setUpAccounts(directory);
      const [seen, unseen] = [await register(), await register()];
      time.now = seen.accessTokenExpiresAt - 1;
      await verify(seen);
      time.now += 1;
      for (const session of [seen, unseen]) await expect(verify(session)).rejects.toMatchObject(unauthenticated);
    });

    it('end with the log-out, immediately on every instance', async () => {
      const here = setUpAccounts(directory);
      const there = setUpAccounts(directory, { bus: here.bus });
      const stop = await there.accounts.watchRevocations();
      const session = await here.register();
      await there.verify(session);
      await here.accounts.logOut(await here.verify(session));
      for (const instance of [here, there]) {
        await expect(instance.verify(session)).rejects.toMatchObject(unauthenticated);
        await expect(instance.refresh(session)).rejects.toMatchObject(unauthenticated);
      }
      expect(here.revocations).toEqual([{ userId: session.user.id, deviceId: session.deviceId }]);
      // Signing in again works even on instances that do not know of the log-out.
      const again = await here.accounts.logIn(
        { username: session.user.username, password, deviceId: session.deviceId },
        from,
      );
      await there.verify(again);
      stop();
    });

    it('are not taken when a log-out is heard of while the device is looked up', async () => {
      let onRead = async () => {};
      const stores = pick(directory);
      stores.devices.get = async (id) => {
        const device = await directory.devices.get(id);
        await onRead();
        return device;
      };
      const { accounts, register, verify } = setUpAccounts(stores);
      const session = await register();
      onRead = async () => {
        onRead = async () => {};
        await accounts.logOut({ userId: session.user.id, deviceId: session.deviceId, expiresAt: 0 });
      };
      await expect(verify(session)).rejects.toMatchObject(unauthenticated);
      await expect(verify(session)).rejects.toMatchObject(unauthenticated);
    });

    it('are not cached when a log-out is heard of right after the lookup', async () => {
      for (let turns = 0; turns < 12; turns += 1) {
        const stores = pick(directory);
        const { bus, register, verify, accounts } = setUpAccounts(stores);
        const stop = await accounts.watchRevocations();
        const session = await register();
        const { deviceId, user } = session;
        let heard = Promise.resolve();
        stores.devices.get = async (id) => {
          const device = await directory.devices.get(id);
          await directory.devices.revoke(id, at);
          for (let turn = 0; turn < turns; turn += 1) heard = heard.then(() => {});
          heard = heard.then(() => bus.publish(topics.revocations, { userId: user.id, deviceId }));
          return device;
        };
        await verify(session).catch(() => {});
        await heard;
        await expect(verify(session)).rejects.toMatchObject(unauthenticated);
        stop();
      }
    });

    it('are not cached if their device logs in again during the lookup, and the new ones are', async () => {
      let onRead = async () => {};
      const stores = pick(directory);
      stores.devices.get = async (id) => {
        const device = await directory.devices.get(id);
        await onRead();
        return device;
      };
      const { accounts, bus, register, verify, revocations } = setUpAccounts(stores);
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

    it('are verified once, not on every request', async () => {
      const stores = pick(directory);
      const { register, verify } = setUpAccounts(stores);
      const session = await register();
      const getDevice = vi.spyOn(stores.devices, 'get');
      for (let round = 0; round < 5; round += 1) await verify(session);
      expect(getDevice).toHaveBeenCalledTimes(1);
    });

    it('work for a while when the directory is unavailable, and are checked again when it is back', async () => {
      const stores = pick(directory);
      const { register, verify, time } = setUpAccounts(stores);
      const [session, ended] = [await register(), await register()];
      await directory.devices.revoke(ended.deviceId, at);
      const { get } = stores.devices;
      stores.devices.get = async () => {
        throw new DomainError('UNAVAILABLE', 'away');
      };
      await verify(session);
      await verify(ended);
      stores.devices.get = get;
      time.now += 10_001;
      await verify(session);
      await expect(verify(ended)).rejects.toMatchObject(unauthenticated);
    });

    it('stay revoked while the directory is unavailable, on instances that know of it', async () => {
      const stores = pick(directory);
      const { accounts, register, verify } = setUpAccounts(stores);
      const session = await register();
      await accounts.logOut(await verify(session));
      stores.devices.get = async () => {
        throw new DomainError('UNAVAILABLE', 'away');
      };
      await expect(verify(session)).rejects.toMatchObject(unauthenticated);
    });

    it('count only when made by us, in the one way we make them', async () => {
      const { accounts, register } = setUpAccounts(directory);
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
});
