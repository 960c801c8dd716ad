/** GraphQL over HTTP, and the pages for operators. Whatever is wrong with a request is answered as GraphQL errors in JSON. */
import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type ExecutionResult, GraphQLError } from 'graphql';
import { createHandler } from 'graphql-http';
import type { ClientAddress } from '../domain/client-address.ts';
import { DomainError } from '../domain/errors.ts';
import type { Viewer } from '../domain/user.ts';
import { bearerToken, isOriginAllowed, outcomeOf, takeOperation } from './admission.ts';
import type { ClientAddressOf } from './client-address.ts';
import { clientError } from './pipeline/client-errors.ts';
import { isErrors, type OperationRequest, type Pipeline } from './pipeline/pipeline.ts';
import type { ServerPorts } from './ports.ts';
import { refusalBody, refusals, refuseRaw } from './refusals.ts';

export function createHttp(ports: ServerPorts, pipeline: Pipeline, clientAddressOf: ClientAddressOf): FastifyInstance {
  const { limits, allowedOrigins, log } = ports;
  const app = fastify({
    bodyLimit: limits.requestMaxBytes,
    logger: false,
    forceCloseConnections: 'idle',
    // What still comes on an open connection while the server closes is answered as ever, and the connection ended with it.
    return503OnClosing: false,
    requestTimeout: 30_000,
    // Some clients offer HTTP/2 with every request (Java's own, curl --http2): they are answered over HTTP/1.1.
    http: { shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket' },
    frameworkErrors: (error, _request, reply) => sendError(reply, error.statusCode ?? 400, error.message),
    clientErrorHandler: refuseWhatIsNotHttp,
  });

  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return sendError(reply, status, refusals[status] ?? error.message);
    const { message, extensions } = pipeline.mask(error);
    return reply.status(500).send({ errors: [{ message, extensions }] });
  });
  app.setNotFoundHandler((request, reply) =>
    sendError(reply, 404, `No route for ${request.method} ${request.url.split('?')[0]}.`),
  );

  addCors(app, allowedOrigins);

  // As text: GraphQL's own parser of requests says what is wrong with it. A JSON parser would put U+FFFD for broken UTF-8.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    if (isUtf8(body as Buffer)) done(null, body.toString());
    else done(Object.assign(new Error('Request body is not UTF-8.'), { statusCode: 400 }));
  });

  const handle = createHandler<FastifyRequest>({
    schema: ports.schema,
    onSubscribe: async ({ raw }, params) => {
      const answer = await run(ports, pipeline, raw, clientAddressOf(raw.raw), params as OperationRequest);
      if (!(answer instanceof MethodNotAllowed)) return answer;
      const headers = { allow: 'POST', 'content-type': 'application/json; charset=utf-8' };
      return [JSON.stringify({ errors: [answer.error] }), { status: 405, statusText: 'Method Not Allowed', headers }];
    },
    formatError: (error) =>
      error instanceof GraphQLError && error.extensions.code !== undefined
        ? error
        : clientError('BAD_REQUEST', error.message),
  });
  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    async handler(request, reply) {
      const { url, method, headers, body } = request;
      const asked = { url, method, headers, body: body as string | null, raw: request, context: undefined };
      const [answer, init] = await handle(asked);
      reply.status(init.status).headers(init.headers ?? {});
      return answer === null
        ? sendError(reply, init.status, refusals[init.status] ?? init.statusText)
        : reply.send(answer);
    },
  });
  app.route({
    method: ['PUT', 'PATCH', 'DELETE'],
    url: '/graphql',
    onRequest: async (_request, reply) => sendError(reply.header('allow', 'GET, POST'), 405, refusals[405] ?? ''),
    handler: () => {},
  });

  app.get('/healthz', async (_request, reply) => sendHealth(reply, ports.health.live()));
  app.get('/readyz', async (_request, reply) => sendHealth(reply, await ports.health.ready()));
  app.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await ports.health.metrics();
    return reply.header('content-type', contentType).send(body);
  });
  app.addHook('onResponse', async (request, reply) => {
    if (reply.statusCode >= 500)
      log.warn(
        { 'http.response.status_code': reply.statusCode, 'url.path': request.url.split('?')[0] },
        'request failed',
      );
  });
  return app;
}

