import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../src/domain/user.ts';
import type { RefreshToken } from '../../src/stores/user-store.ts';
import { at, aUser, directoryDrivers, nextId, type OpenDirectory } from './directory-drivers.ts';

const local = { passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$dGFn', externalSubject: null };
const outside = (externalSubject: string) => ({ passwordHash: null, externalSubject });

function aDevice(userId: string, over: Partial<Device> = {}): Device {
  return { id: nextId(), userId, name: 'laptop', createdAt: at, revokedAt: null, sessionId: null, ...over };
}

function aToken(device: Device, over: Partial<RefreshToken> = {}): RefreshToken {
  const id = nextId();
  const { userId } = device;
  return { hash: `hash-${id}`, userId, deviceId: device.id, familyId: 'family', expiresAt: at + 1_000, ...over };
}

describe.each(directoryDrivers)('UserStore on %s', (_driver, open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  async function storedDevice(over: Partial<Device> = {}): Promise<Device> {
    const user = await directory.users.create(aUser(), local);
    const device = aDevice(user.id, over);
    await directory.users.putDevice(device);
    return device;
  }

  it('gives users back as they were made, in the order asked for', async () => {
    const [a, b] = [aUser(), aUser()];
    expect(await directory.users.create(a, local)).toEqual(a);
    await directory.users.create(b, local);
    expect(await directory.users.get([b.id, nextId(), a.id, b.id])).toEqual([b, null, a, b]);
    expect(await directory.users.get([])).toEqual([]);
  });

  it('tells apart ids that a float cannot', async () => {
    const [a, b] = [aUser(), aUser()];
    expect(Number(a.id)).toBe(Number(b.id));
    await directory.users.create(a, local);
    expect(await directory.users.get([a.id, b.id])).toEqual([a, null]);
  });

  it('gets more users at once than a statement has room for', async () => {
    const user = await directory.users.create(aUser(), local);
    const ids = [...Array.from({ length: 40_000 }, () => nextId()), user.id];
    const found = await directory.users.get(ids);
    expect(found).toHaveLength(ids.length);
    expect(found.filter((one) => one !== null)).toEqual([user]);
  });

  it('finds users by name without regard to case', async () => {
    const user = await directory.users.create(aUser({ username: 'Ada.Lovelace' }), local);
    expect(await directory.users.findByUsername('aDA.lOVELACE')).toEqual(user);
    expect(await directory.users.findLogin('ada.lovelace')).toEqual({ user, passwordHash: local.passwordHash });
    expect(await directory.users.findByUsername('ada')).toBeNull();
    expect(await directory.users.findLogin('ada%')).toBeNull();
  });

  it('gives a name to one of those who race for it', async () => {
    const names = ['Grace', 'grace', 'GRACE', 'gRace'];
    const results = await Promise.allSettled(
      names.map((username) => directory.users.create(aUser({ username }), local)),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: 'USERNAME_TAKEN', retryable: false });
    }
  });

  it('leaves nothing of a user whose name was taken', async () => {
    const [first, second] = [aUser({ username: 'hopper' }), aUser({ username: 'HOPPER' })];
    await directory.users.create(first, local);
    await expect(directory.users.create(second, outside('idp|hopper'))).rejects.toMatchObject({
      code: 'USERNAME_TAKEN',
    });
    expect(await directory.users.get([second.id])).toEqual([null]);
    expect(await directory.users.findByExternalSubject('idp|hopper')).toBeNull();
  });

  it('gives an outside subject one user, whoever comes first', async () => {
    const drafts = [aUser(), aUser(), aUser()];
    const made = await Promise.all(drafts.map((user) => directory.users.create(user, outside('idp|7'))));
    const [first] = made;
    expect(made).toEqual([first, first, first]);
    expect(await directory.users.findByExternalSubject('idp|7')).toEqual(first);
    expect(await directory.users.findLogin(first?.username ?? '')).toEqual({ user: first, passwordHash: null });
    const others = drafts.filter(({ id }) => id !== first?.id);
    expect(await directory.users.get(others.map(({ id }) => id))).toEqual([null, null]);
    expect(await directory.users.findByExternalSubject('IDP|7')).toBeNull();
  });

  it('keeps a device, renews it, and ends it', async () => {
    const device = await storedDevice();
    expect(await directory.users.getDevice(device.id)).toEqual(device);
    await directory.users.revokeDevice(device.id, at + 5);
    await directory.users.revokeDevice(device.id, at + 9);
    expect(await directory.users.getDevice(device.id)).toEqual({ ...device, revokedAt: at + 5 });
    const renewed = { ...device, name: null, sessionId: 'second', createdAt: at + 10 };
    await directory.users.putDevice(renewed);
    expect(await directory.users.getDevice(device.id)).toEqual({ ...renewed, createdAt: at });
    expect(await directory.users.getDevice(nextId())).toBeNull();
    await directory.users.revokeDevice(nextId(), at);
  });

  it('adds a device once when calls race', async () => {
    const user = await directory.users.create(aUser(), local);
    const device = aDevice(user.id);
    await Promise.all(Array.from({ length: 8 }, () => directory.users.putDevice(device)));
    expect(await directory.users.getDevice(device.id)).toEqual(device);
  });

  it("does not hand over another user's device", async () => {
    const device = await storedDevice();
    const other = await directory.users.create(aUser(), local);
    await expect(directory.users.putDevice({ ...device, userId: other.id })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await directory.users.getDevice(device.id)).toEqual(device);
  });

  it('lets a refresh token be used once, also when calls race', async () => {
    const token = aToken(await storedDevice());
    await directory.users.addRefreshToken(token);
    const results = await Promise.all(
      Array.from({ length: 8 }, () => directory.users.useRefreshToken(token.hash, at + 1)),
    );
    expect(results.filter((result) => result?.outcome === 'used')).toHaveLength(1);
    expect(results.filter((result) => result?.outcome === 'reused')).toHaveLength(7);
    for (const result of results) expect(result?.token).toEqual(token);
    expect(await directory.users.useRefreshToken('unknown', at)).toBeNull();
  });

  it("ends a device's refresh tokens with it, and no others", async () => {
    const [device, other] = [await storedDevice(), await storedDevice()];
    const [ended, kept] = [aToken(device), aToken(other)];
    await directory.users.addRefreshToken(ended);
    await directory.users.addRefreshToken(kept);
    await directory.users.revokeDevice(device.id, at);
    expect(await directory.users.useRefreshToken(ended.hash, at)).toMatchObject({ outcome: 'reused' });
    expect(await directory.users.useRefreshToken(kept.hash, at)).toMatchObject({ outcome: 'used' });
  });

  it('forgets tokens that ended, and keeps used ones until then', async () => {
    const device = await storedDevice();
    const [over, good] = [aToken(device, { expiresAt: at - 1 }), aToken(device, { expiresAt: at })];
    for (const token of [over, good]) {
      await directory.users.addRefreshToken(token);
      await directory.users.useRefreshToken(token.hash, at - 10);
    }
    await directory.users.purgeRefreshTokens(at);
    expect(await directory.users.useRefreshToken(over.hash, at)).toBeNull();
    expect(await directory.users.useRefreshToken(good.hash, at)).toMatchObject({ outcome: 'reused' });
  });

  it('has all of it after it was closed and opened', async () => {
    const device = await storedDevice({ sessionId: 'first' });
    const token = aToken(device);
    await directory.users.addRefreshToken(token);
    const [before] = await directory.users.get([device.userId]);
    await directory.reopen();
    expect(await directory.users.get([device.userId])).toEqual([before]);
    expect(await directory.users.getDevice(device.id)).toEqual(device);
    expect(await directory.users.useRefreshToken(token.hash, at)).toEqual({ outcome: 'used', token });
  });
});
