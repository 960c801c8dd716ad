/** Queries and mutations over HTTP. */
import { MIMEType } from 'node:util';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type ExecutionResult, GraphQLError } from 'graphql';
import { createHandler } from 'graphql-http';
import type { ByteBudget } from '../domain/byte-budget.ts';
import type { ClientAddress } from '../domain/client-address.ts';
import { DomainError } from '../domain/errors.ts';
import type { Viewer } from '../domain/user.ts';
import { bearerToken, outcomeOf, takeAddress, takeCaller, takeCost } from './admission.ts';
import { type AnswerStatus, statusOf } from './answer-status.ts';
import type { ClientAddressOf } from './client-address.ts';
import { clientError } from './pipeline/client-errors.ts';
import { isErrors, type OperationRequest, type Pipeline } from './pipeline/pipeline.ts';
import type { ServerPorts } from './ports.ts';
import { refusals, sendRefusal } from './refusals.ts';

export function addGraphqlRoute(
  app: FastifyInstance,
  ports: ServerPorts,
  pipeline: Pipeline,
  clientAddressOf: ClientAddressOf,
): void {
  const handle = createHandler<FastifyRequest, Outcome>({
    schema: ports.schema,
    onSubscribe: async ({ raw, context }, params) => {
      const from = { http: raw, client: clientAddressOf(raw.raw), budget: context.budget };
      const answer = await run(ports, pipeline, from, params as OperationRequest);
      if (Array.isArray(answer)) context.refusal = statusOf(answer);
      if (!(answer instanceof MethodNotAllowed)) return answer;
      const headers = { allow: 'POST', 'content-type': 'application/json; charset=utf-8' };
      return [JSON.stringify({ errors: [answer.error] }), { status: 405, statusText: 'Method Not Allowed', headers }];
    },
    formatError: (error) =>
      error instanceof GraphQLError && error.extensions.code !== undefined
        ? error
        : clientError('BAD_REQUEST', error.message),
  });
  app.addHook('onRequest', async ({ headers }, reply) => {
    // Answers carry tokens and messages.
    reply.header('cache-control', 'no-store');
    const encoding = headers['content-encoding']?.toLowerCase() ?? 'identity';
    if (encoding !== 'identity') return sendRefusal(reply, 415, 'Content-Encoding is not supported.');
  });
  app.route({
    method: ['GET', 'POST'],
    url: '/',
    prefixTrailingSlash: 'no-slash',
    async handler(request, reply) {
      const { url, method, body } = request;
      const budget = ports.budgets.open();
      // Also after a response that its client did not wait for.
      reply.raw.once('close', () => budget.release());
      const headers = { ...request.headers, 'content-type': plainContentType(request.headers['content-type']) };
      const outcome: Outcome = { budget, refusal: null };
      const asked = { url, method, headers, body: body as string | null, raw: request, context: outcome };
      const [answer, init] = await handle(asked);
      reply.status(init.status).headers(init.headers ?? {});
      // 400 is graphql-http's status where the media type allows one, and application/json keeps 200.
      if (init.status === 400 && outcome.refusal !== null)
        reply.status(outcome.refusal.status).headers(outcome.refusal.headers);
      return answer === null
        ? sendRefusal(reply, init.status, refusals[init.status] ?? init.statusText)
        : reply.send(answer);
    },
  });
  app.route({
    method: ['PUT', 'PATCH', 'DELETE'],
    url: '/',
    prefixTrailingSlash: 'no-slash',
    onRequest: async (_request, reply) => sendRefusal(reply.header('allow', 'GET, POST'), 405, refusals[405] ?? ''),
    handler: () => {},
  });
}

/** The same content type in the one spelling that graphql-http knows: `charset="UTF-8"` and `charset=utf8` are UTF-8 too. */
function plainContentType(given: string | undefined): string | undefined {
  if (given === undefined) return given;
  try {
    const { essence, params } = new MIMEType(given);
    const charset = params.get('charset') ?? 'utf-8';
    return `${essence}; charset=${/^utf-?8$/i.test(charset) ? 'utf-8' : charset}`;
  } catch {
    return given;
  }
}

/** What graphql-http does not pass on to `onSubscribe`, or from it. */
interface Outcome {
  readonly budget: ByteBudget;
  refusal: AnswerStatus | null;
}

class MethodNotAllowed {
  readonly error = clientError('BAD_REQUEST', 'Mutations must be sent with POST.');
}

async function run(ports: ServerPorts, pipeline: Pipeline, from: Asking, request: OperationRequest) {
  const startedAt = performance.now();
  const answer = await answerTo(ports, pipeline, from, request);
  const { result, type } = answer;
  const errors = result instanceof MethodNotAllowed ? [result.error] : 'errors' in result ? result.errors : undefined;
  ports.metrics.operationDone({ transport: 'http', type, code: outcomeOf(errors) }, performance.now() - startedAt);
  // A result without data is a request error. graphql-http answers it with the status that the media type requires.
  if (!(result instanceof MethodNotAllowed) && result.data === undefined) return result.errors ?? [];
  return result;
}

interface Asking {
  readonly http: FastifyRequest;
  readonly client: ClientAddress;
  readonly budget: ByteBudget;
}

interface Answer {
  readonly type: string;
  readonly result: ExecutionResult | MethodNotAllowed;
}

async function answerTo(
  ports: ServerPorts,
  pipeline: Pipeline,
  { http, client, budget }: Asking,
  request: OperationRequest,
): Promise<Answer> {
  // Before the token is checked, so that attempts with invalid tokens count too.
  const tooMany = await takeAddress(ports, client.network);
  if (tooMany !== null) return { type: 'none', result: { errors: [tooMany] } };
  const found = await viewerOf(ports, pipeline, http.headers.authorization);
  const viewer = found instanceof GraphQLError ? null : found;
  const refused = await takeCaller(ports, viewer, client.network);
  if (refused !== null) return { type: 'none', result: { errors: [refused] } };
  const operation = pipeline.prepare(request);
  // Most clients send their token with every request. After it has expired they must still be able to sign in.
  if (found instanceof GraphQLError && (isErrors(operation) || operation.needsSession))
    return { type: 'none', result: { errors: [found] } };
  if (isErrors(operation)) return { type: 'none', result: { errors: operation } };
  const tooLarge = await takeCost(ports, viewer, client.network, pipeline.costOf(operation, request));
  if (tooLarge !== null) return { type: 'none', result: { errors: [tooLarge] } };
  const { type } = operation;
  if (type === 'subscription') {
    const error = clientError('BAD_REQUEST', 'Subscriptions need a WebSocket with the protocol graphql-transport-ws.');
    return { type, result: { errors: [error] } };
  }
  if (type === 'mutation' && http.method === 'GET') return { type, result: new MethodNotAllowed() };
  const context = ports.createContext({ viewer, client, budget });
  return { type, result: await pipeline.execute(operation, request.variables ?? {}, context) };
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