class MethodNotAllowed {
  readonly error = clientError('BAD_REQUEST', 'Mutations must be sent with POST.');
}

async function run(
  ports: ServerPorts,
  pipeline: Pipeline,
  http: FastifyRequest,
  client: ClientAddress,
  request: OperationRequest,
) {
  const startedAt = performance.now();
  const answer = await answerTo(ports, pipeline, http, client, request);
  const { result, type } = answer;
  const errors = result instanceof MethodNotAllowed ? [result.error] : 'errors' in result ? result.errors : undefined;
  ports.metrics.operationDone({ transport: 'http', type, code: outcomeOf(errors) }, performance.now() - startedAt);
  // Without data it is a request error, which graphql-http answers with the status the media type calls for.
  if (!(result instanceof MethodNotAllowed) && result.data === undefined) return result.errors ?? [];
  return result;
}

interface Answer {
  readonly type: string;
  readonly result: ExecutionResult | MethodNotAllowed;
}

async function answerTo(
  ports: ServerPorts,
  pipeline: Pipeline,
  http: FastifyRequest,
  client: ClientAddress,
  request: OperationRequest,
): Promise<Answer> {
  // Before the token is looked at: whoever tries tokens out is counted, too.
  const tooMany = await takeOperation(ports, null, client.network);
  if (tooMany !== null) return { type: 'none', result: { errors: [tooMany] } };
  const found = await viewerOf(ports, pipeline, http.headers.authorization);
  const viewer = found instanceof GraphQLError ? null : found;
  const refused = await takeOperation(ports, viewer, null);
  if (refused !== null) return { type: 'none', result: { errors: [refused] } };
  const operation = pipeline.prepare(request);
  // Clients mostly send the token they have with everything: when it has ended they must still be able to sign in.
  if (found instanceof GraphQLError && (isErrors(operation) || operation.needsSession))
    return { type: 'none', result: { errors: [found] } };
  if (isErrors(operation)) return { type: 'none', result: { errors: operation } };
  const { type } = operation;
  if (type === 'subscription') {
    const error = clientError('BAD_REQUEST', 'Subscriptions need a WebSocket with the protocol graphql-transport-ws.');
    return { type, result: { errors: [error] } };
  }
  if (type === 'mutation' && http.method === 'GET') return { type, result: new MethodNotAllowed() };
  const context = ports.createContext({ viewer, client });
  return { type, result: await pipeline.execute(operation, request.variables ?? {}, context) };
}

async function viewerOf(
  ports: ServerPorts,
  pipeline: Pipeline,
  header: string | undefined,
): Promise<Viewer | null | GraphQLError> {
  const token = bearerToken(header);
  if (token === null) return null;
  if (token === undefined)
    return clientError('UNAUTHENTICATED', 'The Authorization header must be "Bearer", a space and a token.');
  try {
    return await ports.verifyToken(token);
  } catch (error) {
    return error instanceof DomainError ? clientError(error.code, error.message) : pipeline.mask(error);
  }
}

function addCors(app: FastifyInstance, allowedOrigins: readonly string[]): void {
  app.addHook('onRequest', async (request, reply) => {
    const { origin, host } = request.headers;
    if (origin === undefined || !request.url.startsWith('/graphql')) return;
    if (!isOriginAllowed(origin, host, allowedOrigins)) {
      return sendError(reply, 403, 'Pages of this origin are not allowed to use this server.');
    }
    reply.header('access-control-allow-origin', origin).header('vary', 'origin');
  });
  app.options('/graphql', async (_request, reply) =>
    reply
      .status(204)
      .header('access-control-allow-methods', 'GET, POST')
      .header('access-control-allow-headers', 'authorization, content-type')
      .header('access-control-max-age', '600')
      .send(),
  );
}

function sendHealth(reply: FastifyReply, { ok, body }: { ok: boolean; body: object }): FastifyReply {
  return reply
    .status(ok ? 200 : 503)
    .header('cache-control', 'no-store')
    .send(body);
}

function sendError(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply
    .status(status)
    .header('content-type', 'application/json; charset=utf-8')
    .send(refusalBody(status, message));
}

/** Answers bytes that Node cannot read as a request, or that did not all come in time. */
function refuseWhatIsNotHttp({ code }: Error & { code?: string }, socket: Socket): void {
  if (code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy();
  const status = code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  refuseRaw(socket, status);
}
