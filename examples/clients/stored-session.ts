/** Where a session is stored: in browsers `localStorage`, which all tabs of a site share. */
import type { SessionFields } from './account-requests.ts';

/** `localStorage` and `sessionStorage` have this form. */
export interface SessionStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  /** Brings the storage up to date, where it is a copy that other tabs change. Called before a renewal. */
  sync?(): Promise<void>;
}

export interface StoredSession extends SessionFields {
  /** When the access token is renewed, on this machine's clock. Null if its lifetime is not known. */
  readonly renewAt: number | null;
}

export const sessionKey = 'heliograph.session';
/** The device outlives its session: a log-in with its id keeps its position in the inbox, and passes where guessers are refused. */
const deviceKey = 'heliograph.device';

/** For programs, and for pages whose session ends with the page. */
export function createMemoryStorage(): SessionStorage {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

export function readSession(storage: SessionStorage): StoredSession | null {
  return read<StoredSession>(storage, sessionKey);
}

export function writeSession(storage: SessionStorage, fields: SessionFields | StoredSession): StoredSession {
  const stored = { renewAt: renewTime(fields.accessToken), ...fields };
  storage.setItem(sessionKey, JSON.stringify(stored));
  const { deviceId, user } = fields;
  storage.setItem(deviceKey, JSON.stringify({ deviceId, username: user.username }));
  return stored;
}

/** The id of the device on which the user was signed in last, if the last user had this name. */
export function readDeviceId(storage: SessionStorage, username: string): string | undefined {
  const last = read<{ deviceId: string; username: string }>(storage, deviceKey);
  return last?.username.toLowerCase() === username.toLowerCase() ? last.deviceId : undefined;
}

function read<Value>(storage: SessionStorage, key: string): Value | null {
  try {
    return JSON.parse(storage.getItem(key) ?? 'null') as Value | null;
  } catch {
    return null;
  }
}

/**
 * When most of the token's lifetime has passed. Counted from its arrival, because this machine's clock may be wrong: the token's own
 * times are the server's.
 */
function renewTime(accessToken: string): number | null {
  try {
    const payload = accessToken.split('.')[1] ?? '';
    const { iat, exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, number>;
    if (typeof iat !== 'number' || typeof exp !== 'number') return null;
    return Date.now() + (exp - iat) * 1_000 * 0.9;
  } catch {
    // Not a JWT: the server's answer says when it has expired.
    return null;
  }
}
