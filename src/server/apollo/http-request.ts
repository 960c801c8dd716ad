/** The checks of an HTTP request before its operations: rate limits and the token. */
import { HeaderMap } from '@apollo/server';
import { GraphQLError } from 'graphql';
import type { ByteBudget } from '../../domain/byte-budget.ts';
import type { ClientAddress } from '../../domain/client-address.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Viewer } from '../../domain/user.ts';
import type { Context } from '../../resolvers/context.ts';
import { bearerToken, outcomeOf, takeAddress, takeCaller } from '../admission.ts';
import { statusOf } from '../answer-status.ts';
import { jsonType, type MediaType } from '../media-type.ts';
import { BatchSize } from '../pipeline/batch-size.ts';
import { clientError } from '../pipeline/client-errors.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { ServerPorts } from '../ports.ts';
import { problemOf } from './batch.ts';
import type { HttpOperation } from './http-operation.ts';

/** An HTTP request whose operations may be prepared. */
export interface HttpRequest {
  readonly mediaType: MediaType;
  /** An error about the token, for the operations that need a session. */
  readonly tokenError: GraphQLError | null;
  /** The size of the batch so far; null for a request with one operation. */
  readonly batch: BatchSize | null;
}

/** The context of an operation over HTTP: that of the resolvers, and the state of its transport. Apollo's plugins see it, too. */
export interface HttpContext extends Context {
  readonly request: HttpRequest;
  /** Set before any hook of a plugin is called. */
  operation?: HttpOperation;
}

export interface Asking {
  readonly mediaType: MediaType;
  /** The requests of a batch; null for a request with one operation. */
  readonly batch: readonly unknown[] | null;
  readonly authorization: string | undefined;
  readonly client: ClientAddress;
  readonly budget: ByteBudget;
}

/** @throws GraphQLError: the request is refused as a whole */
export async function openRequest(
  ports: ServerPorts,
  pipeline: Pipeline,
  { mediaType, batch, authorization, client, budget }: Asking,
): Promise<HttpContext> {
  const startedAt = performance.now();
  const { network } = client;
  const invalid = batch === null ? null : problemOf(batch, ports.limits.operationsPerBatchMax);
  if (invalid !== null) throw refused(invalid);
  const operations = batch?.length ?? 1;
  // Before the token is checked, so that attempts with invalid tokens count too.
  const tooMany = await takeAddress(ports, network, operations);
  if (tooMany !== null) throw refused(tooMany);
  const found = await viewerOf(ports, pipeline, authorization);
  const viewer = found instanceof GraphQLError ? null : found;
  const overLimit = await takeCaller(ports, viewer, network, operations);
  if (overLimit !== null) throw refused(overLimit);
  const context = ports.createContext({ viewer, client, budget });
  const tokenError = found instanceof GraphQLError ? found : null;
  return { ...context, request: { mediaType, tokenError, batch: batch === null ? null : new BatchSize(ports.limits) } };

  function refused(error: GraphQLError): GraphQLError {
    ports.metrics.operationDone(
      { transport: 'http', type: 'none', code: outcomeOf([error]) },
      performance.now() - startedAt,
    );
    // Without a list of answers, a client with a batch sees only the status.
    const hasStatus = mediaType !== jsonType || batch !== null;
    const answer = hasStatus ? statusOf([error]) : null;
    const http = {
      status: answer?.status ?? (hasStatus ? 400 : 200),
      headers: new HeaderMap(Object.entries(answer?.headers ?? {})),
    };
    // Apollo Server takes the status and the headers from here, and does not show them.
    return new GraphQLError(error.message, { extensions: { ...error.extensions, http } });
  }
}

async function viewerOf(
  ports: ServerPorts,
  pipeline: Pipeline,
  header: string | undefined,
): Promise<Viewer | null | GraphQLError> {
  const token = bearerToken(header);
  if (token === null) return null;
  if (token === undefined) {
    ports.metrics.tokenRefused('http');
    return clientError('UNAUTHENTICATED', 'The Authorization header must be "Bearer", a space and a token.');
  }
  try {
    return await ports.verifyToken(token);
  } catch (error) {
    if (!(error instanceof DomainError)) return pipeline.mask(error);
    if (error.code === 'UNAUTHENTICATED') ports.metrics.tokenRefused('http');
    return clientError(error.code, error.message);
  }
}
