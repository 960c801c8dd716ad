/** The common part of the server's HTTP applications. */
import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import { MIMEType } from 'node:util';
import fastify, { type FastifyInstance } from 'fastify';
import { addSecurityHeaders } from './browser-rules.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import type { ServerPorts } from './ports.ts';
import { refusals, refuseRaw, sendRefusal } from './refusals.ts';

/** Time within which the head of a request must arrive; its body has as much more as a slow client needs for the largest one. */
const requestTimeoutMs = 15_000;
const slowestBytesPerMs = 32;
const checkEveryMs = 5_000;

/** How long a slow client may take to send or to read a number of bytes. */
export function slowestMs(bytes: number): number {
  return requestTimeoutMs + Math.ceil(bytes / slowestBytesPerMs);
}

/** An error that the error handler answers with this status. */
function refusal(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode });
}

/** Whether the charset of a content type is UTF-8, in any spelling, or is not given. */
function isUtf8Type(contentType: string | undefined): boolean {
  // The usual one, so that few are parsed.
  if (contentType === undefined || contentType === 'application/json') return true;
  const charset = new MIMEType(contentType).params.get('charset');
  return charset === null || /^utf-?8$/i.test(charset);
}

/** An application without routes. All problems with a request are answered as GraphQL errors in JSON. */
export function createHttp(
  { limits, log, metrics }: Pick<ServerPorts, 'limits' | 'log' | 'metrics'>,
  pipeline: Pipeline,
): FastifyInstance {
  const app = fastify({
    bodyLimit: limits.requestMaxBytes,
    logger: false,
    forceCloseConnections: 'idle',
    // Requests that arrive on open connections while the server closes are answered normally, and their connections are then closed.
    return503OnClosing: false,
    requestTimeout: slowestMs(limits.requestMaxBytes),
    // Some clients offer HTTP/2 with every request (Java's HttpClient, curl --http2). They are answered over HTTP/1.1.
    http: {
      connectionsCheckingInterval: checkEveryMs,
      headersTimeout: requestTimeoutMs,
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    frameworkErrors: (error, _request, reply) => sendRefusal(reply, error.statusCode ?? 400, error.message),
    clientErrorHandler: refuseInvalid,
  });

  addSecurityHeaders(app);
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return sendRefusal(reply, status, refusals[status] ?? error.message);
    const { message, extensions } = pipeline.mask(error);
    return reply.status(500).send({ errors: [{ message, extensions }] });
  });
  app.setNotFoundHandler((request, reply) =>
    sendRefusal(reply, 404, `No route for ${request.method} ${request.url.split('?')[0]}.`),
  );

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (!isUtf8Type(request.headers['content-type'])) return done(refusal(415, refusals[415] ?? ''));
    // A decoder would replace invalid UTF-8 with U+FFFD.
    if (!isUtf8(body as Buffer)) return done(refusal(400, 'Request body is not UTF-8.'));
    let value: unknown;
    try {
      value = JSON.parse(body.toString());
    } catch {
      return done(refusal(400, 'Request body is not JSON.'));
    }
    done(null, value);
  });

  app.addHook('onResponse', async (request, reply) => {
    if (reply.statusCode >= 400) metrics.refused(reply.statusCode);
    if (reply.statusCode >= 500)
      log.warn(
        { 'http.response.status_code': reply.statusCode, 'url.path': request.url.split('?')[0] },
        'request failed',
      );
  });
  return app;

  /** Answers bytes that Node cannot parse as a request, and requests that did not arrive in time. */
  function refuseInvalid({ code }: Error & { code?: string }, socket: Socket): void {
    if (code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy();
    const status = code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
    metrics.refused(status);
    refuseRaw(socket, status);
  }
}
