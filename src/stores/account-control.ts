import type { DeviceId, Millis, UserId } from '../domain/ids.ts';

/**
 * Changes that an operator or a user makes to an account as a whole. Each one is a single transaction.
 * Every method rejects with DomainError `UNAVAILABLE` (retryable) when the store does not answer within its deadline.
 */
export interface AccountControl {
  /** Disables an account and ends its sessions. A disabled account cannot sign in. Repeating it is harmless. */
  disable(id: UserId, at: Millis): Promise<void>;
  enable(id: UserId): Promise<void>;
  /** Ends all sessions of a user, or of all users. */
  signOut(id: UserId | null, at: Millis): Promise<void>;
  /** Replaces a password by a reset secret, and ends the user's sessions. Only logins before `expiresAt` may use it. */
  startReset(id: UserId, reset: { passwordHash: string; expiresAt: Millis; at: Millis }): Promise<void>;
  /**
   * Uses a reset secret up: no later login may use it. Of two racing calls one returns true.
   *
   * @param expiresAt - of the reset that was read, so that a later reset is not used up
   */
  useReset(id: UserId, expiresAt: Millis): Promise<boolean>;
  /**
   * Replaces a password, if its hash is still `from`, and ends the sessions of the user's other devices.
   *
   * @returns the devices whose session was ended; null if the hash was another one
   */
  changePassword(
    id: UserId,
    change: { from: string; to: string; keptId: DeviceId; at: Millis },
  ): Promise<DeviceId[] | null>;

  /** The number of the last ending; 0 without one. */
  lastEnding(): Promise<number>;
  /** Endings of whole accounts' sessions after a number, oldest first. */
  listEndings(after: number): Promise<Ending[]>;
  /** Devices whose session an ending ended, by id, after an id. A page has at most 1,000. */
  listEnded(ending: Ending, afterId: DeviceId | null): Promise<{ id: DeviceId; userId: UserId }[]>;
}

/** The record that the sessions of a user, or of all users, were ended, for instances that were not told otherwise. */
export interface Ending {
  readonly seq: number;
  /** Null: all users. */
  readonly userId: UserId | null;
  readonly at: Millis;
}
