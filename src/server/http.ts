/** GraphQL over HTTP, and the pages for operators. Whatever is wrong with a request is answered as GraphQL errors in JSON. */
import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import cors from '@fastify/cors';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { ClientAddressOf } from './client-address.ts';
import { addGraphqlRoute } from './graphql-route.ts';
import type { Origins } from './origins.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import type { ServerPorts } from './ports.ts';
import { refusals, refuseRaw, sendRefusal } from './refusals.ts';

export function createHttp(
  ports: ServerPorts,
  pipeline: Pipeline,
  clientAddressOf: ClientAddressOf,
  origins: Origins,
): FastifyInstance {
  const { limits, log } = ports;
  const app = fastify({
    bodyLimit: limits.requestMaxBytes,
    logger: false,
    forceCloseConnections: 'idle',
    // What still comes on an open connection while the server closes is answered as ever, and the connection ended with it.
    return503OnClosing: false,
    requestTimeout: 30_000,
    // Some clients offer HTTP/2 with every request (Java's own, curl --http2): they are answered over HTTP/1.1.
    http: { shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket' },
    frameworkErrors: (error, _request, reply) => sendRefusal(reply, error.statusCode ?? 400, error.message),
    clientErrorHandler: refuseWhatIsNotHttp,
  });

  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return sendRefusal(reply, status, refusals[status] ?? error.message);
    const { message, extensions } = pipeline.mask(error);
    return reply.status(500).send({ errors: [{ message, extensions }] });
  });
  app.setNotFoundHandler((request, reply) =>
    sendRefusal(reply, 404, `No route for ${request.method} ${request.url.split('?')[0]}.`),
  );

  // As text: GraphQL's own parser of requests says what is wrong with it. A JSON parser would put U+FFFD for broken UTF-8.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    if (isUtf8(body as Buffer)) done(null, body.toString());
    else done(Object.assign(new Error('Request body is not UTF-8.'), { statusCode: 400 }));
  });

  app.register(
    async (scope) => {
      await addOriginRules(scope, origins, clientAddressOf);
      addGraphqlRoute(scope, ports, pipeline, clientAddressOf);
    },
    { prefix: '/graphql' },
  );

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

/** On the routes, not on the text of the URL: `/%67raphql` leads there, too. */
async function addOriginRules(scope: FastifyInstance, origins: Origins, clientAddressOf: ClientAddressOf) {
  scope.addHook('onRequest', async ({ raw }, reply) => {
    if (origins.admit(raw.headers, clientAddressOf(raw), 'http')) return;
    return sendRefusal(reply.header('vary', 'Origin'), 403, 'Pages of this origin are not allowed to use this server.');
  });
  await scope.register(cors, {
    // Every origin that is left; tokens do not travel by themselves, so that there are no credentials to allow.
    origin: true,
    // Any header: tracing and client awareness have names of their own.
    methods: ['GET', 'POST'],
    exposedHeaders: ['retry-after'],
    maxAge: 600,
    strictPreflight: false,
  });
}

function sendHealth(reply: FastifyReply, { ok, body }: { ok: boolean; body: object }): FastifyReply {
  return reply
    .status(ok ? 200 : 503)
    .header('cache-control', 'no-store')
    .send(body);
}

/** Answers bytes that Node cannot read as a request, or that did not all come in time. */
function refuseWhatIsNotHttp({ code }: Error & { code?: string }, socket: Socket): void {
  if (code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy();
  const status = code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  refuseRaw(socket, status);
}
