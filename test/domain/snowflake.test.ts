import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isId } from '../../src/domain/ids.ts';
import { createSnowflakes, snowflakeEpochMs, snowflakeTime } from '../../src/domain/snowflake.ts';

const start = Date.UTC(2026, 0, 31, 23, 59, 59);

function counting(): () => number {
  let next = 0;
  return () => next++ % 1024;
}

describe('snowflakes', () => {
  it('never repeat, even if the clock jumps', () => {
    // Few different steps, so that the clock comes by the same instant again and again.
    const step = fc.constantFrom(0, 1, -1, 20_000, -20_000);
    const steps = fc.array(step, { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(steps, (moves) => {
        let now = start;
        const snowflakes = createSnowflakes(() => now, counting());
        const ids = moves.flatMap((move) => {
          now += move;
          return [snowflakes.next(), snowflakes.next()];
        });
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.every(isId)).toBe(true);
      }),
    );
  });

  it('only grow while the clock steps back by no more than ten seconds in all', () => {
    const steps = fc.array(fc.integer({ min: -5_000, max: 5_000 }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(steps, (offsets) => {
        let now = start;
        const snowflakes = createSnowflakes(() => now, counting());
        let last = 0n;
        for (const offset of offsets) {
          now = start + offset;
          const id = BigInt(snowflakes.next());
          expect(id > last).toBe(true);
          last = id;
        }
      }),
    );
  });

  it('tell when they were made', () => {
    fc.assert(
      fc.property(fc.integer({ min: snowflakeEpochMs + 1, max: snowflakeEpochMs + 2 ** 41 - 1 }), (at) => {
        expect(snowflakeTime(createSnowflakes(() => at, counting()).next())).toBe(at);
      }),
    );
  });

  it('borrow from the next millisecond when one is used up', () => {
    const snowflakes = createSnowflakes(() => start, counting());
    const ids = Array.from({ length: 10_000 }, () => snowflakes.next());
    expect(new Set(ids).size).toBe(10_000);
    expect(ids.map(BigInt)).toEqual(ids.map(BigInt).sort((a, b) => (a < b ? -1 : 1)));
    expect(snowflakeTime(ids[9_999] as string)).toBe(start + 2);
  });

  it('of different workers differ at the same instant', () => {
    const workers = Array.from({ length: 1024 }, (_, worker) =>
      createSnowflakes(
        () => start,
        () => worker,
      ),
    );
    expect(new Set(workers.map((snowflakes) => snowflakes.next())).size).toBe(1024);
  });

  it('take another worker number when the clock has been set back far, and not before', () => {
    let now = start;
    let taken = 0;
    const snowflakes = createSnowflakes(
      () => now,
      () => taken++,
    );
    snowflakes.next();
    now -= 10_000;
    snowflakes.next();
    expect(taken).toBe(1);
    now -= 10_000;
    const id = snowflakes.next();
    expect(taken).toBe(2);
    expect(snowflakeTime(id)).toBe(now);
  });
});
