/** Leases of a single process. They are kept in the order of their expiry, so that a sweep visits only expired ones. */
import type { Clock, DeviceId, Millis, UserId } from '../../domain/ids.ts';
import type { PresenceStore } from '../presence-store.ts';

/** Maximum number of offline users whose `lastSeenAt` is kept. */
const lastSeenMax = 1_000_000;

/**
 * @param clock - for `lastSeenAt`
 * @param elapsed - milliseconds of a monotonic clock, for the ends of leases: setting the wall clock neither ends nor prolongs them
 */
export function createMemoryPresenceStore({ clock, elapsed }: { clock: Clock; elapsed: Clock }): PresenceStore {
  // A renewed lease moves to the end, and all have the same lifetime: the first are the oldest.
  const leases = new Map<DeviceId, { userId: UserId; endsAt: Millis }>();
  /** Number of leases per user, without users who have none. */
  const counts = new Map<UserId, number>();
  const lastSeen = new Map<UserId, Millis>();

  function remove(deviceId: DeviceId): UserId | null {
    const lease = leases.get(deviceId);
    if (lease === undefined) return null;
    leases.delete(deviceId);
    const { userId } = lease;
    const others = (counts.get(userId) ?? 0) - 1;
    if (others > 0) {
      counts.set(userId, others);
      return null;
    }
    counts.delete(userId);
    return userId;
  }

  function see(userId: UserId, at: Millis): void {
    lastSeen.delete(userId);
    lastSeen.set(userId, at);
    if (lastSeen.size > lastSeenMax) lastSeen.delete(lastSeen.keys().next().value as UserId);
  }

  return {
    async renew(renewed, ttlMs) {
      const now = clock();
      const endsAt = elapsed() + ttlMs;
      const came: UserId[] = [];
      for (const { userId, deviceId } of renewed) {
        if (!leases.delete(deviceId)) {
          const others = counts.get(userId) ?? 0;
          counts.set(userId, others + 1);
          if (others === 0) came.push(userId);
        }
        leases.set(deviceId, { userId, endsAt });
        see(userId, now);
      }
      return came;
    },

    async release(userId, deviceId) {
      // Releasing a lease is a sign of life.
      if (leases.has(deviceId)) see(userId, clock());
      return remove(deviceId) !== null;
    },

    async sweep(limit) {
      const now = elapsed();
      const gone: { userId: UserId; lastSeenAt: Millis }[] = [];
      for (const [deviceId, { endsAt }] of leases) {
        if (endsAt > now || gone.length >= limit) break;
        const userId = remove(deviceId);
        if (userId !== null) gone.push({ userId, lastSeenAt: lastSeen.get(userId) ?? clock() });
      }
      return gone;
    },

    async get(userIds) {
      return userIds.map((userId) => ({ online: counts.has(userId), lastSeenAt: lastSeen.get(userId) ?? null }));
    },
  };
}
