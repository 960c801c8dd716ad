import { describe, expect, it } from 'vitest';
import { createTrustedClock } from '../../src/domain/trusted-clock.ts';
import { day, january } from '../support/drafts.ts';

function setUp() {
  const time = { wall: january, elapsed: 5_000 };
  const clock = createTrustedClock(
    () => time.wall,
    () => time.elapsed,
  );
  const pass = (ms: number) => {
    time.wall += ms;
    time.elapsed += ms;
  };
  return { time, clock, pass };
}

describe('a trusted clock', () => {
  it('returns the wall time', () => {
    const { clock, time } = setUp();
    expect(clock.now()).toBe(time.wall);
  });

  it('is trusted once it has kept pace for a day', () => {
    const { clock, pass } = setUp();
    expect(clock.isTrusted()).toBe(false);
    pass(day - 1);
    expect(clock.isTrusted()).toBe(false);
    pass(1);
    expect(clock.isTrusted()).toBe(true);
  });

  it.each([3_600_000, -3_600_000, 60_001, -60_001])('is not trusted for a day after a step of %d ms', (step) => {
    const { clock, pass, time } = setUp();
    pass(day);
    expect(clock.isTrusted()).toBe(true);
    time.wall += step;
    expect(clock.isTrusted()).toBe(false);
    pass(day - 1);
    expect(clock.isTrusted()).toBe(false);
    pass(1);
    expect(clock.isTrusted()).toBe(true);
  });

  it('bears small corrections', () => {
    const { clock, pass, time } = setUp();
    pass(day);
    time.wall += 30_000;
    expect(clock.isTrusted()).toBe(true);
  });
});
