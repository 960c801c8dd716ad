/** Decides which upgrade requests become sockets. A refused request leaves no state. */
import type { IncomingMessage } from 'node:http';
import type { ClientAddress } from '../domain/client-address.ts';
import { handshakes } from './admission.ts';
import type { Origins } from './origins.ts';
import type { ServerPorts } from './ports.ts';
import type { SocketRegistry } from './socket-registry.ts';

/** Limits that other addresses have not reached. */
const ofAddress: ReadonlySet<string> = new Set([
  handshakes.name,
  'connectionsPerAddress',
  'socketsPerAddress',
  'socketsWithoutSessionPerAddress',
]);

export interface UpgradeRefusal {
  readonly status: number;
  readonly limit?: string;
}

/** How an upgrade is refused; null if it is allowed. */
export function refusalOf(
  { url, headers }: IncomingMessage,
  client: ClientAddress,
  origins: Origins,
): UpgradeRefusal | null {
  if (url?.split('?')[0] !== '/graphql') return { status: 404 };
  return origins.admit(headers, client, 'ws') ? null : { status: 403 };
}

/** Takes a handshake from the allowance of its address, and looks for room for another socket. */
export async function takeHandshake(
  { rateLimiter, metrics }: Pick<ServerPorts, 'rateLimiter' | 'metrics'>,
  { network }: ClientAddress,
  registry: SocketRegistry,
): Promise<UpgradeRefusal | null> {
  const waitMs = await rateLimiter.take(handshakes, network);
  // Last, because the socket is counted in the same turn.
  const limit = waitMs > 0 ? handshakes.name : registry.limitReached(network);
  if (limit === null) return null;
  metrics.limitHit(limit);
  return { status: statusOfLimit(limit), limit };
}

export function statusOfLimit(limit: string): number {
  return ofAddress.has(limit) ? 429 : 503;
}
