import type { Millis } from '../domain/ids.ts';

/** After `free` failures, each further attempt under a key waits twice as long as the one before. */
export interface WaitRule {
  /** Names the limit in errors and metrics. */
  readonly name: string;
  readonly free: number;
  readonly firstWaitMs: Millis;
  readonly waitMaxMs: Millis;
  /** Failures are forgotten when none was added for this time. Longer than `waitMaxMs`. */
  readonly forgetAfterMs: Millis;
}

/** Counts failed attempts under a key, for waits that grow. */
export interface AttemptCounter {
  /**
   * Counts an attempt as failed before it is made, so that attempts made at once do not share one allowance.
   *
   * @returns 0 if the attempt may be made, otherwise the number of milliseconds to wait; then nothing was counted
   */
  begin(rule: WaitRule, key: string): Promise<Millis> | Millis;
  /** Uncounts an attempt that did not fail. Earlier failures stay. */
  takeBack(rule: WaitRule, key: string): Promise<void> | void;
  /** Forgets all failures under a key. */
  clear(rule: WaitRule, key: string): Promise<void> | void;
}
