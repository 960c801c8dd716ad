/** Text that clients send must be Unicode: parsers of other languages refuse half a surrogate pair, and with it all that follows. */
import type { GraphQLError } from 'graphql';
import { clientError } from './client-errors.ts';

/** Levels of the path that an error names; a client's value may be nested deeper than any message should be long. */
const pathMax = 8;

interface Place {
  readonly value: unknown;
  readonly path: readonly string[];
}

/**
 * The error about variables of which some text, or some name of a field, is not well-formed; null when all is. A document needs no
 * such check: its parser refuses these characters, and escapes of them.
 */
export function illFormedVariables(
  variables: Readonly<Record<string, unknown>> | null | undefined,
): GraphQLError | null {
  if (variables == null) return null;
  // A list instead of recursion, because values may be nested deeper than the stack allows.
  const rest: Place[] = [{ value: variables, path: [] }];
  for (let place = rest.pop(); place !== undefined; place = rest.pop()) {
    const { value, path } = place;
    if (typeof value === 'string' && !value.isWellFormed()) return refusal(path);
    if (value === null || typeof value !== 'object') continue;
    for (const [name, inner] of Object.entries(value)) {
      if (!name.isWellFormed()) return refusal(path);
      rest.push({ value: inner, path: path.length < pathMax ? [...path, name] : path });
    }
  }
  return null;
}

function refusal(path: readonly string[]): GraphQLError {
  const field = path.length === 0 ? 'variables' : path.join('.');
  return clientError('BAD_USER_INPUT', `${field} contains half of a surrogate pair, which is not text.`, { field });
}
