/** The server's own access tokens: JWTs signed with one secret (RFC 7519, HS256). */
import { createSecretKey } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { DomainError } from '../../domain/errors.ts';
import type { Clock, DeviceId, Millis, UserId } from '../../domain/ids.ts';
import type { Viewer } from '../../domain/user.ts';

const issuer = 'heliograph';
const algorithm = 'HS256';

/** The claims of a token. */
export interface AccessClaims extends Viewer {
  /** The login it belongs to. */
  readonly sessionId: string | null;
}

export type AccessTokens = ReturnType<typeof createAccessTokens>;

export function createAccessTokens({ secret, ttlMs, clock }: { secret: Uint8Array; ttlMs: Millis; clock: Clock }) {
  // A KeyObject is prepared once; with raw bytes, each signature would prepare it again.
  const key = createSecretKey(secret);
  return {
    /** @param claims - `id` makes each token unique, even within one second */
    async sign(claims: {
      id: string;
      userId: UserId;
      deviceId: DeviceId;
      sessionId: string;
    }): Promise<{ token: string; expiresAt: Millis }> {
      // Whole seconds, as in the claim.
      const expiresAt = Math.floor((clock() + ttlMs) / 1000) * 1000;
      const token = await new SignJWT({ did: claims.deviceId, sid: claims.sessionId })
        .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
        .setIssuer(issuer)
        .setAudience(issuer)
        .setSubject(claims.userId)
        .setJti(claims.id)
        .setIssuedAt(Math.floor(clock() / 1000))
        .setExpirationTime(expiresAt / 1000)
        .sign(key);
      return { token, expiresAt };
    },

    /** @throws DomainError `UNAUTHENTICATED` */
    async verify(token: string): Promise<AccessClaims> {
      try {
        const options = { algorithms: [algorithm], issuer, audience: issuer, currentDate: new Date(clock()) };
        const { payload } = await jwtVerify(token, key, options);
        const { sub, did, sid, exp } = payload;
        if (typeof sub === 'string' && typeof did === 'string' && typeof exp === 'number') {
          const sessionId = typeof sid === 'string' ? sid : null;
          return { userId: sub, deviceId: did, sessionId, expiresAt: exp * 1000 };
        }
      } catch (cause) {
        throw new DomainError('UNAUTHENTICATED', 'Access token is invalid.', { cause });
      }
      throw new DomainError('UNAUTHENTICATED', 'Access token is invalid.');
    },
  };
}
