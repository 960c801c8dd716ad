/** Tokens of an identity provider, verified with the keys that it publishes. Only signatures by a private key count. */
import { errors, type JWTPayload, type JWTVerifyOptions, type JWTVerifyResult, jwtVerify } from 'jose';
import { DomainError } from '../../domain/errors.ts';
import type { Clock, Millis } from '../../domain/ids.ts';
import { externalSubjectMax } from '../../domain/user.ts';
import { createProviderKeys, KeysUnavailable } from './provider-keys.ts';

const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
  ...['EdDSA', 'Ed25519'],
];
/** Maximum difference between the provider's clock and this server's. */
const clockToleranceS = 30;
/** Accepted values of `typ` in the header of an access token; it may also be absent. RFC 9068 defines `at+jwt`. */
const accessTokenTypes = ['jwt', 'at+jwt'];
/** Claims that only ID tokens and logout tokens contain (OpenID Connect Core 3.3.2.11, Back-Channel Logout 2.4). */
const otherTokensClaims = ['at_hash', 'c_hash', 's_hash', 'events'];

export interface ExternalTokenSettings {
  readonly jwksUrl: string;
  /** Null accepts any. */
  readonly issuer: string | null;
  /** Null accepts any. */
  readonly audience: string | null;
  /** The `typ` that a token's header must have; null accepts those of access tokens. */
  readonly type: string | null;
  /** The scope that a token must have; null does not check scopes. */
  readonly scope: string | null;
}

export interface ExternalIdentity {
  /** Issuer and subject: identifies the user permanently. */
  readonly subject: string;
  /** The provider's name for the user, from which their username is derived. */
  readonly suggestedName: string;
  readonly displayName: string | null;
  /** Distinguishes this user's devices. */
  readonly deviceKey: string;
  /** Time when the provider issued the token; 0 if it is unknown. */
  readonly issuedAt: Millis;
  readonly expiresAt: Millis;
}

export type ExternalTokens = ReturnType<typeof createExternalTokens>;

/** @param onFailure - called for each failed request for the provider's keys */
export function createExternalTokens(
  settings: ExternalTokenSettings & { clock: Clock; elapsed: Clock; onFailure: (error: unknown) => void },
) {
  const { jwksUrl, issuer, audience, type, scope, clock, elapsed, onFailure } = settings;
  const keys = createProviderKeys({ url: jwksUrl, elapsed, onFailure });

  async function verifySignature(token: string): Promise<JWTVerifyResult> {
    const options: JWTVerifyOptions = {
      algorithms,
      requiredClaims: ['sub', 'exp'],
      currentDate: new Date(clock()),
      clockTolerance: clockToleranceS,
      ...(issuer === null ? {} : { issuer }),
      ...(audience === null ? {} : { audience }),
    };
    try {
      return await jwtVerify(token, keys.find, options);
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      // Without `kid`, several keys may match. jose offers them one by one.
      for await (const key of error) {
        try {
          return await jwtVerify(token, key, options);
        } catch (failure) {
          if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
        }
      }
      throw error;
    }
  }

  return {
    /**
     * @throws DomainError `UNAUTHENTICATED`: the token is invalid
     * @throws DomainError `UNAVAILABLE`: the provider's keys could not be read
     */
    async verify(token: string): Promise<ExternalIdentity> {
      try {
        const { protectedHeader, payload } = await verifySignature(token);
        requireAccessToken(protectedHeader.typ, payload, type);
        if (scope !== null && !scopesOf(payload).includes(scope)) throw new Error('scope is missing');
        return identityOf(payload);
      } catch (cause) {
        if (cause instanceof KeysUnavailable)
          throw new DomainError('UNAVAILABLE', "Identity provider's keys are unavailable.", { cause });
        throw new DomainError('UNAUTHENTICATED', 'Access token is invalid.', { cause });
      }
    },

    /** Reads the provider's keys again, so that withdrawn keys become invalid. A failure is reported to `onFailure`. */
    renewKeys: () => keys.renew().catch(() => {}),
  };
}

/** Refuses ID, refresh and logout tokens: they have other audiences, and often a longer lifetime. */
function requireAccessToken(typ: string | undefined, payload: JWTPayload, required: string | null): void {
  const given = typ?.toLowerCase().replace(/^application\//, '') ?? null;
  if (required !== null) {
    if (given !== required.toLowerCase()) throw new Error('typ is not the required one');
    return;
  }
  if (given !== null && !accessTokenTypes.includes(given)) throw new Error('typ is not that of an access token');
  // Keycloak puts the kind of token here.
  const kind = typeof payload.typ === 'string' ? payload.typ.toLowerCase() : null;
  if (kind !== null && kind !== 'bearer') throw new Error('kind is not that of an access token');
  if (otherTokensClaims.some((claim) => payload[claim] !== undefined)) throw new Error('not an access token');
  // ID tokens have a nonce. So do access tokens of older Keycloak versions, which are recognised by their type.
  if (payload.nonce !== undefined && given !== 'at+jwt' && kind !== 'bearer') throw new Error('not an access token');
}

/** `scope` as text (RFC 8693), or `scp` as text or a list, as in Microsoft's and Okta's tokens. */
function scopesOf({ scope, scp }: JWTPayload): readonly unknown[] {
  return [scope, scp].flatMap((value) =>
    typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [],
  );
}

function identityOf(payload: JWTPayload): ExternalIdentity {
  const text = (claim: string) =>
    typeof payload[claim] === 'string' && payload[claim] !== '' ? (payload[claim] as string) : null;
  const sub = String(payload.sub);
  const subject = `${payload.iss ?? ''}|${sub}`;
  if (subject.length > externalSubjectMax) throw new Error('issuer and subject are too long');
  return {
    subject,
    suggestedName: text('preferred_username') ?? text('email')?.split('@')[0] ?? sub,
    displayName: text('name'),
    deviceKey: text('did') ?? text('sid') ?? 'default',
    issuedAt: (payload.iat ?? 0) * 1000,
    expiresAt: ((payload.exp as number) + clockToleranceS) * 1000,
  };
}
