import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Device } from '../../src/domain/user.ts';
import type { Ending } from '../../src/stores/account-control.ts';
import { at, aUser, describeDirectories, nextId, type OpenDirectory } from './directory-drivers.ts';

const passwordHash = 'hash';

describeDirectories('AccountControl', (open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  async function stored(count = 1): Promise<{ id: string; devices: Device[] }> {
    const { id } = await directory.users.create(aUser(), { passwordHash, externalSubject: null });
    const devices = Array.from({ length: count }, () => ({
      ...{ id: nextId(), userId: id, name: null, createdAt: at, lastUsedAt: at, revokedAt: null, sessionId: 'first' },
    }));
    for (const device of devices) await directory.devices.put(device, null);
    return { id, devices };
  }
  const revokedAt = async ({ id }: Device) => (await directory.devices.get(id))?.revokedAt;
  const account = (id: string) => directory.users.findAccount({ id });

  it('disables an account and ends its sessions, and enables it', async () => {
    const [bob, ann] = [await stored(2), await stored()];
    await directory.accountControl.disable(bob.id, at + 1);
    await directory.accountControl.disable(bob.id, at + 2);
    expect(await account(bob.id)).toMatchObject({ disabledAt: at + 1, signedOutAt: at + 2 });
    expect(await Promise.all([...bob.devices, ...ann.devices].map(revokedAt))).toEqual([at + 1, at + 1, null]);
    const device = { ...(bob.devices[0] as Device), sessionId: 'second' };
    expect(await directory.devices.put(device, null)).toBe(false);
    await directory.accountControl.enable(bob.id);
    expect(await account(bob.id)).toMatchObject({ disabledAt: null });
    expect(await directory.devices.put(device, null)).toBe(true);
  });

  it('records each ending with the devices that it ended, page by page', async () => {
    const [bob, ann] = [await stored(2), await stored()];
    const before = await directory.accountControl.lastEnding();
    await directory.accountControl.signOut(ann.id, at + 5);
    await directory.accountControl.signOut(null, at + 6);
    const [first, second] = await directory.accountControl.listEndings(before);
    expect([first, second]).toMatchObject([
      { userId: ann.id, at: at + 5 },
      { userId: null, at: at + 6 },
    ]);
    expect(await directory.accountControl.lastEnding()).toBe(second?.seq);
    expect(await directory.accountControl.listEndings(second?.seq ?? 0)).toEqual([]);
    const owned = ({ devices }: { devices: Device[] }) => devices.map(({ id, userId }) => ({ id, userId }));
    expect(await directory.accountControl.listEnded(first as Ending, null)).toEqual(owned(ann));
    const everybody = await directory.accountControl.listEnded(second as Ending, null);
    expect(everybody).toEqual(expect.arrayContaining(owned(bob)));
    const last = everybody.at(-1)?.id ?? '';
    expect(await directory.accountControl.listEnded(second as Ending, last)).toEqual([]);
  });

  it('replaces a password by a secret that works once', async () => {
    const bob = await stored();
    await directory.accountControl.startReset(bob.id, { passwordHash: 'secret', expiresAt: at + 100, at: at + 1 });
    expect(await account(bob.id)).toMatchObject({ passwordHash: 'secret', resetExpiresAt: at + 100 });
    expect(await revokedAt(bob.devices[0] as Device)).toBe(at + 1);
    expect(await directory.accountControl.useReset(bob.id, at + 99)).toBe(false);
    const uses = await Promise.all([1, 2, 3].map(() => directory.accountControl.useReset(bob.id, at + 100)));
    expect(uses.filter((isFirst) => isFirst)).toHaveLength(1);
    expect(await account(bob.id)).toMatchObject({ passwordHash: 'secret', resetExpiresAt: 0 });
  });

  it('changes a password once, and ends the sessions of the other devices', async () => {
    const bob = await stored(3);
    const [kept, ...others] = bob.devices as [Device, ...Device[]];
    const change = { from: passwordHash, to: 'new', keptId: kept.id, at: at + 1 };
    const ended = await directory.accountControl.changePassword(bob.id, change);
    expect(ended?.toSorted()).toEqual(others.map(({ id }) => id).toSorted());
    expect(await Promise.all(bob.devices.map(revokedAt))).toEqual([null, at + 1, at + 1]);
    expect(await account(bob.id)).toMatchObject({ passwordHash: 'new', resetExpiresAt: null });
    expect(await directory.accountControl.changePassword(bob.id, change)).toBeNull();
  });
});
