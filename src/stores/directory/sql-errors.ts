import { inTime } from '../../domain/deadline.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Millis } from '../../domain/ids.ts';
import { runWithDeadline } from './call-deadline.ts';

/** A failure of the database with its code: `ERR_SQLITE_2067` is SQLITE_CONSTRAINT_UNIQUE, `ER_DUP_ENTRY` is MySQL's. */
export class SqlFailure extends Error {
  readonly code: string;
  constructor({ code, message }: { code: string; message: string }, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The code of a statement that was not answered. Its effect is unknown unless its transaction was not committed. */
export const noAnswer = 'ERR_NO_ANSWER';

/** SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE; MySQL's duplicate entry. */
const uniqueCodes = new Set(['ERR_SQLITE_1555', 'ERR_SQLITE_2067', 'ER_DUP_ENTRY']);

/** Attempts at a call whose transactions lose against others. */
const attemptsMax = 8;
const pauseMaxMs = 40;

export function isUniqueViolation(error: unknown): boolean {
  return uniqueCodes.has(codeOf(error));
}

/** The database has undone the transaction in favour of another one, so the whole call may be repeated. */
function isDeadlock(error: unknown): boolean {
  return codeOf(error) === 'ER_LOCK_DEADLOCK';
}

export function codeOf(error: unknown): string {
  return (error as { code?: string } | null)?.code ?? '';
}

/** A bug in the server's code, which must not become UNAVAILABLE, because retrying would not help. */
function isBug(error: unknown): boolean {
  return [TypeError, RangeError, SyntaxError, ReferenceError].some((kind) => error instanceof kind);
}

/**
 * Wraps a store so that callers do not see database errors, and every call is answered in time: all other errors become
 * UNAVAILABLE. On SQLite a late call may still take effect; on MySQL it cannot.
 */
export function guardStore<Store extends object>(store: Store, timeoutMs: Millis): Store {
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => guardCall(timeoutMs, async () => Reflect.apply(method, target, args));
    },
  });
}

/** One deadline covers all statements of a call, each of which waits for a connection. */
async function guardCall<Answer>(timeoutMs: Millis, call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await inTime(
      runWithDeadline(timeoutMs, () => repeatAfterDeadlock(call)),
      timeoutMs,
      late,
    );
  } catch (error) {
    if (error instanceof DomainError || isBug(error)) throw error;
    throw new DomainError('UNAVAILABLE', 'Directory did not answer.', { cause: error });
  }
}

async function repeatAfterDeadlock<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!isDeadlock(error) || attempt === attemptsMax) throw error;
    }
    // By chance, because two calls that met in a deadlock would otherwise meet again.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * pauseMaxMs));
  }
}

function late(): DomainError {
  return new DomainError('UNAVAILABLE', 'Directory did not answer in time.');
}
