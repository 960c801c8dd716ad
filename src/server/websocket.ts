/**
 * GraphQL over WebSocket. Turns upgrades into sockets, and passes their events to the registry, graphql-ws or the operations.
 * A client's mistake ends its operation. Only a violation of the protocol ends its socket, and never another client's socket.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLError } from 'graphql';
import { type Context as Connection, handleProtocols, makeServer } from 'graphql-ws';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { ClientAddress } from '../domain/client-address.ts';
import { closeCodes, DomainError } from '../domain/errors.ts';
import { badTokenPoints, handshakes, tokenOfPayload } from './admission.ts';
import { ClientSocket } from './client-socket.ts';
import type { ConnectionLimit } from './connections.ts';
import type { Origins } from './origins.ts';
import type { PersistedQueries, PersistedRequest } from './persisted-queries.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import type { ServerPorts } from './ports.ts';
import { refuseRaw } from './refusals.ts';
import { createSocketOperations, type PreparedArgs } from './socket-operations.ts';
import { createSocketRegistry } from './socket-registry.ts';
import { refusalOf, statusOfLimit, takeHandshake, type UpgradeRefusal } from './upgrade.ts';

export type WebSockets = ReturnType<typeof createWebSockets>;

export function createWebSockets(
  ports: ServerPorts,
  pipeline: Pipeline,
  persistedQueries: PersistedQueries,
  origins: Origins,
) {
  const { limits, metrics, elapsed } = ports;
  const registry = createSocketRegistry(ports);
  const operations = createSocketOperations(ports, pipeline, persistedQueries, registry.proceed);
  let stopRevocations = () => {};

  const webSocketServer = new WebSocketServer<typeof ClientSocket>({
    WebSocket: ClientSocket,
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.requestMaxBytes,
    handleProtocols: (protocols) => handleProtocols(protocols),
  });

  // Without a listener, ws answers with HTML.
  webSocketServer.on('wsClientError', (_error, stream) => refuse(stream, { status: 400 }));

  const protocol = makeServer<Record<string, unknown>, ClientSocket>({
    // The registry's sweep enforces this limit.
    connectionInitWaitTimeout: 0,
    onConnect: initialise,
    onSubscribe: (connection, id, request) => operations.prepare(connection, id, request as PersistedRequest),
    execute: (args) => operations.runOnce(args as PreparedArgs),
    subscribe: (args) => operations.runLive(args as PreparedArgs),
    // Errors of a subscription that the server ended already have their code.
    onError: (_context, _id, _payload, errors) => errors.map((error) => unwrap(error).toJSON()),
  });

  /** Authenticates a socket. Returns false, which closes it, if its token is invalid. */
  async function initialise(connection: Connection<Record<string, unknown>, ClientSocket>): Promise<boolean> {
    const socket = connection.extra;
    socket.isInitialised = true;
    const token = tokenOfPayload(connection.connectionParams);
    // The token is no longer needed, and must not be kept for the lifetime of the socket.
    (connection as { connectionParams?: unknown }).connectionParams = undefined;
    if (token === null) return true;
    if (token === undefined) return refuseToken(socket);
    try {
      const viewer = await ports.verifyToken(token);
      if (!socket.isOpen) return false;
      if (!registry.signIn(socket, viewer)) {
        metrics.limitHit('socketsPerUser');
        socket.close(closeCodes.tryAgainLater.code, 'Too many sockets of this user');
        return true;
      }
      // A session that ended after the check and before `signIn` found no socket of its device to close.
      await ports.verifyToken(token);
      if (!socket.isOpen) return false;
      socket.detach = ports.attach(viewer, socket);
      return true;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'UNAUTHENTICATED') return refuseToken(socket);
      pipeline.mask(error);
      socket.close(closeCodes.tryAgainLater.code, 'The token cannot be checked now');
      return true;
    }
  }

  /**
   * Closes a socket in the words of the catalogue: graphql-ws would use its own. The handshake counts for more than one, so that a
   * client that tries tokens soon has none left.
   */
  async function refuseToken(socket: ClientSocket): Promise<true> {
    registry.close(socket, closeCodes.forbidden);
    metrics.tokenRefused('ws');
    await ports.rateLimiter.take(handshakes, socket.client.network, badTokenPoints);
    return true;
  }

  function onMessage(socket: ClientSocket, data: RawData, isBinary: boolean): void {
    socket.hear(elapsed());
    // A client may continue to send after a close frame, until it answers it.
    if (!socket.isOpen || socket.ending !== null) return;
    if (socket.countMessage() > limits.messagesPerSecondMax) {
      metrics.limitHit('messages');
      registry.close(socket, closeCodes.tooManyRequests);
    } else if (isBinary) socket.close(closeCodes.badRequest.code, 'Messages are text');
    else socket.handle?.(String(data)).catch((error: unknown) => onProtocolError(socket, error));
  }

  /** graphql-ws throws for messages of an unexpected type, and for bugs in the server. */
  function onProtocolError(socket: ClientSocket, error: unknown): void {
    if (error instanceof Error && error.message.startsWith('Unexpected message')) {
      socket.close(closeCodes.badRequest.code, 'Invalid message received');
      return;
    }
    pipeline.mask(error);
    registry.close(socket, closeCodes.tryAgainLater);
  }

  function onClose(socket: ClientSocket, code: number, reason: Buffer): void {
    registry.remove(socket);
    // A close frame is a sign of life. 1006 means that the connection was lost without one.
    if (code !== 1006) socket.hear(elapsed());
    socket.detach?.();
    socket.releaseHeld();
    metrics.socketClosed(socket.closeCode ?? code);
    socket.closed?.(code, String(reason)).catch((error: unknown) => pipeline.mask(error));
  }

  // All sockets share these listeners, and `this` is the socket: listeners of its own would cost each socket half a kilobyte.
  const listeners = {
    message(this: WebSocket, data: RawData, isBinary: boolean) {
      onMessage(this as ClientSocket, data, isBinary);
    },
    pong(this: WebSocket) {
      (this as ClientSocket).hear(elapsed());
    },
    // A frame that violates RFC 6455: ws closes the socket with the right code.
    error() {},
    close(this: WebSocket, code: number, reason: Buffer) {
      onClose(this as ClientSocket, code, reason);
    },
  };
  function refuse(stream: Duplex, { status, limit }: UpgradeRefusal): void {
    metrics.refused(status);
    refuseRaw(stream, status, limit);
  }

  const buffering = { maxBytes: limits.socketBufferMaxBytes, now: elapsed };

  function accept(socket: ClientSocket, client: ClientAddress): void {
    socket.accept(client, buffering);
    registry.add(socket);
    metrics.socketOpened();
    socket.on('message', listeners.message);
    socket.on('pong', listeners.pong);
    socket.on('error', listeners.error);
    socket.on('close', listeners.close);
    socket.closed = protocol.opened(socket, socket) as ClientSocket['closed'];
  }

  return {
    /** Starts to listen for revoked sessions. */
    async open(): Promise<void> {
      stopRevocations = await ports.onRevoked(registry.endDevice);
    },

    /**
     * Accepts or refuses an HTTP upgrade.
     *
     * @param limit - the limit that its connection is above
     */
    upgrade(
      request: IncomingMessage,
      stream: Duplex,
      head: Buffer,
      client: ClientAddress,
      limit: ConnectionLimit | null,
    ): void {
      stream.on('error', () => {});
      const refusal = limit === null ? refusalOf(request, client, origins) : { status: statusOfLimit(limit), limit };
      if (refusal !== null) {
        refuse(stream, refusal);
        return;
      }
      takeHandshake(ports, client, registry).then(
        (limited) => {
          if (limited !== null) refuse(stream, limited);
          else webSocketServer.handleUpgrade(request, stream, head, (socket) => accept(socket, client));
        },
        (error: unknown) => {
          pipeline.mask(error);
          refuse(stream, { status: 503 });
        },
      );
    },

    get size(): number {
      return registry.size;
    },

    async drain(): Promise<void> {
      await registry.drain();
      stopRevocations();
    },
  };
}

/** The error inside graphql-ws's wrapper around an iterator's error. */
function unwrap(error: GraphQLError): GraphQLError {
  return error.originalError instanceof GraphQLError ? error.originalError : error;
}
