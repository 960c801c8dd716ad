/**
 * The catalogue of events that concern the security of accounts. Each one is counted and becomes a line in the log; of those that a client
 * can cause in any number, equal ones become a line a minute.
 * `docs/operation.md` shows the same list; a test keeps the two equal.
 */
import type { DeviceId, UserId } from './ids.ts';

export interface SecurityEventEntry {
  readonly outcome: 'success' | 'failure';
  readonly meaning: string;
  /** Whether a client can cause it in any number. */
  readonly isFrequent?: boolean;
}

export const securityEvents = {
  'user-registered': success('A user registered with a password.'),
  'logged-in': success('A user logged in with a password.'),
  'device-added': success('A user logged in on a device that was not known before.'),
  'log-in-failed': failure('The username or the password of a log-in was wrong.'),
  'refresh-reused': failure('A refresh token was used again too late; its device was signed out.'),
  'password-changed': success('A user changed their password; their other devices were signed out.'),
  'device-revoked': success('A user signed one of their devices out.'),
  'logged-out': success('A user logged out on a device.'),
  'access-refused': { ...failure('A user tried a change that their role does not allow.'), isFrequent: true },
  'limit-reached': { ...failure('A user or an address exceeded a rate limit.'), isFrequent: true },
} as const satisfies Record<string, SecurityEventEntry>;

export type SecurityEventName = keyof typeof securityEvents;

/** One event. It never contains a password, a token or an unknown username, because people type passwords into name fields. */
export interface SecurityEvent {
  readonly name: SecurityEventName;
  /** The affected account; omitted if no account was found. */
  readonly userId?: UserId;
  readonly deviceId?: DeviceId;
  /** The client's network address, if a request caused the event. */
  readonly address?: string;
  /** A constant that narrows the event down, such as `unknown-user`, a field of the schema or a limit. */
  readonly reason?: string;
}

/** Receives every security event. It must not throw, and callers do not wait for it. */
export type OnSecurityEvent = (event: SecurityEvent) => void;

function success(meaning: string): SecurityEventEntry {
  return { outcome: 'success', meaning };
}

function failure(meaning: string): SecurityEventEntry {
  return { outcome: 'failure', meaning };
}
