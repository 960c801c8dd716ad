/**
 * The time by which messages are numbered, dated and named. The machine's wall clock can be wrong, and a message that was once dated
 * ahead would hold back the dates of all later ones. The monotonic clock cannot be set, but its origin is arbitrary. Hence the wall clock is
 * believed when the process starts, and later as long as it keeps pace with the monotonic clock.
 *
 * The wall clock is in one of these states:
 * - in pace: its difference from the monotonic clock has changed by at most `driftMaxMs`. Small corrections are followed;
 * - behind: it was set back. It is followed at once, because `sentAt` never decreases anyway;
 * - ahead: it was set forward. The time goes on by the monotonic clock;
 * - believed again: it has kept pace for `believedAfterMs` where it was set to.
 */
import type { Clock, Millis } from './ids.ts';

export interface TrustedClock {
  now(): Millis;
  /** No time up to now was later: an id of a later time was made by a clock that was ahead. */
  latest(): Millis;
  /**
   * Whether the wall clock measures the last day: it has kept pace for a day. A process that has just started cannot know, because the
   * clock may have been set while no process was running.
   */
  isTrusted(): boolean;
}

const driftMaxMs = 30_000;
/** Corrections of up to `driftMaxMs` are followed once in this time, so that many of them do not add up to a step. */
const followEveryMs = 60_000;
/** Longer than the longest default polling interval of the usual time daemons, 34 minutes, which correct a wrong clock. */
const believedAfterMs = 60 * 60 * 1000;
/** Shorter times are the inexactness of `sinceBoot`. */
const sleptMinMs = 1_000;
const distrustMs = 24 * 60 * 60 * 1000;

/**
 * @param ports.elapsed - milliseconds of a monotonic clock, such as `performance.now`
 * @param ports.sinceBoot - the same including the time for which the machine slept; read only when the wall clock is out of pace
 * @param ports.onStep - receives the size of each step of the wall clock, positive if it is ahead
 */
export function createTrustedClock(ports: {
  clock: Clock;
  elapsed: Clock;
  sinceBoot?: Clock;
  onStep?: (ms: Millis) => void;
}): TrustedClock {
  const { clock, elapsed, sinceBoot = elapsed, onStep } = ports;
  /** The wall clock less the monotonic clock, as it is believed. */
  let offset = clock() - elapsed();
  let followedAt = elapsed();
  let asleep = sinceBoot() - elapsed();
  /** Where the wall clock was set to, until it is believed there. */
  let step: { readonly offset: Millis; readonly since: Millis } | null = null;
  let distrustedUntil = elapsed() + distrustMs;

  /** Adds the time for which the machine slept. Returns whether it did. */
  function hasSlept(at: Millis): boolean {
    const slept = sinceBoot() - at - asleep;
    if (slept < sleptMinMs) return false;
    asleep += slept;
    offset += slept;
    if (step !== null) step = { ...step, offset: step.offset + slept };
    return true;
  }

  function look(wall = clock(), at = elapsed()): { wall: Millis; at: Millis; isAhead: boolean } {
    const seen = wall - at;
    const keepsPace = () => isInPace(seen, step?.offset ?? offset);
    if (keepsPace() || (hasSlept(at) && keepsPace())) {
      if (step !== null && at - step.since >= believedAfterMs) {
        offset = seen;
        step = null;
      }
    } else {
      distrustedUntil = at + distrustMs;
      step = isInPace(seen, offset) ? null : { offset: seen, since: at };
      if (step !== null) onStep?.(Math.round(seen - offset));
    }
    if (step === null && at - followedAt >= followEveryMs) {
      offset = seen;
      followedAt = at;
    }
    return { wall, at, isAhead: step !== null && step.offset > offset };
  }

  return {
    now() {
      const wall = clock();
      const at = elapsed();
      // Several calls for each message end here.
      if (step === null && at - followedAt < followEveryMs && isInPace(wall - at, offset)) return wall;
      return look(wall, at).isAhead ? Math.floor(at + offset) : wall;
    },
    latest() {
      const { at } = look();
      return Math.floor(at + offset) + driftMaxMs;
    },
    isTrusted() {
      return look().at >= distrustedUntil;
    },
  };
}

function isInPace(a: Millis, b: Millis): boolean {
  return Math.abs(a - b) <= driftMaxMs;
}
