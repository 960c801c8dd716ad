/** Users, devices and refresh tokens in maps, for tests that are not about storage. All data ends with the process. */
import { DomainError } from '../../domain/errors.ts';
import type { DeviceId, Millis, UserId } from '../../domain/ids.ts';
import { type Device, foldUsername, type User } from '../../domain/user.ts';
import type { RefreshToken, UserStore } from '../user-store.ts';

interface Login {
  readonly user: User;
  readonly passwordHash: string | null;
}

export function createMemoryUserStore(): UserStore {
  const logins = new Map<UserId, Login>();
  const idByName = new Map<string, UserId>();
  const idBySubject = new Map<string, UserId>();
  const devices = new Map<DeviceId, Device>();
  const tokens = new Map<string, { token: RefreshToken; usedAt: Millis | null }>();

  const userOf = (id: UserId | undefined) => (id === undefined ? undefined : logins.get(id))?.user ?? null;

  return {
    async create(user, { passwordHash, externalSubject }) {
      const known = externalSubject === null ? null : userOf(idBySubject.get(externalSubject));
      if (known !== null) return known;
      const key = foldUsername(user.username);
      if (idByName.has(key)) throw new DomainError('USERNAME_TAKEN', 'Username is taken.');
      idByName.set(key, user.id);
      if (externalSubject !== null) idBySubject.set(externalSubject, user.id);
      logins.set(user.id, { user, passwordHash });
      return user;
    },

    get: async (ids) => ids.map((id) => userOf(id)),
    findByUsername: async (username) => userOf(idByName.get(foldUsername(username))),
    findByExternalSubject: async (subject) => userOf(idBySubject.get(subject)),

    async findLogin(username) {
      const id = idByName.get(foldUsername(username));
      return id === undefined ? null : (logins.get(id) ?? null);
    },

    async putDevice(device) {
      const known = devices.get(device.id);
      if (known !== undefined && known.userId !== device.userId) {
        throw new DomainError('NOT_FOUND', 'Device not found for this user.');
      }
      devices.set(device.id, { ...device, createdAt: known?.createdAt ?? device.createdAt });
    },

    getDevice: async (id) => devices.get(id) ?? null,

    async revokeDevice(id, at) {
      const device = devices.get(id);
      if (device !== undefined && device.revokedAt === null) devices.set(id, { ...device, revokedAt: at });
      for (const entry of tokens.values()) if (entry.token.deviceId === id) entry.usedAt ??= at;
    },

    async addRefreshToken(token) {
      tokens.set(token.hash, { token, usedAt: null });
    },

    async useRefreshToken(hash, at) {
      const entry = tokens.get(hash);
      if (entry === undefined) return null;
      const outcome = entry.usedAt === null ? 'used' : 'reused';
      entry.usedAt ??= at;
      return { outcome, token: entry.token };
    },

    async purgeRefreshTokens(before) {
      for (const [hash, { token }] of tokens) if (token.expiresAt < before) tokens.delete(hash);
    },
  };
}
