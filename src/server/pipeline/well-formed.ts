/** Text that clients send must be Unicode: parsers of other languages refuse half a surrogate pair, and with it all that follows. */
import type { GraphQLError } from 'graphql';
import { clientError } from './client-errors.ts';

/** Levels of the path that an error names; a client's value may be nested deeper than any message should be long. */
const pathMax = 8;

/**
 * The error about variables of which some text, or some name of a field, is not well-formed; null when all is. A document needs no
 * such check: its parser refuses these characters, and escapes of them.
 */
export function illFormedVariables(
  variables: Readonly<Record<string, unknown>> | null | undefined,
): GraphQLError | null {
  if (variables == null || isWellFormed(variables)) return null;
  const path = pathToIllFormed(variables);
  const field = path.length === 0 ? 'variables' : path.join('.');
  return clientError('BAD_USER_INPUT', `${field} contains half of a surrogate pair, which is not text.`, { field });
}

/** Runs for every operation, and therefore keeps no paths. */
function isWellFormed(variables: object): boolean {
  // A list instead of recursion, because values may be nested deeper than the stack allows.
  const rest: object[] = [variables];
  for (let value = rest.pop(); value !== undefined; value = rest.pop()) {
    for (const name in value) {
      if (!name.isWellFormed()) return false;
      const inner = (value as Record<string, unknown>)[name];
      if (typeof inner === 'string') {
        if (!inner.isWellFormed()) return false;
      } else if (typeof inner === 'object' && inner !== null) {
        rest.push(inner);
      }
    }
  }
  return true;
}

/** The names that lead to the first text that is not well-formed, at most `pathMax` of them. */
function pathToIllFormed(variables: object): readonly string[] {
  const rest: { value: unknown; path: readonly string[] }[] = [{ value: variables, path: [] }];
  for (let place = rest.pop(); place !== undefined; place = rest.pop()) {
    const { value, path } = place;
    if (typeof value === 'string' && !value.isWellFormed()) return path;
    if (value === null || typeof value !== 'object') continue;
    for (const [name, inner] of Object.entries(value)) {
      if (!name.isWellFormed()) return path;
      rest.push({ value: inner, path: path.length < pathMax ? [...path, name] : path });
    }
  }
  return [];
}
