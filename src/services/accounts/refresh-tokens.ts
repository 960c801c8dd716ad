/**
 * Refresh tokens: `<device>.<generation>.<code>`. The code is an HMAC over the session's own secret, so a token can be derived
 * again, for a client that repeats a request, and nobody can make one without both the directory and a signing key. A
 * changed signing key therefore ends the sessions too, unless the earlier one is still listed.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { DeviceId } from '../../domain/ids.ts';
import type { SigningKey, SigningKeys } from './signing-keys.ts';

const pattern = /^([1-9]\d{0,18})\.([1-9]\d{0,14})\.([\w-]{43})$/;

/** The claims of a token; only `isGenuine` verifies that this server issued it. */
export interface RefreshClaims {
  readonly deviceId: DeviceId;
  readonly generation: number;
  readonly code: string;
}

/** The session that a token belongs to. */
interface OfSession {
  readonly sessionId: string;
  readonly secret: string;
}

export type RefreshTokens = ReturnType<typeof createRefreshTokens>;

export function createRefreshTokens(keys: SigningKeys) {
  function codeOf(key: SigningKey, deviceId: DeviceId, generation: number, { sessionId, secret }: OfSession): Buffer {
    const content = `${deviceId}.${sessionId}.${generation}.${secret}`;
    return createHmac('sha256', key.refresh).update(content).digest();
  }

  return {
    make(deviceId: DeviceId, generation: number, session: OfSession): string {
      return `${deviceId}.${generation}.${codeOf(keys.current, deviceId, generation, session).toString('base64url')}`;
    },

    /** Null when it does not have the form of a token. */
    parse(token: string): RefreshClaims | null {
      const [, deviceId, generation, code] = pattern.exec(token) ?? [];
      if (deviceId === undefined || generation === undefined || code === undefined) return null;
      return { deviceId, generation: Number(generation), code };
    },

    /** Whether a token was made for this session, with a key that still counts. */
    isGenuine({ deviceId, generation, code }: RefreshClaims, session: OfSession): boolean {
      const given = Buffer.from(code, 'base64url');
      return keys.all.some((key) => timingSafeEqual(given, codeOf(key, deviceId, generation, session)));
    },
  };
}
