import { expect, it } from 'vitest';
import { countRefusals, takeOrThrow } from '../../src/services/rate-limits.ts';
import { createMemoryRateLimiter } from '../../src/stores/memory/memory-rate-limiter.ts';
import type { RateLimiter } from '../../src/stores/rate-limiter.ts';

const limit = { name: 'sends', points: 2, windowMs: 1_000 };

it.each([
  ['in this process', (limiter: RateLimiter) => limiter],
  ['elsewhere', (limiter: RateLimiter): RateLimiter => ({ take: async (...call) => limiter.take(...call) })],
])('refuses with the limit’s name and the wait in whole milliseconds, with a limiter %s', async (_where, of) => {
  const limiter = of(createMemoryRateLimiter({ elapsed: () => 0, scale: 1.5 }));
  for (let call = 0; call < 3; call += 1) await takeOrThrow(limiter, limit, '1');
  await expect((async () => takeOrThrow(limiter, limit, '1'))()).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    retryable: true,
    details: { limit: 'sends', retryAfterMs: 334 },
  });
});

it.each([
  ['at once', (waitMs: number) => waitMs],
  ['later', (waitMs: number) => Promise.resolve(waitMs)],
])('counts refusals, and nothing else, of a limiter that answers %s', async (_when, answer) => {
  const refused: string[] = [];
  const waits = [0, 5, 0, 7];
  const limiter = countRefusals({ take: () => answer(waits.shift() ?? 0) }, (name) => void refused.push(name));
  const answers = [];
  for (let call = 0; call < 4; call += 1) answers.push(await limiter.take(limit, '1'));
  expect(answers).toEqual([0, 5, 0, 7]);
  expect(refused).toEqual(['sends', 'sends']);
});
