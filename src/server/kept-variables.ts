/** The variables of an operation, which a subscription keeps for as long as it runs. */
import type { GraphQLError } from 'graphql';
import { clientError } from './pipeline/client-errors.ts';
import type { Operation, OperationRequest, Variables } from './pipeline/pipeline.ts';

/** Maximum size for a subscription. The ids of as many users as it may name are a quarter. */
const maxCharacters = 16_384;
/** Characters that a value counts for, in addition to its text. */
const valueCharacters = 4;

const noVariables: Variables = Object.freeze({});

/** Those that the operation declares. */
export function variablesOf({ definition }: Operation, { variables }: OperationRequest): Variables {
  if (variables == null || definition.variableDefinitions?.length === 0) return noVariables;
  const declared: Record<string, unknown> = {};
  for (const { variable } of definition.variableDefinitions ?? []) {
    const name = variable.name.value;
    if (Object.hasOwn(variables, name)) declared[name] = variables[name];
  }
  return declared;
}

/** The error about variables that are too large to be kept; null if they are not. */
export function tooLargeToKeep(operation: Operation, request: OperationRequest): GraphQLError | null {
  const values: unknown[] = [variablesOf(operation, request)];
  for (let characters = 0; values.length > 0; ) {
    const value = values.pop();
    characters += valueCharacters + (typeof value === 'string' ? value.length : 0);
    if (characters > maxCharacters) {
      const message = `The variables of a subscription may have at most ${maxCharacters} characters.`;
      return clientError('QUERY_TOO_COMPLEX', message, { max: maxCharacters });
    }
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, inner] of Object.entries(value)) {
      characters += name.length;
      values.push(inner);
    }
  }
  return null;
}
