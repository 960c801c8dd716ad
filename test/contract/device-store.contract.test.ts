import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Device } from '../../src/domain/user.ts';
import type { RefreshState } from '../../src/stores/device-store.ts';
import { at, aUser, describeDirectories, nextId, type OpenDirectory } from './directory-drivers.ts';

const passwordHash = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$dGFn';
const day = 86_400_000;

describeDirectories('DeviceStore', (open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  const newUserId = async () => (await directory.users.create(aUser(), { passwordHash, externalSubject: null })).id;
  const aDevice = (userId: string, over: Partial<Device> = {}): Device => ({
    ...{ id: nextId(), userId, name: 'laptop', createdAt: at, lastUsedAt: at, revokedAt: null, sessionId: 'first' },
    ...over,
  });
  const aSession = (over: Partial<RefreshState> = {}): RefreshState => ({
    ...{ secret: `secret ${nextId()}`, startedAt: at, generation: 1, rotatedAt: at, expiresAt: at + day },
    ...over,
  });
  async function stored(over: Partial<Device> = {}, session: RefreshState | null = aSession()): Promise<Device> {
    const device = aDevice(over.userId ?? (await newUserId()), over);
    expect(await directory.devices.put(device, session)).toBe(true);
    return device;
  }
  const turn = ({ id, sessionId }: Device, generation: number) => ({
    ...{ deviceId: id, sessionId: sessionId as string, generation, at: at + 10, expiresAt: at + 2 * day },
  });

  it('keeps a device, renews it, and ends it', async () => {
    const device = await stored();
    expect(await directory.devices.get(device.id)).toEqual(device);
    await directory.devices.revoke(device.id, at + 5);
    await directory.devices.revoke(device.id, at + 9);
    expect(await directory.devices.get(device.id)).toEqual({ ...device, revokedAt: at + 5 });
    const renewed = { ...device, name: null, sessionId: 'second', createdAt: at + 10, lastUsedAt: at + 10 };
    const session = aSession();
    expect(await directory.devices.put(renewed, session)).toBe(true);
    const kept = { ...renewed, createdAt: at };
    expect(await directory.devices.get(device.id)).toEqual(kept);
    expect(await directory.devices.getForRefresh(device.id)).toEqual({ device: kept, refresh: session });
    expect(await directory.devices.get(nextId())).toBeNull();
    await directory.devices.revoke(nextId(), at);
  });

  it('adds a device once when calls race', async () => {
    const device = aDevice(await newUserId());
    const session = aSession();
    await Promise.all(Array.from({ length: 8 }, () => directory.devices.put(device, session)));
    expect(await directory.devices.get(device.id)).toEqual(device);
  });

  it("does not hand over another user's device", async () => {
    const device = await stored();
    const other = { ...device, userId: await newUserId() };
    await expect(directory.devices.put(other, aSession())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await directory.devices.get(device.id)).toEqual(device);
  });

  it('refuses to sign in unknown users, and users whose password has changed in the meantime', async () => {
    const device = aDevice(await newUserId());
    expect(await directory.devices.put(device, aSession(), { passwordHash: 'another' })).toBe(false);
    expect(await directory.devices.get(device.id)).toBeNull();
    expect(await directory.devices.put(device, aSession(), { passwordHash })).toBe(true);
    expect(await directory.devices.put(aDevice(nextId()), aSession())).toBe(false);
  });

  it('moves a session on once for each generation, also when calls race', async () => {
    const session = aSession();
    const device = await stored({}, session);
    const results = await Promise.all(Array.from({ length: 8 }, () => directory.devices.rotate(turn(device, 1))));
    expect(results.filter((hasMoved) => hasMoved)).toHaveLength(1);
    expect(await directory.devices.getForRefresh(device.id)).toEqual({
      device: { ...device, lastUsedAt: at + 10 },
      refresh: { ...session, generation: 2, rotatedAt: at + 10, expiresAt: at + 2 * day },
    });
    expect(await directory.devices.rotate(turn(device, 1))).toBe(false);
    expect(await directory.devices.rotate(turn(device, 3))).toBe(false);
    expect(await directory.devices.rotate(turn(device, 2))).toBe(true);
  });

  it('moves no session on that is not in force', async () => {
    const device = await stored();
    expect(await directory.devices.rotate(turn({ ...device, sessionId: 'earlier' }, 1))).toBe(false);
    expect(await directory.devices.rotate(turn({ ...device, id: nextId() }, 1))).toBe(false);
    await directory.devices.revoke(device.id, at);
    expect(await directory.devices.rotate(turn(device, 1))).toBe(false);
    const outside = await stored({ sessionId: null }, null);
    expect(await directory.devices.getForRefresh(outside.id)).toEqual({ device: outside, refresh: null });
    expect(await directory.devices.getForRefresh(nextId())).toBeNull();
  });

  it("lists a user's devices, the latest used first", async () => {
    const userId = await newUserId();
    const first = await stored({ userId });
    const second = await stored({ userId, lastUsedAt: at + 1 });
    await stored();
    expect(await directory.devices.listByUser(userId)).toEqual([second, first]);
    await directory.devices.touch(first.id, at + 2);
    await directory.devices.touch(first.id, at + 1);
    expect(await directory.devices.listByUser(userId)).toEqual([{ ...first, lastUsedAt: at + 2 }, second]);
    expect(await directory.devices.listByUser(nextId())).toEqual([]);
  });

  it('ends the sessions of all devices of a user but one', async () => {
    const userId = await newUserId();
    const [kept, ended, out, other] = [
      await stored({ userId }),
      await stored({ userId }),
      await stored({ userId, revokedAt: at }),
      await stored(),
    ];
    expect(await directory.devices.revokeOthers(userId, kept.id, at + 1)).toEqual([ended.id]);
    for (const device of [kept, other]) expect(await directory.devices.get(device.id)).toEqual(device);
    expect(await directory.devices.get(out.id)).toMatchObject({ revokedAt: at });
    expect(await directory.devices.revokeOthers(userId, null, at + 2)).toEqual([kept.id]);
    expect(await directory.devices.get(kept.id)).toMatchObject({ revokedAt: at + 2 });
  });

  it('forgets the devices past a number: those signed out, then those unused for longest', async () => {
    const userId = await newUserId();
    const [out, old, fresh] = [
      await stored({ userId, lastUsedAt: at + 5, revokedAt: at + 6 }),
      await stored({ userId, lastUsedAt: at + 1 }),
      await stored({ userId, lastUsedAt: at + 2 }),
    ];
    expect(await directory.devices.trim(userId, 3)).toEqual([]);
    expect(await directory.devices.trim(userId, 2)).toEqual([out.id]);
    // A log-out that is not remembered by its device any more is remembered by its user.
    expect(await directory.users.findAccount({ id: userId })).toMatchObject({ signedOutAt: at + 6 });
    expect(await directory.devices.trim(userId, 1)).toEqual([old.id]);
    expect(await directory.devices.listByUser(userId)).toEqual([fresh]);
    expect(await directory.users.findAccount({ id: userId })).toMatchObject({ signedOutAt: at + 6 });
  });

  it('forgets devices that are unused, but keeps a late log-out', async () => {
    const userId = await newUserId();
    const unused = Array.from({ length: 600 }, () => aDevice(userId, { lastUsedAt: at - 10 * day }));
    await Promise.all(unused.map((device) => directory.devices.put(device, null)));
    const out = await stored({ userId, lastUsedAt: at - 10 * day, revokedAt: at - 9 * day });
    const late = await stored({ userId, lastUsedAt: at - 10 * day, revokedAt: at - day });
    const used = await stored({ userId, lastUsedAt: at - 5 * day });
    await directory.devices.forgetUnused(at - 5 * day);
    expect(await directory.devices.listByUser(userId)).toEqual([used, late]);
    expect(await directory.devices.get(out.id)).toBeNull();
    expect(await directory.users.findAccount({ id: userId })).toMatchObject({ signedOutAt: at - 9 * day });
  });

  it('has all of it after it was closed and opened', async () => {
    const session = aSession();
    const device = await stored({}, session);
    await directory.reopen();
    expect(await directory.devices.getForRefresh(device.id)).toEqual({ device, refresh: session });
  });
});
