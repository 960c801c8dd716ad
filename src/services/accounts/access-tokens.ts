/** Access tokens of our own: short-lived, signed with a key that only the server has. */
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { DomainError } from '../../domain/errors.ts';
import type { Clock, DeviceId, Millis, UserId } from '../../domain/ids.ts';
import type { Viewer } from '../../domain/user.ts';
import type { SigningKeys } from './signing-keys.ts';

const issuer = 'heliograph';
const algorithm = 'HS256';

/** The claims of a token. */
export interface AccessClaims extends Viewer {
  /** The login it belongs to. */
  readonly sessionId: string | null;
}

export type AccessTokens = ReturnType<typeof createAccessTokens>;

export function createAccessTokens({ keys, ttlMs, clock }: { keys: SigningKeys; ttlMs: Millis; clock: Clock }) {
  async function payloadOf(token: string): Promise<JWTPayload> {
    const options = { algorithms: [algorithm], issuer, audience: issuer, currentDate: new Date(clock()) };
    const { kid } = decodeProtectedHeader(token);
    const candidates = keys.all.filter((key) => kid === undefined || key.kid === kid);
    for (const { access } of candidates) {
      try {
        return (await jwtVerify(token, access, options)).payload;
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }

  return {
    /**
     * @param claims - `id` makes each token another one, also within a second
     * @param notAfter - when its session ends at the latest
     */
    async sign(
      claims: { id: string; userId: UserId; deviceId: DeviceId; sessionId: string },
      notAfter: Millis,
    ): Promise<{ token: string; expiresAt: Millis }> {
      // Whole seconds, as in the claim.
      const expiresAt = Math.floor(Math.min(clock() + ttlMs, notAfter) / 1000) * 1000;
      const token = await new SignJWT({ did: claims.deviceId, sid: claims.sessionId })
        .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid: keys.current.kid })
        .setIssuer(issuer)
        .setAudience(issuer)
        .setSubject(claims.userId)
        .setJti(claims.id)
        .setIssuedAt(Math.floor(clock() / 1000))
        .setExpirationTime(expiresAt / 1000)
        .sign(keys.current.access);
      return { token, expiresAt };
    },

    /** @throws DomainError `UNAUTHENTICATED` */
    async verify(token: string): Promise<AccessClaims> {
      try {
        const { sub, did, sid, exp } = await payloadOf(token);
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
