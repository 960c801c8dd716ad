/**
 * Access tokens: finds the user and device of a token, and checks that its session is still valid.
 *
 * A token is in one of these states on this instance:
 * - unknown: its signature is verified, and its session is looked up in the directory;
 * - good: its session was valid at the lookup. The token stays good until it expires or a change of its device becomes known, for an
 *   hour at most;
 * - unsure: its signature is valid, but the directory did not answer. It counts as good for `unsureForMs`, then it is looked up again;
 * - ended: its session is no longer valid. Ended tokens are not cached.
 *
 * Invariant: no token is cached because of a read that is older than a known change. Each change gets a number, and a read that a
 * change has overtaken is repeated.
 */
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { DomainError } from '../../domain/errors.ts';
import { type Clock, type DeviceId, isId, type Millis, type UserId } from '../../domain/ids.ts';
import type { Device, Viewer } from '../../domain/user.ts';
import type { Bus } from '../../pubsub/bus.ts';
import { topics } from '../../pubsub/topics.ts';
import type { DeviceStore } from '../../stores/device-store.ts';
import type { UserStore } from '../../stores/user-store.ts';
import type { AccessClaims, AccessTokens } from './access-tokens.ts';
import type { ExternalTokens } from './external-tokens.ts';
import { createExternalUsers } from './external-users.ts';

const knownTokensMax = 20_000;
const changedDevicesMax = 20_000;
/** Time for which a token is accepted while the directory cannot confirm its session. */
const unsureForMs = 10_000;
/** How exact the time of a device's last use is. */
const useRecordedEveryMs = 3_600_000;

/** A verified token, and the time until which the result is valid. */
interface KnownToken {
  readonly viewer: Viewer;
  readonly until: Millis;
}

export type TokenCheck = ReturnType<typeof createTokenCheck>;

export function createTokenCheck(ports: {
  users: UserStore;
  devices: DeviceStore;
  bus: Bus;
  accessTokens: AccessTokens | null;
  externalTokens: ExternalTokens | null;
  newId: () => string;
  clock: Clock;
  devicesPerUserMax: number;
}) {
  const { users, devices, bus, accessTokens, externalTokens, newId, clock, devicesPerUserMax } = ports;
  /** By the hash of the token, which is shorter and useless to a thief. */
  const knownTokens = new LRUCache<string, KnownToken>({ max: knownTokensMax });
  /** Devices whose session has changed, with the number of that change. */
  const changedDevices = new LRUCache<DeviceId, { readonly heard: number; readonly isRevoked: boolean }>({
    max: changedDevicesMax,
  });
  let heard = 0;
  const externalUsers = createExternalUsers({
    users,
    devices,
    newId,
    clock,
    devicesPerUserMax,
    isRevoked,
    onRenewed: (deviceId) => noteChanged(deviceId, false),
    onForgotten: (userId, deviceId) => announceEnd(userId, deviceId, true),
  });

  function announceEnd(userId: UserId, deviceId: DeviceId, isRevoked: boolean): void {
    bus.publish(topics.revocations, { userId, deviceId });
    noteChanged(deviceId, isRevoked);
  }

  async function revoke(userId: UserId, deviceId: DeviceId): Promise<void> {
    try {
      await devices.revoke(deviceId, clock());
    } finally {
      // Without an answer the session may have ended all the same, and a repeat of the call may find nothing left to do.
      announceEnd(userId, deviceId, true);
    }
  }

  function noteChanged(deviceId: DeviceId, isRevoked: boolean): void {
    heard += 1;
    changedDevices.set(deviceId, { heard, isRevoked });
    forgetTokens(deviceId);
  }

  function isRevoked(deviceId: DeviceId): boolean {
    return changedDevices.get(deviceId)?.isRevoked === true;
  }

  /** The number of the last known change of a device; 0 if none is known. */
  function heardAt(deviceId: DeviceId): number {
    return changedDevices.get(deviceId)?.heard ?? 0;
  }

  function forgetTokens(deviceId: DeviceId): void {
    // Changes are rare, and an index by device would slow down every request.
    for (const [tokenHash, { viewer }] of knownTokens.entries())
      if (viewer.deviceId === deviceId) knownTokens.delete(tokenHash);
  }

  /** Whether a token's session is still valid. `unknown`: the directory did not answer. */
  async function stateOf({
    deviceId,
    sessionId,
  }: Pick<AccessClaims, 'deviceId' | 'sessionId'>): Promise<'good' | 'ended' | 'unknown'> {
    try {
      for (;;) {
        const heardBefore = heard;
        const device = isId(deviceId) ? await devices.get(deviceId) : null;
        if (device === null || device.revokedAt !== null || device.sessionId !== sessionId) return 'ended';
        // A change that arrived during the read may be newer than the device that was read.
        if (heardAt(deviceId) > heardBefore) continue;
        if (isRevoked(deviceId)) noteChanged(deviceId, false);
        noteUse(device);
        return 'good';
      }
    } catch {
      return isRevoked(deviceId) ? 'ended' : 'unknown';
    }
  }

  function noteUse({ id, lastUsedAt }: Device): void {
    const now = clock();
    // For information, and so that the device is not forgotten: the next token makes up for a lost write.
    if (now - lastUsedAt >= useRecordedEveryMs) devices.touch(id, now).catch(() => {});
  }

  async function claimsOf(token: string): Promise<AccessClaims> {
    if (accessTokens !== null) {
      try {
        return await accessTokens.verify(token);
      } catch (error) {
        if (externalTokens === null) throw error;
      }
    }
    if (externalTokens === null) throw new DomainError('UNAUTHENTICATED', 'Access token is invalid.');
    return externalUsers.claimsOf(await externalTokens.verify(token));
  }

  return {
    /**
     * The user and device that a token names.
     *
     * @throws DomainError `UNAUTHENTICATED`: invalid, expired or revoked
     */
    async verify(token: string): Promise<Viewer> {
      const tokenHash = hash('sha256', token);
      const known = knownTokens.get(tokenHash);
      if (known !== undefined && known.until > clock()) return known.viewer;
      const { userId, deviceId, expiresAt, sessionId } = await claimsOf(token);
      for (;;) {
        const heardBefore = heard;
        const state = await stateOf({ deviceId, sessionId });
        if (state === 'ended') throw new DomainError('UNAUTHENTICATED', 'Session has expired or was revoked.');
        // Nothing waits from here to the caching. A change that was heard of since the lookup has no token to forget yet.
        if (heardAt(deviceId) > heardBefore) continue;
        const viewer = { userId, deviceId, expiresAt };
        // A token that lasts for longer is looked up again, so that its device's use is recorded.
        const until = Math.min(expiresAt, clock() + (state === 'good' ? useRecordedEveryMs : unsureForMs));
        knownTokens.set(tokenHash, { viewer, until });
        return viewer;
      }
    },

    /**
     * Notifies every instance that a session of a device ended: its sockets close, and its tokens are looked up again.
     *
     * @param isRevoked - false if the device has another session now
     */
    announceEnd,

    /** Ends the session of a device, and notifies every instance. */
    revoke,

    /** Follows revocations by other instances. Resolves when the subscription is active. */
    async watchRevocations(): Promise<() => void> {
      const stop = await bus.subscribe(topics.revocations, ({ deviceId }) => noteChanged(deviceId, true));
      // Hints sent during the interruption were lost, so every token is looked up again.
      const stopReconnect = bus.onReconnect(() => knownTokens.clear());
      return () => {
        stop();
        stopReconnect();
      };
    },
  };
}
