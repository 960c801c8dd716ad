/** The sign-ins that the settings select: accounts of this server, those of an identity provider, or both. */
import type { Clock } from '../../domain/ids.ts';
import { createExternalTokens, type ExternalTokens } from './external-tokens.ts';
import { createSigningKeys, loadSecrets, type SecretSettings, type SigningKeys } from './signing-keys.ts';

export interface SignInSettings extends SecretSettings {
  /** Whether users may sign in with a password; null: unless there is an identity provider. */
  readonly passwordSignIn: boolean | null;
  /** Where an identity provider publishes its keys; null without one. */
  readonly jwtJwksUrl: string | null;
  /** `*` accepts any. */
  readonly jwtIssuer: string | null;
  /** `*` accepts any. */
  readonly jwtAudience: string | null;
  readonly jwtTyp: string | null;
  readonly jwtScope: string | null;
}

export interface SignIns {
  /** Null if only an identity provider signs users in; registering and logging in are then not possible. */
  readonly signingKeys: SigningKeys | null;
  readonly externalTokens: ExternalTokens | null;
}

/** @throws StartError: a file of secrets cannot be read, or contains no valid secret */
export function openSignIns(ports: {
  settings: SignInSettings;
  clock: Clock;
  /** Milliseconds of a monotonic clock. */
  elapsed: Clock;
  onError: (error: unknown, what: string) => void;
}): SignIns {
  const { settings, clock, elapsed, onError } = ports;
  const { passwordSignIn, jwtJwksUrl, jwtIssuer, jwtAudience, jwtTyp, jwtScope } = settings;
  return {
    signingKeys: (passwordSignIn ?? jwtJwksUrl === null) ? createSigningKeys(loadSecrets(settings)) : null,
    externalTokens:
      jwtJwksUrl === null
        ? null
        : createExternalTokens({
            jwksUrl: jwtJwksUrl,
            issuer: jwtIssuer === '*' ? null : jwtIssuer,
            audience: jwtAudience === '*' ? null : jwtAudience,
            type: jwtTyp,
            scope: jwtScope,
            clock,
            elapsed,
            onFailure: (error) => onError(error, 'identity-provider'),
          }),
  };
}
