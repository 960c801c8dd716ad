/**
 * Failed attempts of a single process. The counters of each rule are kept apart, so that many keys of one rule cannot evict
 * those of another. The least recently used key is evicted first.
 */
import { LRUCache } from 'lru-cache';
import type { Clock, Millis } from '../../domain/ids.ts';
import type { AttemptCounter, WaitRule } from '../attempt-counter.ts';

const keysPerRuleMax = 100_000;

interface Count {
  readonly failures: number;
  readonly lastAt: Millis;
  /** The next attempt may be made from here on. */
  readonly waitUntil: Millis;
}

/**
 * @param elapsed - a monotonic clock: waits must not change when the time of day is set
 * @param scale - multiplies the number of free failures
 */
export function createMemoryAttemptCounter({ elapsed, scale = 1 }: { elapsed: Clock; scale?: number }): AttemptCounter {
  const countsByRule = new Map<string, LRUCache<string, Count>>();

  function countsOf({ name }: WaitRule): LRUCache<string, Count> {
    let counts = countsByRule.get(name);
    if (counts === undefined) {
      counts = new LRUCache({ max: keysPerRuleMax });
      countsByRule.set(name, counts);
    }
    return counts;
  }

  /** The current count; none if its failures are forgotten. */
  function find(rule: WaitRule, key: string): Count | null {
    const count = countsOf(rule).get(key);
    return count === undefined || elapsed() - count.lastAt >= rule.forgetAfterMs ? null : count;
  }

  function waitAfter({ free, firstWaitMs, waitMaxMs }: WaitRule, failures: number): Millis {
    const beyond = failures - Math.max(1, Math.round(free * scale));
    return beyond < 0 ? 0 : Math.min(waitMaxMs, firstWaitMs * 2 ** beyond);
  }

  return {
    begin(rule, key) {
      const now = elapsed();
      const known = find(rule, key);
      if (known !== null && known.waitUntil > now) return known.waitUntil - now;
      const failures = (known?.failures ?? 0) + 1;
      countsOf(rule).set(key, { failures, lastAt: now, waitUntil: now + waitAfter(rule, failures) });
      return 0;
    },

    takeBack(rule, key) {
      const known = find(rule, key);
      if (known === null) return;
      const failures = known.failures - 1;
      // Its wait began with the attempt that is taken back.
      countsOf(rule).set(key, { ...known, failures, waitUntil: known.lastAt });
    },

    clear: (rule, key) => void countsOf(rule).delete(key),
  };
}
