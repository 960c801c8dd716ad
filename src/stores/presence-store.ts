import type { DeviceId, Millis, UserId } from '../domain/ids.ts';

/**
 * Leases that say which devices are reachable. A user is online while any device of theirs holds a lease.
 * The store's own clock judges expiry. Every method rejects with DomainError `UNAVAILABLE` when there is no answer in time.
 */
export interface PresenceStore {
  /**
   * Renews leases in one batch.
   *
   * @returns the users for whom this was the first live lease: each is told online once, to one caller
   */
  renew(devices: readonly { userId: UserId; deviceId: DeviceId }[], ttlMs: Millis): Promise<UserId[]>;
  /**
   * Gives up a device's lease at once.
   *
   * @returns whether the user has no lease left by this call
   */
  release(userId: UserId, deviceId: DeviceId): Promise<boolean>;
  /**
   * Removes lapsed leases. Of several sweepers one gets each user.
   *
   * @returns the users who went offline by this call, and when their last lease was renewed
   */
  sweep(limit: number): Promise<{ userId: UserId; lastSeenAt: Millis }[]>;
  /** In the order asked for; `lastSeenAt` is when a lease was last renewed or given up, null when never. */
  get(userIds: readonly UserId[]): Promise<{ online: boolean; lastSeenAt: Millis | null }[]>;
}
