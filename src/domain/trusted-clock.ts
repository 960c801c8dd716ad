import type { Clock, Millis } from './ids.ts';

/**
 * Determines whether the wall clock can be trusted to measure the last day: it has kept pace with the monotonic clock for a day. A
 * process that has just started cannot know, because the clock may have been set while no process was running.
 */
export interface TrustedClock {
  now(): Millis;
  isTrusted(): boolean;
}

const driftMaxMs = 60_000;
const distrustMs = 24 * 60 * 60 * 1000;

/** @param elapsed - milliseconds of a monotonic clock, such as `performance.now` */
export function createTrustedClock(clock: Clock, elapsed: () => Millis): TrustedClock {
  let offset = clock() - elapsed();
  let distrustedUntil = elapsed() + distrustMs;
  return {
    now: clock,
    isTrusted() {
      const drift = Math.abs(clock() - elapsed() - offset);
      if (drift > driftMaxMs) {
        distrustedUntil = elapsed() + distrustMs;
        offset = clock() - elapsed();
      }
      return elapsed() >= distrustedUntil;
    },
  };
}
