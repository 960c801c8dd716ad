import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { ErrorCode } from '../domain/errors.ts';
import { retryAfter } from './answer-status.ts';
import { clientError } from './pipeline/client-errors.ts';

const codes: Readonly<Record<number, ErrorCode>> = {
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  429: 'RATE_LIMITED',
  503: 'OVERLOADED',
};

/** When a refused handshake may be repeated. */
const retryMinMs = 1_000;
const retryMaxMs = 10_000;

/** Default messages for HTTP statuses. */
export const refusals: Readonly<Record<number, string>> = {
  405: 'GraphQL requests must use GET or POST.',
  406: 'Accept must allow application/graphql-response+json or application/json, in UTF-8.',
  413: 'Request is larger than the server allows.',
  415: 'The body of a POST must be application/json in UTF-8.',
};

/** The body of a refusal. */
export function refusalBody(status: number, message: string, details: Record<string, unknown> = {}): object {
  return {
    errors: [{ message, extensions: clientError(codes[status] ?? 'BAD_REQUEST', message, details).extensions }],
  };
}

/** For answers that are data: shown as a document, they load nothing, run nothing, and fit into no frame. */
export const dataPolicy = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** For browsers. Refusals carry these themselves, since many are sent before any plugin could add them. */
const headers: Readonly<Record<string, string>> = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': Object.entries(dataPolicy)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join(';'),
  'x-content-type-options': 'nosniff',
};

/** Refuses a request. */
export function sendRefusal(
  reply: FastifyReply,
  status: number,
  message: string,
  details?: Record<string, unknown>,
): FastifyReply {
  return reply
    .status(status)
    .headers(headers)
    .send(refusalBody(status, message, details));
}

/** Connections end at no known time: refused clients are spread over a while. */
export function retryMs(): number {
  return Math.round(retryMinMs + Math.random() * (retryMaxMs - retryMinMs));
}

/**
 * Refuses and closes a raw connection, such as one with invalid HTTP or an upgrade request.
 *
 * @param limit - the limit that a 429 is about
 */
export function refuseRaw(stream: Duplex, status: number, limit?: string): void {
  const message = STATUS_CODES[status] ?? '';
  const retryAfterMs = retryMs();
  const body = JSON.stringify(refusalBody(status, message, status === 429 ? { limit, retryAfterMs } : {}));
  const lines = Object.entries({
    ...headers,
    ...(status === 429 || status === 503 ? retryAfter(retryAfterMs) : {}),
    connection: 'close',
    'content-length': Buffer.byteLength(body),
  });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  stream.once('finish', () => stream.destroy());
  stream.end(`HTTP/1.1 ${status} ${message}\r\n${head}\r\n${body}`);
}
