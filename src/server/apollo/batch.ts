/** The form of a batch: several requests in one, as a list. */
import type { GraphQLError } from 'graphql';
import { clientError } from '../pipeline/client-errors.ts';

/** The error about a batch that cannot run as a whole. Apollo Server would find a malformed request when the others have started. */
export function problemOf(batch: readonly unknown[], max: number): GraphQLError | null {
  if (batch.length > max)
    return clientError('QUERY_TOO_COMPLEX', `A batch may contain at most ${max} operations.`, { max });
  if (batch.length === 0) return clientError('BAD_REQUEST', 'A batch must contain an operation.');
  const index = batch.findIndex((request) => !isRequest(request));
  return index < 0 ? null : clientError('BAD_REQUEST', `Request ${index + 1} of the batch is not a GraphQL request.`);
}

function isRequest(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { query, operationName, variables, extensions } = value;
  const areTexts = [query, operationName].every((text) => text == null || typeof text === 'string');
  const areObjects = [variables, extensions].every((object) => object == null || isObject(object));
  return areTexts && areObjects && Object.keys(value).length > 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
