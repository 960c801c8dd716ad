/** The deadline of the store call that runs now. Every statement that the call sends knows it, without an argument. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Millis } from '../../domain/ids.ts';

/** In milliseconds of `performance.now()`. */
const deadlines = new AsyncLocalStorage<number>();

export function runWithDeadline<Answer>(timeoutMs: Millis, call: () => Answer): Answer {
  return deadlines.run(performance.now() + timeoutMs, call);
}

/** When the call must have ended, in milliseconds of `performance.now()`; null outside of a call, as in a migration. */
export function callEndsAt(): number | null {
  return deadlines.getStore() ?? null;
}
