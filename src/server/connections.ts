/**
 * The open TCP connections of clients, bounded for the server and for each client address, for HTTP and WebSockets alike.
 *
 * A connection counts from its beginning to its end, for the server and for its address. That of a trusted proxy carries requests of
 * many clients, so it counts for the server only; each of its requests counts for the address of its client until it is answered, and
 * each of its WebSockets until it is closed.
 *
 * A connection above a limit is a spare one, which does not count. Its first request is refused, unless it is for operators, and the
 * answer closes it: monitoring works while clients have all connections. Of too many spare connections the oldest is dropped, so that
 * clients that send nothing on theirs keep nobody out.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { ClientAddress } from '../domain/client-address.ts';
import { retryAfter } from './answer-status.ts';
import { type ClientAddressOf, createPeerCheck } from './client-address.ts';
import { createCounts } from './counts.ts';
import type { ServerPorts } from './ports.ts';
import { retryMs, sendRefusal } from './refusals.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered above the limits of connections. */
    isForOperators?: boolean;
  }
}

const spareMax = 64;

export type ConnectionLimit = 'connections' | 'connectionsPerAddress';

export interface Connections {
  /** The limit that a handshake is above; null if it may become a socket, which counts until its connection closes. */
  limitOfUpgrade(request: IncomingMessage, client: ClientAddress): ConnectionLimit | null;
}

export function boundConnections(
  app: FastifyInstance,
  { limits, metrics, trustProxy }: Pick<ServerPorts, 'limits' | 'metrics' | 'trustProxy'>,
  clientAddressOf: ClientAddressOf,
): Connections {
  const peerOf = createPeerCheck(trustProxy);
  const perAddress = createCounts<string>(limits.connectionsPerAddressMax);
  /** The address that each counted connection counts for; null for that of a proxy. */
  const counted = new Map<Socket, string | null>();
  /** In the order of their beginning. */
  const spare = new Map<Socket, ConnectionLimit>();

  function begin(socket: Socket): void {
    const { network, isProxy } = peerOf(socket);
    const limit = limitOf(isProxy ? null : network);
    if (limit === null) {
      counted.set(socket, isProxy ? null : network);
      if (!isProxy) perAddress.add(network);
      metrics.connectionOpened();
    } else {
      metrics.limitHit(limit);
      const [oldest] = spare.size < spareMax ? [] : spare.keys();
      oldest?.destroy();
      spare.set(socket, limit);
    }
    // One function for all: a listener of its own would cost each connection half a kilobyte.
    socket.once('close', end);
  }

  function limitOf(network: string | null): ConnectionLimit | null {
    if (counted.size >= limits.connectionsMax) return 'connections';
    return network !== null && perAddress.isFull(network) ? 'connectionsPerAddress' : null;
  }

  function end(this: Socket): void {
    spare.delete(this);
    const network = counted.get(this);
    if (network === undefined) return;
    counted.delete(this);
    if (network !== null) perAddress.release(network);
    metrics.connectionClosed();
  }

  /** Whether a request comes from a proxy; a connection that was not seen to begin counts from its first request. */
  function isOfProxy(socket: Socket): boolean {
    if (!counted.has(socket) && !spare.has(socket)) begin(socket);
    return counted.get(socket) === null;
  }

  app.server.on('connection', begin);

  app.addHook('onRequest', async ({ raw, routeOptions }, reply) => {
    const isProxied = isOfProxy(raw.socket);
    let limit = spare.get(raw.socket) ?? null;
    if (limit !== null) reply.header('connection', 'close');
    if (routeOptions.config.isForOperators === true) return;
    if (limit === null && isProxied) {
      const { network } = clientAddressOf(raw);
      if (perAddress.take(network)) {
        reply.raw.once('close', () => perAddress.release(network));
        return;
      }
      limit = 'connectionsPerAddress';
      metrics.limitHit(limit);
    }
    if (limit === null) return;
    const retryAfterMs = retryMs();
    reply.headers(retryAfter(retryAfterMs));
    if (limit === 'connections') return sendRefusal(reply, 503, 'The server has too many connections.');
    return sendRefusal(reply, 429, 'This address has too many connections.', { limit, retryAfterMs });
  });

  return {
    limitOfUpgrade({ socket }, { network }) {
      const isProxied = isOfProxy(socket);
      const limit = spare.get(socket) ?? null;
      if (limit !== null || !isProxied) return limit;
      if (perAddress.take(network)) {
        counted.set(socket, network);
        return null;
      }
      metrics.limitHit('connectionsPerAddress');
      return 'connectionsPerAddress';
    },
  };
}
