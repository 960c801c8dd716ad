/** Converts every failure into the error that clients see. */
import { randomUUID } from 'node:crypto';
import { type DocumentNode, GraphQLError } from 'graphql';
import { DomainError, type ErrorCode, errorCatalogue } from '../../domain/errors.ts';
import { fieldOf } from './input-field.ts';

/** Receives failures that are not part of the contract, with the trace id that the client gets. */
export type ReportFault = (error: unknown, traceId: string) => void;

/** GraphQL's own messages repeat the invalid value: fifty of them could turn a small request into a large answer. */
const messageMax = 1_000;

/** An error of the catalogue, for refusals by the transports. */
export function clientError(code: ErrorCode, message: string, details: Record<string, unknown> = {}): GraphQLError {
  return new GraphQLError(message, { extensions: extensionsOf(code, details) });
}

/**
 * The part of a failure that a client may see: a code of the catalogue, whether to retry, and a message written for clients.
 *
 * @param otherwise - the code for errors of graphql-js that have none
 * @param document - the document that a validation error is about
 */
export function toClientError(
  error: unknown,
  otherwise: ErrorCode,
  report: ReportFault,
  document?: DocumentNode,
): GraphQLError {
  const graphqlError = error instanceof GraphQLError ? error : null;
  const cause = originalOf(error);
  const place = {
    nodes: graphqlError?.nodes,
    source: graphqlError?.source,
    positions: graphqlError?.positions,
    path: graphqlError?.path,
  };
  if (cause instanceof DomainError) {
    return new GraphQLError(cause.message, { ...place, extensions: extensionsOf(cause.code, cause.details) });
  }
  if (graphqlError !== null && (cause === undefined || cause instanceof GraphQLError)) {
    const known = (cause instanceof GraphQLError ? cause : graphqlError).extensions.code;
    const code = typeof known === 'string' && known in errorCatalogue ? (known as ErrorCode) : otherwise;
    const field = code === 'BAD_USER_INPUT' ? fieldOf(graphqlError, document) : null;
    const extensions = extensionsOf(code, field === null ? {} : { field });
    return new GraphQLError(graphqlError.message.slice(0, messageMax), { ...place, extensions });
  }
  const traceId = randomUUID();
  report(cause ?? error, traceId);
  const message = 'Internal server error.';
  return new GraphQLError(message, { ...place, extensions: extensionsOf('INTERNAL_SERVER_ERROR', { traceId }) });
}

function extensionsOf(code: ErrorCode, details: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { code, retryable: errorCatalogue[code].retryable, ...details };
}

/** The original failure inside graphql-js's wrappers. */
function originalOf(error: unknown): unknown {
  let inner = error;
  let found: unknown = error instanceof GraphQLError ? undefined : error;
  while (inner instanceof GraphQLError && inner.originalError !== undefined) {
    inner = inner.originalError;
    found = inner;
  }
  return found;
}
