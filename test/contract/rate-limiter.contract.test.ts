import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryRateLimiter } from '../../src/stores/memory/memory-rate-limiter.ts';
import type { RateLimit, RateLimiter } from '../../src/stores/rate-limiter.ts';

/** Every driver, with the time of its clock in the test's hand. A new one is proven by adding it here. */
interface OpenRateLimiter {
  readonly limiter: RateLimiter;
  set(now: number): void;
}

const startedAt = Date.UTC(2026, 4, 17);

const drivers: [string, (scale?: number) => OpenRateLimiter][] = [
  [
    'memory',
    (scale) => {
      let now = startedAt;
      const limiter = createMemoryRateLimiter({ elapsed: () => now, ...(scale === undefined ? {} : { scale }) });
      return {
        limiter,
        set(ms) {
          now = startedAt + ms;
        },
      };
    },
  ],
];

const limit: RateLimit = { name: 'sends', points: 10, windowMs: 1_000 };

describe.each(drivers)('RateLimiter on %s', (_driver, open) => {
  /** How many of `count` calls are allowed. */
  async function allowed(limiter: RateLimiter, count: number, by = limit, key = '1'): Promise<number> {
    let passed = 0;
    for (let call = 0; call < count; call += 1) if ((await limiter.take(by, key)) === 0) passed += 1;
    return passed;
  }

  it('allows a burst of all points at once, and no more', async () => {
    const { limiter } = open();
    expect(await allowed(limiter, 30)).toBe(10);
  });

  it('gives points back evenly, not in a block at the end of the window', async () => {
    const { limiter, set } = open();
    await allowed(limiter, 10);
    set(100);
    expect(await allowed(limiter, 10)).toBe(1);
    set(400);
    expect(await allowed(limiter, 10)).toBe(3);
    set(5_000);
    expect(await allowed(limiter, 30)).toBe(10);
  });

  it('returns the exact wait', async () => {
    const { limiter, set } = open();
    await allowed(limiter, 10);
    const waitMs = await limiter.take(limit, '1');
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThanOrEqual(100);
    set(waitMs);
    expect(await limiter.take(limit, '1')).toBe(0);
  });

  it('gives callers that are refused together different moments, at which each is allowed', async () => {
    const { limiter, set } = open();
    await allowed(limiter, 10);
    const moments: number[] = [];
    for (let caller = 0; caller < 30; caller += 1) moments.push(await limiter.take(limit, '1'));
    for (const [index, moment] of moments.entries()) expect(moment).toBeCloseTo((index + 1) * 100, 3);
    for (const moment of moments) {
      set(Math.ceil(moment));
      expect(await limiter.take(limit, '1')).toBe(0);
    }
  });

  it('never returns a wait of more than a minute, even with many waiting callers', async () => {
    const { limiter, set } = open();
    await allowed(limiter, 10);
    const moments: number[] = [];
    for (let caller = 0; caller < 5_000; caller += 1) moments.push(await limiter.take(limit, '1'));
    expect(Math.max(...moments)).toBeLessThanOrEqual(60_000);
    // Callers that did not fit into the queue are spread over the whole minute.
    const late = moments.slice(1_000);
    for (const quarter of [0, 1, 2, 3]) {
      const count = late.filter((moment) => Math.floor(moment / 15_000) === quarter).length;
      expect(count).toBeGreaterThan(late.length / 8);
    }
    // Nobody has to wait for those who never came back.
    set(60_000);
    expect(await allowed(limiter, 10)).toBe(10);
    expect(await limiter.take(limit, '1')).toBeCloseTo(100, 3);
  });

  it('takes nothing for a refused call', async () => {
    const { limiter, set } = open();
    await allowed(limiter, 10);
    await allowed(limiter, 1_000);
    set(100);
    expect(await limiter.take(limit, '1')).toBe(0);
  });

  it('counts each key and each limit for itself', async () => {
    const { limiter } = open();
    await allowed(limiter, 10);
    expect(await allowed(limiter, 20, limit, '2')).toBe(10);
    expect(await allowed(limiter, 20, { ...limit, name: 'others' })).toBe(10);
  });

  it('takes the cost of a call', async () => {
    const { limiter } = open();
    expect(await limiter.take(limit, '1', 7)).toBe(0);
    expect(await limiter.take(limit, '1', 4)).toBeGreaterThan(0);
    expect(await limiter.take(limit, '1', 3)).toBe(0);
  });

  it('multiplies limits by the scale', async () => {
    expect(await allowed(open(3).limiter, 100)).toBe(30);
    expect(await allowed(open(0.5).limiter, 100)).toBe(5);
  });

  it('never blocks a caller forever, even with a small scale', async () => {
    const { limiter, set } = open(0.01);
    expect(await allowed(limiter, 5)).toBe(1);
    set(1_000);
    expect(await allowed(limiter, 5)).toBe(1);
  });

  it('never allows more than a burst plus the refill in any time range', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 4 })), { maxLength: 100 }),
      async (calls) => {
        const { limiter, set } = open();
        const taken: { at: number; cost: number }[] = [];
        let now = 0;
        for (const [pauseMs, cost] of calls) {
          now += pauseMs;
          set(now);
          if ((await limiter.take(limit, '1', cost)) === 0) taken.push({ at: now, cost });
        }
        for (const [from, first] of taken.entries()) {
          let sum = 0;
          for (const { at, cost } of taken.slice(from)) {
            sum += cost;
            // One more for the point in the making when the stretch begins, which a driver may round up.
            expect(sum).toBeLessThanOrEqual(limit.points + ((at - first.at) * limit.points) / limit.windowMs + 1);
          }
        }
      },
    );
    await fc.assert(property, { numRuns: 100 });
  });
});

describe('the rate limiter of a single process', () => {
  it('answers at once', () => {
    expect(createMemoryRateLimiter({ elapsed: () => startedAt }).take(limit, '1')).toBe(0);
  });

  it('begins with all points when the clock begins', () => {
    const limiter = createMemoryRateLimiter({ elapsed: () => 0 });
    expect(limiter.take(limit, '1', 7)).toBe(0);
    expect(limiter.take(limit, '1', 4)).toBeCloseTo(100, 3);
  });

  it('stays bounded: forgets whose bucket was used longest ago, and remembers the busy', () => {
    const limiter = createMemoryRateLimiter({ elapsed: () => startedAt });
    const take = (key: string) => limiter.take(limit, key) as number;
    for (let call = 0; call < 10; call += 1) {
      take('busy');
      take('quiet');
    }
    for (let key = 0; key < 100_000; key += 1) {
      take(`crowd-${key}`);
      if (key % 1_000 === 0) expect(take('busy')).toBeGreaterThan(0);
    }
    expect(take('quiet')).toBe(0);
  });
});
