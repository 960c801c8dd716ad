/** Decides which upgrade requests become sockets. A refused request leaves no state. */
import type { IncomingMessage } from 'node:http';
import type { ClientAddress } from '../domain/client-address.ts';
import type { Origins } from './origins.ts';
import type { ServerPorts } from './ports.ts';
import type { SocketRegistry } from './socket-registry.ts';

/** The HTTP status that refuses an upgrade; null if the upgrade is allowed. */
export function refusalOf(
  { url, headers }: IncomingMessage,
  client: ClientAddress,
  registry: SocketRegistry,
  origins: Origins,
  metrics: ServerPorts['metrics'],
): number | null {
  if (url?.split('?')[0] !== '/graphql') return 404;
  if (!origins.admit(headers, client, 'ws')) return 403;
  const limit = registry.limitReached(client.network);
  if (limit === null) return null;
  metrics.limitHit(limit);
  return limit === 'socketsPerAddress' ? 429 : 503;
}
