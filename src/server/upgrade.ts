/** Requests to become a socket: which may, and what the others are answered. Nothing of one that is refused is kept. */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { isOriginAllowed } from './admission.ts';
import { clientError } from './pipeline/client-errors.ts';
import type { ServerPorts } from './ports.ts';
import type { SocketRegistry } from './socket-registry.ts';

/** The HTTP status an upgrade is refused with; null when it may go on. */
export function refusalOf(
  { url, headers }: IncomingMessage,
  address: string,
  registry: SocketRegistry,
  { allowedOrigins, metrics }: Pick<ServerPorts, 'allowedOrigins' | 'metrics'>,
): number | null {
  if (url?.split('?')[0] !== '/graphql') return 404;
  if (!isOriginAllowed(headers.origin, headers.host, allowedOrigins)) return 403;
  const limit = registry.limitReached(address);
  if (limit === null) return null;
  metrics.limitHit(limit);
  return limit === 'socketsPerAddress' ? 429 : 503;
}

/** Answers an upgrade as HTTP would be, and closes its connection. */
export function refuse(stream: Duplex, status: number): void {
  const message = STATUS_CODES[status] ?? '';
  const code = ({ 400: 'BAD_REQUEST', 403: 'FORBIDDEN', 404: 'NOT_FOUND' } as const)[status] ?? 'OVERLOADED';
  const body = JSON.stringify({ errors: [{ message, extensions: clientError(code, message).extensions }] });
  stream.once('finish', () => stream.destroy());
  stream.end(
    `HTTP/1.1 ${status} ${message}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
