import type { DeviceId, Millis, UserId } from '../domain/ids.ts';

/**
 * Leases that say which devices are reachable. A user is online while any device of theirs holds a lease.
 * The store's own clock judges expiry, and setting the wall clock neither ends nor prolongs a lease. Every method rejects with DomainError `UNAVAILABLE` when there is no answer in time.
 */
export interface PresenceStore {
  /**
   * Renews leases in one batch.
   *
   * @returns the users for whom this is the first live lease. Exactly one caller gets each of them, and announces them as online
   */
  renew(devices: readonly { userId: UserId; deviceId: DeviceId }[], ttlMs: Millis): Promise<UserId[]>;
  /**
   * Ends a device's lease at once.
   *
   * @returns whether this call ended the user's last lease
   */
  release(userId: UserId, deviceId: DeviceId): Promise<boolean>;
  /**
   * Removes expired leases. If several instances sweep, exactly one gets each user.
   *
   * @returns the users who went offline in this call, with the time of their last renewal
   */
  sweep(limit: number): Promise<{ userId: UserId; lastSeenAt: Millis }[]>;
  /** In the order of the ids. `lastSeenAt` is the time when a lease was last renewed or released; null if never. */
  get(userIds: readonly UserId[]): Promise<{ online: boolean; lastSeenAt: Millis | null }[]>;
}
