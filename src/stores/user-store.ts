import type { DeviceId, Millis, UserId } from '../domain/ids.ts';
import type { Device, User } from '../domain/user.ts';

/**
 * Users, their credentials and their devices.
 * Every method rejects with DomainError `UNAVAILABLE` (retryable) when the store does not answer within its deadline.
 */
export interface UserStore {
  /**
   * Adds a user. `passwordHash` is null for users of an external identity provider, who are known by `externalSubject`
   * (issuer and subject) instead.
   *
   * @throws DomainError `USERNAME_TAKEN`: the username is used, without regard to case
   * @returns the user; for an `externalSubject` that exists already, the user it belongs to
   */
  create(user: User, login: { passwordHash: string | null; externalSubject: string | null }): Promise<User>;
  /** Users by id, in the order asked for. */
  get(ids: readonly UserId[]): Promise<(User | null)[]>;
  findByUsername(username: string): Promise<User | null>;
  findByExternalSubject(subject: string): Promise<User | null>;
  /** The user and the stored hash for a username, to check a password against. */
  findLogin(username: string): Promise<{ user: User; passwordHash: string | null } | null>;

  /**
   * Adds a device, or renews the one with this id when it belongs to the same user: its name, session and end are those given.
   * Racing calls for a new device all succeed.
   *
   * @throws DomainError `NOT_FOUND`: the device is another user's
   */
  putDevice(device: Device): Promise<void>;
  getDevice(id: DeviceId): Promise<Device | null>;
  /** Ends a device's session and all its refresh tokens. Repeating it is harmless. */
  revokeDevice(id: DeviceId, at: Millis): Promise<void>;

  /** Adds a refresh token of a device; all tokens of one login are one family. Only a hash is stored. */
  addRefreshToken(token: RefreshToken): Promise<void>;
  /**
   * Uses up a refresh token, once: of two that race with the same token one gets `used`.
   * `reused` means that it was used before: whoever holds it, the family must be revoked.
   */
  useRefreshToken(hash: string, at: Millis): Promise<{ outcome: 'used' | 'reused'; token: RefreshToken } | null>;
  /** Removes tokens that ended before `before`. */
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
