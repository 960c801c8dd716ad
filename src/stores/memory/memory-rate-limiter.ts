/**
 * Rate limits of a single process, by the generic cell rate algorithm: one number per key says when its bucket will be full again.
 * A call is answered at once, and there is no timer. The key whose bucket was used longest ago is forgotten first.
 *
 * Refused callers form a queue that exists in their answers only. Each is given the moment after the one that the caller before it
 * got, one point apart, so that nobody meets the others on their return. A moment that nobody uses is lost, and its point is not.
 */
import { LRUCache } from 'lru-cache';
import type { Clock, Millis } from '../../domain/ids.ts';
import type { RateLimiter } from '../rate-limiter.ts';

const keysMax = 100_000;
/** Keys whose refused callers are known. Those of a forgotten one meet each other again, which costs some refusals. */
const queuesMax = 10_000;
/** The longest wait. Callers for whom the queue has no place before it get a random moment, and queue again then. */
const waitMaxMs = 60_000;

/** @param scale - multiplies every limit */
export function createMemoryRateLimiter({
  clock,
  scale = 1,
  random = Math.random,
}: {
  clock: Clock;
  scale?: number;
  random?: () => number;
}): RateLimiter {
  const fullAt = new LRUCache<string, Millis>({ max: keysMax });
  const lastGiven = new LRUCache<string, Millis>({ max: queuesMax });

  /** How long a refused caller waits, when the first point would be there in `soonestMs`. */
  function place(bucket: string, now: Millis, soonestMs: Millis, costMs: Millis): Millis {
    const afterLast = (lastGiven.get(bucket) ?? 0) + costMs - now;
    // A moment in the far future was given before the clock was set back.
    const waitMs = afterLast > waitMaxMs + costMs ? soonestMs : Math.max(soonestMs, afterLast);
    if (waitMs > waitMaxMs) return soonestMs + random() * Math.max(0, waitMaxMs - soonestMs);
    lastGiven.set(bucket, now + waitMs);
    return waitMs;
  }

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
      if (waitMs > msPerPoint / 2) return place(bucket, now, waitMs, cost * msPerPoint);
      fullAt.set(bucket, next);
      return 0;
    },
  };
}
