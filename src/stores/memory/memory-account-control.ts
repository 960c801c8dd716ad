/** Changes to whole accounts, in maps, for tests that are not about storage. All data ends with the process. */
import { compareIds, type DeviceId, type Millis, type UserId } from '../../domain/ids.ts';
import type { Device } from '../../domain/user.ts';
import type { AccountControl, Ending } from '../account-control.ts';
import type { RefreshState } from '../device-store.ts';
import type { Account } from '../user-store.ts';

const pageMax = 1_000;

/** @param accounts - shared with the stores of users and devices, as are `devices` */
export function createMemoryAccountControl(
  accounts: Map<UserId, Account>,
  devices: Map<DeviceId, { readonly device: Device; readonly refresh: RefreshState | null }>,
): AccountControl {
  const endings: Ending[] = [];

  function change(id: UserId, over: Partial<Account>): void {
    const account = accounts.get(id);
    if (account !== undefined) accounts.set(id, { ...account, ...over });
  }

  function revoke(isConcerned: (device: Device) => boolean, at: Millis): DeviceId[] {
    const concerned = [...devices.values()].filter(({ device }) => device.revokedAt === null && isConcerned(device));
    for (const { device, refresh } of concerned)
      devices.set(device.id, { device: { ...device, revokedAt: at }, refresh });
    return concerned.map(({ device }) => device.id);
  }

  function endSessions(userId: UserId | null, at: Millis): void {
    revoke((device) => userId === null || device.userId === userId, at);
    for (const id of userId === null ? accounts.keys() : [userId]) change(id, { signedOutAt: at });
    endings.push({ seq: endings.length + 1, userId, at });
  }

  return {
    async disable(id, at) {
      change(id, { disabledAt: accounts.get(id)?.disabledAt ?? at });
      endSessions(id, at);
    },
    enable: async (id) => change(id, { disabledAt: null }),
    signOut: async (id, at) => endSessions(id, at),

    async startReset(id, { passwordHash, expiresAt, at }) {
      change(id, { passwordHash, resetExpiresAt: expiresAt });
      endSessions(id, at);
    },

    async useReset(id, expiresAt) {
      if (accounts.get(id)?.resetExpiresAt !== expiresAt) return false;
      change(id, { resetExpiresAt: 0 });
      return true;
    },

    async changePassword(id, { from, to, keptId, at }) {
      if (accounts.get(id)?.passwordHash !== from) return null;
      change(id, { passwordHash: to, resetExpiresAt: null });
      return revoke((device) => device.userId === id && device.id !== keptId, at);
    },

    lastEnding: async () => endings.length,
    listEndings: async (after) => endings.slice(after, after + pageMax),

    listEnded: async ({ userId, at }, afterId) =>
      [...devices.values()]
        .map(({ device }) => device)
        .filter((device) => device.revokedAt === at && (userId === null || device.userId === userId))
        .filter(({ id }) => afterId === null || compareIds(id, afterId) > 0)
        .sort((a, b) => compareIds(a.id, b.id))
        .slice(0, pageMax)
        .map(({ id, userId: ownerId }) => ({ id, userId: ownerId })),
  };
}
