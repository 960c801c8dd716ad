/** A clock that stands still, and that nobody sets. */
import type { Millis } from '../../src/domain/ids.ts';
import type { TrustedClock } from '../../src/domain/trusted-clock.ts';

export function fixedClock(at: Millis): TrustedClock {
  return { now: () => at, latest: () => at, isTrusted: () => true };
}
