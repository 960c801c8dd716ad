/** Devices in a map, for tests that are not about storage. All data ends with the process. */
import { DomainError } from '../../domain/errors.ts';
import { compareIds, type DeviceId, type UserId } from '../../domain/ids.ts';
import type { Device } from '../../domain/user.ts';
import type { DeviceStore, RefreshState } from '../device-store.ts';
import type { Account } from '../user-store.ts';

/** Devices by id. */
export type DeviceEntries = Map<DeviceId, Entry>;

interface Entry {
  readonly device: Device;
  readonly refresh: RefreshState | null;
}

/** @param accounts - shared with the store of the users; `entries` with the changes to whole accounts */
export function createMemoryDeviceStore(accounts: Map<UserId, Account>, entries: DeviceEntries): DeviceStore {
  const ofUser = (userId: UserId) =>
    [...entries.values()].map(({ device }) => device).filter((device) => device.userId === userId);

  function change(id: DeviceId, over: Partial<Device>): void {
    const entry = entries.get(id);
    if (entry !== undefined) entries.set(id, { ...entry, device: { ...entry.device, ...over } });
  }

  function forget({ id, userId, revokedAt }: Device): void {
    entries.delete(id);
    const account = accounts.get(userId);
    if (revokedAt === null || account === undefined) return;
    accounts.set(userId, { ...account, signedOutAt: Math.max(account.signedOutAt ?? 0, revokedAt) });
  }

  return {
    async put(device, refresh, requirement) {
      const account = accounts.get(device.userId);
      if (account === undefined || account.disabledAt !== null) return false;
      if (requirement !== undefined && account.passwordHash !== requirement.passwordHash) return false;
      const known = entries.get(device.id)?.device;
      if (known !== undefined && known.userId !== device.userId) {
        throw new DomainError('NOT_FOUND', 'Device not found for this user.');
      }
      entries.set(device.id, { device: { ...device, createdAt: known?.createdAt ?? device.createdAt }, refresh });
      return true;
    },

    get: async (id) => entries.get(id)?.device ?? null,
    listByUser: async (userId) => ofUser(userId).sort(latestFirst),

    async touch(id, at) {
      if ((entries.get(id)?.device.lastUsedAt ?? at) < at) change(id, { lastUsedAt: at });
    },

    getForRefresh: async (id) => entries.get(id) ?? null,

    async rotate({ deviceId, sessionId, generation, at, expiresAt }) {
      const { device, refresh } = entries.get(deviceId) ?? {};
      if (device?.sessionId !== sessionId || device.revokedAt !== null || refresh?.generation !== generation)
        return false;
      if (accounts.get(device.userId)?.disabledAt !== null) return false;
      const next = { ...refresh, generation: generation + 1, rotatedAt: at, expiresAt };
      entries.set(deviceId, { device: { ...device, lastUsedAt: at }, refresh: next });
      return true;
    },

    async revoke(id, at) {
      if (entries.get(id)?.device.revokedAt === null) change(id, { revokedAt: at });
    },

    async revokeOthers(userId, keptId, at) {
      const ended = ofUser(userId).filter(({ id, revokedAt }) => id !== keptId && revokedAt === null);
      for (const { id } of ended) change(id, { revokedAt: at });
      return ended.map(({ id }) => id);
    },

    async trim(userId, max) {
      const isOut = ({ revokedAt }: Device) => Number(revokedAt !== null);
      const inOrder = ofUser(userId).sort((a, b) => isOut(a) - isOut(b) || latestFirst(a, b));
      const forgotten = inOrder.slice(max);
      for (const device of forgotten) forget(device);
      return forgotten.map(({ id }) => id);
    },

    async forgetUnused(before) {
      for (const { device } of entries.values()) {
        const { lastUsedAt, revokedAt } = device;
        if (lastUsedAt < before && (revokedAt === null || revokedAt < before)) forget(device);
      }
    },
  };
}

function latestFirst(a: Device, b: Device): number {
  return b.lastUsedAt - a.lastUsedAt || compareIds(b.id, a.id);
}
