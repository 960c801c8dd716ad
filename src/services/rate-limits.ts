import { DomainError } from '../domain/errors.ts';
import type { Millis } from '../domain/ids.ts';
import type { RateLimit, RateLimiter } from '../stores/rate-limiter.ts';

/**
 * Throws at once if the limiter is in this process; otherwise the promise rejects.
 *
 * @throws DomainError `RATE_LIMITED` with `retryAfterMs`
 */
export function takeOrThrow(limiter: RateLimiter, limit: RateLimit, key: string, cost = 1): void | Promise<void> {
  const answer = limiter.take(limit, key, cost);
  if (typeof answer !== 'number') return answer.then((waitMs) => throwIfRefused(limit, waitMs));
  throwIfRefused(limit, answer);
}

function throwIfRefused(limit: RateLimit, waitMs: Millis): void {
  if (waitMs <= 0) return;
  const retryAfterMs = Math.ceil(waitMs);
  const message = `Rate limit \`${limit.name}\` exceeded; retry in ${retryAfterMs} ms.`;
  throw new DomainError('RATE_LIMITED', message, { details: { limit: limit.name, retryAfterMs } });
}

/** Reports every refusal with the name of the limit, and the user or the address that it is for. */
export function countRefusals(limiter: RateLimiter, onRefused: (limit: string, key: string) => void): RateLimiter {
  const count = (name: string, key: string, waitMs: number) => {
    if (waitMs > 0) onRefused(name, key);
    return waitMs;
  };
  return {
    take(limit, key, cost) {
      const answer = limiter.take(limit, key, cost);
      return typeof answer === 'number'
        ? count(limit.name, key, answer)
        : answer.then((ms) => count(limit.name, key, ms));
    },
  };
}
