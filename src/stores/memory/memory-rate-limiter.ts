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
      const msPerPoint = windowMs / (points * scale);
      // A clock that was set back must not lock anybody out for longer than a window.
      const from = Math.min(Math.max(fullAt.get(bucket) ?? now, now), now + windowMs);
      const next = from + cost * msPerPoint;
      const waitMs = next - now - windowMs;
      // Half a point of slack against the rounding of the divisions.
      if (waitMs > msPerPoint / 2) return waitMs;
      fullAt.set(bucket, next);
      return 0;
    },
  };
}
