/**
 * Users of an identity provider: finds the user and the device of one of its tokens. A user is created when the provider's subject
 * is first seen, and a device when its key is first seen.
 *
 * The provider keeps the sessions, so a device is in one of these states:
 * - unnamed: it was never logged out, its session has no name, and every token of the provider is valid;
 * - logged out: earlier tokens stay revoked, even if the provider's expiry time is later;
 * - renewed: the user signed in at the provider after the logout. The session is named after the time of the logout, and only
 *   later tokens belong to it.
 *
 * Invariants: a subject is always the same user, even if the provider changes its name; a device key is one device of that user.
 * Cached devices are valid until they are logged out.
 */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { DomainError } from '../../domain/errors.ts';
import type { Clock, DeviceId, UserId } from '../../domain/ids.ts';
import type { User } from '../../domain/user.ts';
import type { DeviceStore } from '../../stores/device-store.ts';
import type { UserStore } from '../../stores/user-store.ts';
import type { AccessClaims } from './access-tokens.ts';
import type { ExternalIdentity } from './external-tokens.ts';
import { toName } from './names.ts';
import { sessionEnded } from './sessions.ts';

interface ExternalDevice {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly sessionId: string | null;
}

export function createExternalUsers(ports: {
  users: UserStore;
  devices: DeviceStore;
  newId: () => string;
  clock: Clock;
  devicesPerUserMax: number;
  /** Whether the device was logged out, as far as this instance knows. */
  isRevoked: (deviceId: DeviceId) => boolean;
  /** Called when a logged-out device has a session again. */
  onRenewed: (deviceId: DeviceId) => void;
  /** Called when a device was removed to make room for another one. */
  onForgotten: (userId: UserId, deviceId: DeviceId) => void;
}) {
  const { users, devices, newId, clock, devicesPerUserMax, isRevoked, onRenewed, onForgotten } = ports;
  const externalDevices = new LRUCache<string, ExternalDevice>({ max: 20_000 });

  /** The user and device of an external identity, created when it is first seen. */
  async function provision({ subject, deviceKey, issuedAt, ...names }: ExternalIdentity): Promise<ExternalDevice> {
    const key = JSON.stringify([subject, deviceKey]);
    const known = externalDevices.get(key);
    if (known !== undefined && !isRevoked(known.deviceId)) return known;
    const account = await users.findAccount({ externalSubject: subject });
    const user = account?.user ?? (await createExternalUser({ subject, ...names }));
    const id = deviceIdFor(user.id, deviceKey);
    if (account !== null && account.disabledAt !== null) throw sessionEnded();
    const device = await devices.get(id);
    const now = clock();
    const renewed = {
      id,
      userId: user.id,
      name: device?.name ?? null,
      createdAt: now,
      lastUsedAt: now,
      revokedAt: null,
    };
    let sessionId = device?.sessionId ?? null;
    if (device === null) {
      // A token that was made before its user signed out everywhere may be of a device that was forgotten since.
      if (account?.signedOutAt != null && issuedAt <= account.signedOutAt) throw sessionEnded();
      if (!(await devices.put({ ...renewed, sessionId }, null))) throw sessionEnded();
      // When the store does not answer, the next new device makes up for it.
      for (const one of await devices.trim(user.id, devicesPerUserMax).catch(() => [])) onForgotten(user.id, one);
    } else if (device.revokedAt !== null && issuedAt > device.revokedAt) {
      sessionId = String(device.revokedAt);
      if (!(await devices.put({ ...renewed, sessionId }, null))) throw sessionEnded();
      onRenewed(id);
    }
    const found = { userId: user.id, deviceId: id, sessionId };
    externalDevices.set(key, found);
    return found;
  }

  async function createExternalUser({
    subject,
    suggestedName,
    displayName,
  }: Pick<ExternalIdentity, 'subject' | 'suggestedName' | 'displayName'>): Promise<User> {
    const base = suggestedName.replace(/[^A-Za-z0-9._-]/g, '').slice(0, 24);
    for (let attempt = 0; ; attempt += 1) {
      const id = newId();
      const username = attempt === 0 && base.length >= 3 ? base : `${base}-${id.slice(-6)}`;
      const user = { id, username, displayName: toName(displayName ?? '') ?? username, createdAt: clock() };
      try {
        return await users.create(user, { passwordHash: null, externalSubject: subject });
      } catch (error) {
        if (!(error instanceof DomainError) || error.code !== 'USERNAME_TAKEN' || attempt >= 5) throw error;
      }
    }
  }

  return {
    /** The claims of a verified token of the provider, in the form of the server's own tokens. */
    async claimsOf(identity: ExternalIdentity): Promise<AccessClaims> {
      const { userId, deviceId, sessionId } = await provision(identity);
      // A token issued before the session began belongs to a logged-out session.
      const isOfSession = sessionId !== null && identity.issuedAt > Number(sessionId);
      return { userId, deviceId, sessionId: isOfSession ? sessionId : null, expiresAt: identity.expiresAt };
    },
  };
}

/** The id of an external user's device: 62 bits of a hash, so that it is always the same. */
function deviceIdFor(userId: UserId, deviceKey: string): DeviceId {
  const digest = createHash('sha256').update(`${userId}|${deviceKey}`).digest();
  return ((digest.readBigUInt64BE() >> 2n) | 1n).toString();
}
