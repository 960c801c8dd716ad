import { describe, expect, it } from 'vitest';
import { createTrustedClock } from '../../src/domain/trusted-clock.ts';
import { day, january } from '../support/drafts.ts';

const hour = day / 24;

function setUp() {
  const time = { wall: january, elapsed: 5_000.5, asleep: 700 };
  const steps: number[] = [];
  const clock = createTrustedClock({
    clock: () => time.wall,
    elapsed: () => time.elapsed,
    sinceBoot: () => time.elapsed + time.asleep,
    onStep: (ms) => steps.push(ms),
  });
  const pass = (ms: number) => {
    time.wall += ms;
    time.elapsed += ms;
  };
  return { time, clock, pass, steps };
}

describe('the time of a trusted clock', () => {
  it('is the wall time while it keeps pace, small corrections included', () => {
    const { clock, time, pass, steps } = setUp();
    for (const correction of [0, 1, 29_999, -60_000]) {
      pass(1_000);
      time.wall += correction;
      expect(clock.now()).toBe(time.wall);
    }
    expect(steps).toEqual([]);
  });

  it('goes on by the monotonic clock after the wall clock was set forward', () => {
    const { clock, time, pass, steps } = setUp();
    pass(1_000);
    time.wall += 5 * 365 * day;
    pass(2_000);
    expect(clock.now()).toBe(january + 3_000);
    pass(hour - 1);
    expect(clock.now()).toBe(january + hour + 2_999);
    expect(steps).toEqual([5 * 365 * day]);
  });

  it('is the wall time again when that was corrected', () => {
    const { clock, time, pass } = setUp();
    time.wall += day;
    clock.now();
    pass(2 * 60_000);
    time.wall -= day;
    expect(clock.now()).toBe(time.wall);
    expect(time.wall).toBe(january + 2 * 60_000);
  });

  it('follows a wall clock that has kept pace for an hour where it was set to', () => {
    const { clock, time, pass } = setUp();
    time.wall += day;
    clock.now();
    pass(hour - 1);
    expect(clock.now()).toBe(time.wall - day);
    pass(1);
    expect(clock.now()).toBe(time.wall);
  });

  it('waits for another hour when the wall clock is set again', () => {
    const { clock, time, pass } = setUp();
    time.wall += day;
    clock.now();
    pass(hour - 1);
    time.wall += day;
    clock.now();
    pass(hour - 1);
    expect(clock.now()).toBe(time.wall - 2 * day);
  });

  it('follows a wall clock that was set back at once, and to where it was', () => {
    const { clock, time, pass } = setUp();
    for (const step of [-day, day - 1_000, 1_000]) {
      time.wall += step;
      pass(1_000);
      expect(clock.now()).toBe(time.wall);
    }
  });

  it('is the wall time after the machine has slept, and is trusted as before', () => {
    const { clock, time, pass, steps } = setUp();
    pass(day);
    time.wall += 8 * hour;
    time.asleep += 8 * hour - 5;
    expect(clock.now()).toBe(time.wall);
    expect(clock.isTrusted()).toBe(true);
    expect(steps).toEqual([]);
  });

  it('includes the sleep during which the wall clock was set forward', () => {
    const { clock, time, pass } = setUp();
    time.wall += day + hour;
    time.asleep += hour;
    pass(1);
    expect(clock.now()).toBe(january + hour + 1);
  });

  it('does not follow many small steps that make a large one', () => {
    const { clock, time, pass } = setUp();
    for (let steps = 0; steps < 100; steps += 1) {
      time.wall += 20_000;
      pass(10);
      clock.now();
    }
    expect(clock.now()).toBeLessThanOrEqual(january + 31_000);
  });

  it('is followed when the two clocks run apart slowly', () => {
    const { clock, time, pass } = setUp();
    for (let days = 0; days < 100; days += 1) {
      time.wall += 10_000;
      pass(day);
      expect(clock.now()).toBe(time.wall);
    }
  });
});

describe('the latest time of a trusted clock', () => {
  it('is soon after the time, wherever the wall clock was set to', () => {
    const { clock, time } = setUp();
    expect(clock.latest()).toBe(january + 30_000);
    for (const step of [day, -3 * day]) {
      time.wall += step;
      expect(clock.latest()).toBe(january + 30_000);
    }
  });
});

describe('whether a clock is trusted to measure a day', () => {
  it('is so once it has kept pace for a day', () => {
    const { clock, pass } = setUp();
    expect(clock.isTrusted()).toBe(false);
    pass(day - 1);
    expect(clock.isTrusted()).toBe(false);
    pass(1);
    expect(clock.isTrusted()).toBe(true);
  });

  it.each([hour, -hour, 30_001, -30_001])('is not so for a day after a step of %d ms', (step) => {
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

  it('is not so for a day after the correction of a step', () => {
    const { clock, pass, time } = setUp();
    time.wall -= day;
    clock.now();
    pass(hour / 2);
    time.wall += day;
    clock.now();
    pass(day - 1);
    expect(clock.isTrusted()).toBe(false);
  });

  it('bears small corrections', () => {
    const { clock, pass, time } = setUp();
    pass(day);
    time.wall += 30_000;
    expect(clock.isTrusted()).toBe(true);
  });
});
