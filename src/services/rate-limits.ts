import { DomainError } from '../domain/errors.ts';
import type { RateLimit, RateLimiter } from '../stores/rate-limiter.ts';

/** @throws DomainError `RATE_LIMITED` with `retryAfterMs` */
export async function takeOrThrow(limiter: RateLimiter, limit: RateLimit, key: string, cost = 1): Promise<void> {
  const answer = limiter.take(limit, key, cost);
  const retryAfterMs = typeof answer === 'number' ? answer : await answer;
  if (retryAfterMs > 0) {
    const message = `Rate limit \`${limit.name}\` exceeded; retry in ${Math.ceil(retryAfterMs)} ms.`;
    throw new DomainError('RATE_LIMITED', message, {
      details: { limit: limit.name, retryAfterMs: Math.ceil(retryAfterMs) },
    });
  }
}

/** Reports every refusal with the name of the limit. */
export function countRefusals(limiter: RateLimiter, onRefused: (limit: string) => void): RateLimiter {
  const count = (name: string, waitMs: number) => {
    if (waitMs > 0) onRefused(name);
    return waitMs;
  };
  return {
    take(limit, key, cost) {
      const answer = limiter.take(limit, key, cost);
      return typeof answer === 'number' ? count(limit.name, answer) : answer.then((ms) => count(limit.name, ms));
    },
  };
}
