import type { DeviceId, Millis, UserId } from './ids.ts';

export interface User {
  readonly id: UserId;
  /** Unique without regard to case; 3 to 32 of letters, digits, `.`, `_`, `-`. */
  readonly username: string;
  readonly displayName: string;
  readonly createdAt: Millis;
}

/** Two names that differ only in case, or in the form of a character, are one. */
export function foldUsername(username: string): string {
  return username.normalize('NFKC').toLowerCase();
}

/** One signed-in client; it outlives its connections. */
export interface Device {
  readonly id: DeviceId;
  readonly userId: UserId;
  readonly name: string | null;
  readonly createdAt: Millis;
  /** When its session was ended; null while it is good. */
  readonly revokedAt: Millis | null;
  /** The login in force: tokens of an earlier one are over. Null where an identity provider keeps the sessions and none was ended. */
  readonly sessionId: string | null;
}

/** Who is asking: comes from a verified token, never from an argument. */
export interface Viewer {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** When the access token ends. */
  readonly expiresAt: Millis;
}
