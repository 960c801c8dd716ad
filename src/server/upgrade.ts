/** Decides which upgrade requests become sockets. A refused request leaves no state. */
import type { IncomingMessage } from 'node:http';
import type { ClientAddress } from '../domain/client-address.ts';
import type { Origins } from './origins.ts';
import type { ServerPorts } from './ports.ts';
import type { SocketRegistry } from './socket-registry.ts';

export interface UpgradeRefusal {
  readonly status: number;
  readonly limit?: string;
}

/** How an upgrade is refused; null if it is allowed. */
export function refusalOf(
  { url, headers }: IncomingMessage,
  client: ClientAddress,
  registry: SocketRegistry,
  origins: Origins,
  metrics: ServerPorts['metrics'],
): UpgradeRefusal | null {
  if (url?.split('?')[0] !== '/graphql') return { status: 404 };
  if (!origins.admit(headers, client, 'ws')) return { status: 403 };
  const limit = registry.limitReached(client.network);
  if (limit === null) return null;
  metrics.limitHit(limit);
  return { status: limit === 'socketsPerAddress' ? 429 : 503, limit };
}
