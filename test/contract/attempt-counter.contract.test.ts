import { describe, expect, it } from 'vitest';
import type { AttemptCounter, WaitRule } from '../../src/stores/attempt-counter.ts';
import { createMemoryAttemptCounter } from '../../src/stores/memory/memory-attempt-counter.ts';

/** Every driver, with the time of its clock in the test's hand. A new one is proven by adding it here. */
interface OpenCounter {
  readonly counter: AttemptCounter;
  set(now: number): void;
}

const startedAt = Date.UTC(2026, 4, 17);

const drivers: [string, (scale?: number) => OpenCounter][] = [
  [
    'memory',
    (scale) => {
      let now = startedAt;
      const counter = createMemoryAttemptCounter({ elapsed: () => now, ...(scale === undefined ? {} : { scale }) });
      return {
        counter,
        set(ms) {
          now = startedAt + ms;
        },
      };
    },
  ],
];

const rule: WaitRule = { name: 'logIn', free: 3, firstWaitMs: 1_000, waitMaxMs: 6_000, forgetAfterMs: 60_000 };

describe.each(drivers)('AttemptCounter on %s', (_driver, open) => {
  it('lets the first attempts pass, and makes each further one wait twice as long, up to a maximum', async () => {
    const { counter, set } = open();
    let now = 0;
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      expect(await counter.begin(rule, 'ada')).toBe(0);
      if (attempt < rule.free - 1) continue;
      const refusedFor = await counter.begin(rule, 'ada');
      waits.push(refusedFor);
      now += refusedFor;
      set(now - 1);
      expect(await counter.begin(rule, 'ada')).toBe(1);
      set(now);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 6_000, 6_000, 6_000]);
  });

  it('counts attempts made at once one by one', async () => {
    const { counter } = open();
    const answers = await Promise.all(Array.from({ length: 10 }, () => counter.begin(rule, 'ada')));
    expect(answers.filter((waitMs) => waitMs === 0)).toHaveLength(3);
  });

  it('keeps keys and rules apart', async () => {
    const { counter } = open();
    for (let attempt = 0; attempt < 3; attempt += 1) await counter.begin(rule, 'ada');
    expect(await counter.begin(rule, 'ada')).toBeGreaterThan(0);
    expect(await counter.begin(rule, 'bob')).toBe(0);
    expect(await counter.begin({ ...rule, name: 'other' }, 'ada')).toBe(0);
  });

  it('takes an attempt back with its wait, and keeps the failures before it', async () => {
    const { counter } = open();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect(await counter.begin(rule, 'ada')).toBe(0);
      await counter.takeBack(rule, 'ada');
    }
    for (let attempt = 0; attempt < 3; attempt += 1) expect(await counter.begin(rule, 'ada')).toBe(0);
    await counter.takeBack(rule, 'ada');
    expect(await counter.begin(rule, 'ada')).toBe(0);
    expect(await counter.begin(rule, 'ada')).toBe(1_000);
    await counter.takeBack(rule, 'nobody');
  });

  it('forgets all failures when it is told to, or after a time without any', async () => {
    const { counter, set } = open();
    for (let attempt = 0; attempt < 3; attempt += 1) await counter.begin(rule, 'ada');
    await counter.clear(rule, 'ada');
    for (let attempt = 0; attempt < 3; attempt += 1) expect(await counter.begin(rule, 'ada')).toBe(0);
    set(59_999);
    expect(await counter.begin(rule, 'ada')).toBe(0);
    expect(await counter.begin(rule, 'ada')).toBe(2_000);
    set(59_999 + 60_000);
    for (let attempt = 0; attempt < 3; attempt += 1) expect(await counter.begin(rule, 'ada')).toBe(0);
  });

  it('scales the free attempts, of which there is one at least', async () => {
    for (const [scale, free] of [
      [2, 6],
      [0.01, 1],
    ] as const) {
      const { counter } = open(scale);
      for (let attempt = 0; attempt < free; attempt += 1) expect(await counter.begin(rule, 'ada')).toBe(0);
      expect(await counter.begin(rule, 'ada')).toBe(1_000);
    }
  });
});
