import { DomainError } from '../../domain/errors.ts';

/** SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE; MySQL's duplicate entry. */
const uniqueCodes = new Set(['ERR_SQLITE_1555', 'ERR_SQLITE_2067', 'ER_DUP_ENTRY']);

export function isUniqueViolation(error: unknown): boolean {
  return uniqueCodes.has((error as { code?: string } | null)?.code ?? '');
}

/** Wraps a store so that nothing of the database shows: what is not ours already is UNAVAILABLE. */
export function translateErrors<Store extends object>(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        try {
          return await Reflect.apply(method, target, args);
        } catch (error) {
          if (error instanceof DomainError) throw error;
          throw new DomainError('UNAVAILABLE', 'The directory did not answer.', { cause: error });
        }
      };
    },
  });
}
