/**
 * Rate limits of a single process, by the generic cell rate algorithm: one number per key states when its bucket will be full again.
 * A call is answered at once, and no timer is needed. The least recently used key is evicted first.
 *
 * Refused callers form a queue that exists only in their answers. Each caller gets a retry time one point after the previous
 * caller's, so that retries do not collide. If a caller does not use its time, the time is lost, but its point is not.
 */
import { LRUCache } from 'lru-cache';
import type { Clock, Millis } from '../../domain/ids.ts';
import type { RateLimiter } from '../rate-limiter.ts';

const keysMax = 100_000;
/** Maximum number of keys whose queues are kept. After an eviction, retries of that key collide, which costs some refusals. */
const queuesMax = 10_000;
/** Maximum wait. If the queue is longer, callers get a random time within it, and queue again then. */
const waitMaxMs = 60_000;

/**
 * @param elapsed - a monotonic clock: waits must not change when the time of day is set
 * @param scale - multiplies every limit
 */
export function createMemoryRateLimiter({
  elapsed,
  scale = 1,
  random = Math.random,
}: {
  elapsed: Clock;
  scale?: number;
  random?: () => number;
}): RateLimiter {
  const fullAt = new LRUCache<string, Millis>({ max: keysMax });
  const lastGiven = new LRUCache<string, Millis>({ max: queuesMax });

  /** The wait of a refused caller, if the first point will be available in `soonestMs`. */
  function place(bucket: string, now: Millis, soonestMs: Millis, costMs: Millis): Millis {
    const last = lastGiven.get(bucket);
    const waitMs = last === undefined ? soonestMs : Math.max(soonestMs, last + costMs - now);
    if (waitMs > waitMaxMs) return soonestMs + random() * Math.max(0, waitMaxMs - soonestMs);
    lastGiven.set(bucket, now + waitMs);
    return waitMs;
  }

  return {
    take({ name, points, windowMs }, key, cost = 1) {
      const now = elapsed();
      const bucket = `${name}/${key}`;
      // At least one point: a smaller bucket would refuse every call forever.
      const msPerPoint = windowMs / Math.max(1, points * scale);
      const next = Math.max(fullAt.get(bucket) ?? now, now) + cost * msPerPoint;
      const waitMs = next - now - windowMs;
      // Half a point of slack for rounding errors of the divisions.
      if (waitMs > msPerPoint / 2) return place(bucket, now, waitMs, cost * msPerPoint);
      fullAt.set(bucket, next);
      return 0;
    },
  };
}
