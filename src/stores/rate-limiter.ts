import type { Millis } from '../domain/ids.ts';

export interface RateLimit {
  /** Names the limit in errors and metrics. */
  readonly name: string;
  /** Number of points per `windowMs`. */
  readonly points: number;
  readonly windowMs: Millis;
}

/** Limits the actions of a user or an address per time window. */
export interface RateLimiter {
  /**
   * Takes `cost` points of a limit for a key (a user id or an address).
   *
   * @returns 0 if allowed, otherwise the number of milliseconds to wait. Callers of one key that are refused together get
   * different times, as far apart as the points that they wait for, so that each caller's first retry is likely to be allowed.
   * A refused call takes no points.
   */
  take(limit: RateLimit, key: string, cost?: number): Promise<Millis> | Millis;
}
