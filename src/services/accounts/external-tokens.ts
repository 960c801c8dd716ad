/** Tokens of an identity provider, checked with the keys it publishes (RFC 7517). Only signatures by a private key count. */
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { DomainError } from '../../domain/errors.ts';
import type { Clock, Millis } from '../../domain/ids.ts';

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const keysTimeoutMs = 5_000;

export interface ExternalIdentity {
  /** Issuer and subject: who it is, for good. */
  readonly subject: string;
  /** What the provider calls the user, to make a username of. */
  readonly suggestedName: string;
  readonly displayName: string | null;
  /** What tells this user's devices apart. */
  readonly deviceKey: string;
  /** When the provider made the token; 0 when it does not say. */
  readonly issuedAt: Millis;
  readonly expiresAt: Millis;
}

export type ExternalTokens = ReturnType<typeof createExternalTokens>;

export function createExternalTokens(settings: {
  jwksUrl: string;
  issuer: string | null;
  audience: string | null;
  clock: Clock;
}) {
  const { jwksUrl, issuer, audience, clock } = settings;
  const keys = createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: keysTimeoutMs });
  return {
    /**
     * @throws DomainError `UNAUTHENTICATED`: the token is not valid
     * @throws DomainError `UNAVAILABLE`: the provider's keys could not be read
     */
    async verify(token: string): Promise<ExternalIdentity> {
      try {
        const { payload } = await jwtVerify(token, keys, {
          algorithms,
          requiredClaims: ['sub', 'exp'],
          currentDate: new Date(clock()),
          ...(issuer === null ? {} : { issuer }),
          ...(audience === null ? {} : { audience }),
        });
        return identityOf(payload);
      } catch (cause) {
        if (isKeysAway(cause))
          throw new DomainError('UNAVAILABLE', "Identity provider's keys are unavailable.", { cause });
        throw new DomainError('UNAUTHENTICATED', 'Access token is invalid.', { cause });
      }
    },
  };
}

/** No answer, or one that holds no keys: jose has a plain JOSEError for what is not JSON or not a 200. */
function isKeysAway(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return true;
  return ['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID'].includes(error.code);
}

function identityOf(payload: JWTPayload): ExternalIdentity {
  const text = (claim: string) =>
    typeof payload[claim] === 'string' && payload[claim] !== '' ? (payload[claim] as string) : null;
  const sub = String(payload.sub);
  const subject = `${payload.iss ?? ''}|${sub}`;
  return {
    subject,
    suggestedName: text('preferred_username') ?? text('email')?.split('@')[0] ?? sub,
    displayName: text('name'),
    deviceKey: text('did') ?? text('sid') ?? 'default',
    issuedAt: (payload.iat ?? 0) * 1000,
    expiresAt: (payload.exp as number) * 1000,
  };
}
