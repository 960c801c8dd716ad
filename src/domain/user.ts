import type { DeviceId, Millis, UserId } from './ids.ts';

export interface User {
  readonly id: UserId;
  /** Unique without regard to case; 3 to 32 of letters, digits, `.`, `_`, `-`. */
  readonly username: string;
  readonly displayName: string;
  /** The address of a picture on another server. */
  readonly avatarUrl: string | null;
  /** The subject that an identity provider gave the user; null for users who registered here. */
  readonly externalId: string | null;
  readonly createdAt: Millis;
}

/** The part of a user that exists before they have changed their profile. */
export type NewUser = Omit<User, 'avatarUrl' | 'externalId'>;

/** Characters of an issuer and a subject together; a subject has at most 255. An index of MySQL takes up to 767. */
export const externalSubjectMax = 512;

/** What an identity provider's key of a user says about them: the issuer, a bar, and the subject, which may contain bars. */
export function externalIdOf(externalSubject: string | null): string | null {
  return externalSubject === null ? null : externalSubject.slice(externalSubject.indexOf('|') + 1);
}

/** Two names that differ only in case, or in the form of a character, are equal. */
export function foldUsername(username: string): string {
  return username.normalize('NFKC').toLowerCase();
}

/** One signed-in client. It outlives its connections. */
export interface Device {
  readonly id: DeviceId;
  readonly userId: UserId;
  readonly name: string | null;
  readonly createdAt: Millis;
  /** Time of its last sign-in, renewal or token, up to an hour behind. */
  readonly lastUsedAt: Millis;
  /** Time when its session was revoked; null while the session is valid. */
  readonly revokedAt: Millis | null;
  /** The current login; tokens of earlier ones are revoked. Null if an identity provider keeps the sessions and none was revoked. */
  readonly sessionId: string | null;
}

/** The requesting user and device. Always taken from a verified token, never from an argument. */
export interface Viewer {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** Expiry time of the access token. */
  readonly expiresAt: Millis;
}
