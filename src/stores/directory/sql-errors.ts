import { inTime } from '../../domain/deadline.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Millis } from '../../domain/ids.ts';

/** SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE; MySQL's duplicate entry. */
const uniqueCodes = new Set(['ERR_SQLITE_1555', 'ERR_SQLITE_2067', 'ER_DUP_ENTRY']);

export function isUniqueViolation(error: unknown): boolean {
  return uniqueCodes.has((error as { code?: string } | null)?.code ?? '');
}

/** A bug in the server's code, which must not become UNAVAILABLE, because retrying would not help. */
function isBug(error: unknown): boolean {
  return [TypeError, RangeError, SyntaxError, ReferenceError].some((kind) => error instanceof kind);
}

/**
 * Wraps a store so that callers do not see database errors, and every call is answered in time: all other errors become
 * UNAVAILABLE. A late call may still take effect.
 */
export function guardStore<Store extends object>(store: Store, timeoutMs: Millis): Store {
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        try {
          // A call may have several statements, each of which waits for the connection: one deadline covers all of them.
          return await inTime(Reflect.apply(method, target, args) as Promise<unknown>, timeoutMs, late);
        } catch (error) {
          if (error instanceof DomainError || isBug(error)) throw error;
          throw new DomainError('UNAVAILABLE', 'Directory did not answer.', { cause: error });
        }
      };
    },
  });
}

function late(): DomainError {
  return new DomainError('UNAVAILABLE', 'Directory did not answer in time.');
}
