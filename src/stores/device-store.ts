import type { DeviceId, Millis, UserId } from '../domain/ids.ts';
import type { Device } from '../domain/user.ts';

/**
 * Devices and their sessions.
 * Every method rejects with DomainError `UNAVAILABLE` (retryable) when the store does not answer within its deadline.
 */
export interface DeviceStore {
  /**
   * Adds a device, or renews the one with this id when it belongs to the same user: its name, session and end are those given,
   * and its creation time stays. Racing calls for a new device all succeed.
   *
   * @param refresh - the state of the session's refresh tokens; null where an identity provider keeps the session
   * @param requirement - `passwordHash`: the hash that the user's password was verified against
   * @returns false, and changes nothing, if the account is disabled or the requirement is not met any more
   * @throws DomainError `NOT_FOUND`: the device is another user's
   */
  put(device: Device, refresh: RefreshState | null, requirement?: { readonly passwordHash: string }): Promise<boolean>;
  get(id: DeviceId): Promise<Device | null>;
  /** A user's devices, the latest used first. */
  listByUser(userId: UserId): Promise<Device[]>;
  /** Records that a device was used, if it was not used later already. */
  touch(id: DeviceId, at: Millis): Promise<void>;

  /** A device with the state of its refresh tokens, which is null where an identity provider keeps the session. */
  getForRefresh(id: DeviceId): Promise<{ device: Device; refresh: RefreshState | null } | null>;
  /**
   * Moves a session on to its next refresh token, in one step: of two calls with the same `generation` one returns true.
   *
   * @returns false, and changes nothing, if the session is no longer valid, its account is disabled, or `generation` is not its latest
   */
  rotate(turn: {
    readonly deviceId: DeviceId;
    readonly sessionId: string;
    readonly generation: number;
    readonly at: Millis;
    readonly expiresAt: Millis;
  }): Promise<boolean>;

  /** Ends a device's session, so that none of its tokens counts. Repeating it is harmless. */
  revoke(id: DeviceId, at: Millis): Promise<void>;
  /**
   * Ends the sessions of all devices of a user but one.
   *
   * @returns the devices whose session this call ended
   */
  revokeOthers(userId: UserId, keptId: DeviceId | null, at: Millis): Promise<DeviceId[]>;
  /**
   * Forgets a user's devices past the first `max`: those signed out go before those signed in, those unused for longest first.
   *
   * @returns the forgotten devices
   */
  trim(userId: UserId, max: number): Promise<DeviceId[]>;
  /** Forgets devices that were last used before `before`. A device that was signed out stays until its log-out is as old, too. */
  forgetUnused(before: Millis): Promise<void>;
}

/** The refresh tokens of a session. Each has a generation, and only the latest one may be exchanged. */
export interface RefreshState {
  /** Random; every refresh token of the session is derived from it. */
  readonly secret: string;
  readonly startedAt: Millis;
  /** 1 for the first token. */
  readonly generation: number;
  /** When the latest token was issued. */
  readonly rotatedAt: Millis;
  /** When the latest token expires. */
  readonly expiresAt: Millis;
}
