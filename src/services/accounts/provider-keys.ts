/**
 * The keys that an identity provider publishes (RFC 7517), kept in memory.
 *
 * They are in one of these states:
 * - none: no answer of the provider has been read yet. Tokens wait for the first one;
 * - kept: the latest answer that could be read. It is used until a newer one replaces it, however long the provider is
 *   unavailable. It is renewed on a schedule, and early when a token names a key that it does not contain;
 * - failing, in addition to either: the last request failed. Until `retryAt` no other is sent, and the waits grow.
 *
 * Invariant: tokens, however many, cause at most one request at a time, one in `earlyRenewalEveryMs`, and after failures one
 * in each wait.
 */
import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import type { Clock, Millis } from '../../domain/ids.ts';

const requestTimeoutMs = 5_000;
/** Invented key ids must not cause requests. */
const earlyRenewalEveryMs = 30_000;
const firstWaitMs = 1_000;
const waitMaxMs = 60_000;

/** The provider did not answer, or its answer contained no keys. */
export class KeysUnavailable extends Error {}

export type ProviderKeys = ReturnType<typeof createProviderKeys>;

/**
 * @param elapsed - milliseconds of a monotonic clock
 * @param onFailure - called for each request that failed
 */
export function createProviderKeys(ports: { url: string; elapsed: Clock; onFailure: (error: unknown) => void }) {
  const { url, elapsed, onFailure } = ports;
  const remote = createRemoteJWKSet(new URL(url), { timeoutDuration: requestTimeoutMs });
  let kept: ReturnType<typeof createLocalJWKSet> | null = null;
  let keptAt: Millis = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let retryAt: Millis = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | null = null;

  async function request(): Promise<void> {
    if (elapsed() < retryAt) throw new KeysUnavailable('The last request failed; the next one is not due yet.');
    try {
      await remote.reload();
      kept = createLocalJWKSet(remote.jwks() ?? { keys: [] });
      keptAt = elapsed();
      failures = 0;
    } catch (cause) {
      retryAt = elapsed() + Math.min(waitMaxMs, firstWaitMs * 2 ** failures);
      failures += 1;
      onFailure(cause);
      throw new KeysUnavailable('The request for the keys failed.', { cause });
    }
  }

  function renew(): Promise<void> {
    running ??= request().finally(() => {
      running = null;
    });
    return running;
  }

  return {
    /** @throws KeysUnavailable */
    renew,

    /**
     * Finds the key of a token, for jose.
     *
     * @throws KeysUnavailable: the key is not in memory, and the provider did not answer
     */
    find: (async (header, token) => {
      if (kept === null) await renew();
      const before = kept as unknown as JWTVerifyGetKey;
      try {
        return await before(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || elapsed() < keptAt + earlyRenewalEveryMs) throw error;
        await renew();
        return (kept as unknown as JWTVerifyGetKey)(header, token);
      }
    }) as JWTVerifyGetKey,
  };
}
