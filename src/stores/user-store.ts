import type { DeviceId, Millis, UserId } from '../domain/ids.ts';
import type { Device, User } from '../domain/user.ts';

/**
 * Users, their credentials and their devices.
 * Every method rejects with DomainError `UNAVAILABLE` (retryable) when the store does not answer within its deadline.
 */
export interface UserStore {
  /**
   * Adds a user. `passwordHash` is null for users of an external identity provider, who are identified by `externalSubject`
   * (issuer and subject) instead.
   *
   * @throws DomainError `USERNAME_TAKEN`: another user has the username; upper and lower case are equal
   * @returns the user; for an existing `externalSubject`, its user
   */
  create(user: User, login: { passwordHash: string | null; externalSubject: string | null }): Promise<User>;
  /** Users by id, in the order of the ids. */
  get(ids: readonly UserId[]): Promise<(User | null)[]>;
  findByUsername(username: string): Promise<User | null>;
  findByExternalSubject(subject: string): Promise<User | null>;
  /** The user and the stored password hash for a username. */
  findLogin(username: string): Promise<{ user: User; passwordHash: string | null } | null>;

  /**
   * Adds a device, or updates the one with this id if it belongs to the same user, with the given name, session and `revokedAt`.
   * Racing calls for a new device all succeed.
   *
   * @throws DomainError `NOT_FOUND`: the device belongs to another user
   */
  putDevice(device: Device): Promise<void>;
  getDevice(id: DeviceId): Promise<Device | null>;
  /** Revokes a device's session and all its refresh tokens. Repeating it is harmless. */
  revokeDevice(id: DeviceId, at: Millis): Promise<void>;

  /** Adds a refresh token of a device; all tokens of one login are one family. Only a hash is stored. */
  addRefreshToken(token: RefreshToken): Promise<void>;
  /**
   * Uses up a refresh token. Of several racing calls with the same token, exactly one gets `used`.
   * `reused` means that it was used before: the family must be revoked, because the token may have been stolen.
   */
  useRefreshToken(hash: string, at: Millis): Promise<{ outcome: 'used' | 'reused'; token: RefreshToken } | null>;
  /** Removes tokens that expired before `before`. */
  purgeRefreshTokens(before: Millis): Promise<void>;
}

export interface RefreshToken {
  /** SHA-256 of the token. */
  readonly hash: string;
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly familyId: string;
  readonly expiresAt: Millis;
}
