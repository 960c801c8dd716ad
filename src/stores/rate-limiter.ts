import type { Millis } from '../domain/ids.ts';

export interface RateLimit {
  /** Names the limit in errors and metrics. */
  readonly name: string;
  /** How many in `windowMs`. */
  readonly points: number;
  readonly windowMs: Millis;
}

/** Counts what a user or an address does in a window. */
export interface RateLimiter {
  /**
   * Takes `cost` points of a limit for a key (a user id or an address).
   *
   * @returns 0 when allowed, otherwise how many milliseconds to wait. Callers of one key that are refused together are given
   * different moments, as far apart as the points that they wait for, so that the first return of each is likely to be allowed.
   * A refused call takes no points.
   */
  take(limit: RateLimit, key: string, cost?: number): Promise<Millis> | Millis;
}
