/**
 * Rate limits of a single process, by the generic cell rate algorithm: one number per key says when the bucket will be full again.
 * It answers at once and keeps no timer; what has been full for longest is forgotten first.
 */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../domain/ids.ts';
import type { RateLimiter } from '../rate-limiter.ts';

const keysMax = 100_000;

/** @param scale - multiplies every limit */
export function createMemoryRateLimiter({ clock, scale = 1 }: { clock: Clock; scale?: number }): RateLimiter {
  const fullAt = new LRUCache<string, number>({ max: keysMax });
  return {
    take({ name, points, windowMs }, key, cost = 1) {
      const now = clock();
      const bucket = `${name}/${key}`;
      // At least one: with a bucket smaller than a point everybody would be locked out for good.
      const msPerPoint = windowMs / Math.max(1, points * scale);
      const known = fullAt.get(bucket) ?? now;
      // More than a window ahead: the clock was set back. What was counted before says nothing now, and everybody's first
      // call after it would be refused.
      const from = known > now + windowMs + msPerPoint ? now : Math.max(known, now);
      const next = from + cost * msPerPoint;
      const waitMs = next - now - windowMs;
      // Half a point of slack against the rounding of the divisions.
      if (waitMs > msPerPoint / 2) return waitMs;
      fullAt.set(bucket, next);
      return 0;
    },
  };
}
