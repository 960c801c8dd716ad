/**
 * GraphQL over WebSocket. graphql-ws keeps the protocol; here are the limits around it, and the way of each operation into the
 * pipeline. A client's mistake ends its operation; only a breach of the protocol ends its socket, and never another's.
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import { type Context as Connection, handleProtocols, makeServer } from 'graphql-ws';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { closeCodes, DomainError } from '../domain/errors.ts';
import type { DeviceId, UserId } from '../domain/ids.ts';
import { eventSourceOf } from '../resolvers/event-source.ts';
import { isOriginAllowed, outcomeOf, takeOperation, tokenOfPayload } from './admission.ts';
import { ClientSocket } from './client-socket.ts';
import { isErrors } from './http.ts';
import { clientError } from './pipeline/client-errors.ts';
import type { Operation, OperationRequest, Pipeline, Variables } from './pipeline/pipeline.ts';
import type { ServerPorts } from './ports.ts';
import { PushOperation, type PushPorts } from './push-operation.ts';

/** What `onSubscribe` found, on its way through graphql-ws to `execute` and `subscribe`. */
interface PreparedArgs extends ExecutionArgs {
  readonly connection: Connection<Record<string, unknown>, ClientSocket>;
  readonly id: string;
  readonly operation: Operation;
  readonly variables: Variables;
}

const drainSliceMs = 100;
const sweepEveryMs = 1_000;
const terminateAfterMs = 5_000;

export type WebSockets = ReturnType<typeof createWebSockets>;

export function createWebSockets(ports: ServerPorts, pipeline: Pipeline) {
  const { limits, metrics, clock } = ports;
  const sockets = new Set<ClientSocket>();
  const perAddress = new Map<string, number>();
  const perUser = new Map<UserId, number>();
  const closing = new Map<ClientSocket, number>();
  let isDraining = false;
  let nextPing = clock() + limits.pingEveryMs;

  const webSocketServer = new WebSocketServer<typeof ClientSocket>({
    WebSocket: ClientSocket,
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.requestMaxBytes,
    handleProtocols: (protocols) => handleProtocols(protocols),
  });

  // Without a listener ws answers with HTML.
  webSocketServer.on('wsClientError', (_error, stream) => refuse(stream, 400));

  const protocol = makeServer<Record<string, unknown>, ClientSocket>({
    // The sweep looks after it: a timer for each socket would be kept as long as the socket.
    connectionInitWaitTimeout: 0,
    async onConnect({ connectionParams, extra: socket }) {
      socket.isInitialised = true;
      const token = tokenOfPayload(connectionParams);
      // Needed no more, and not to be kept for as long as the socket.
      for (const name of Object.keys(connectionParams ?? {}))
        delete (connectionParams as Record<string, unknown>)[name];
      if (token === null) return true;
      if (token === undefined) return false;
      try {
        const viewer = await ports.verifyToken(token);
        if (!socket.isOpen) return false;
        if ((perUser.get(viewer.userId) ?? 0) >= limits.socketsPerUserMax) {
          metrics.limitHit('socketsPerUser');
          socket.close(closeCodes.tryAgainLater.code, 'Too many sockets of this user');
          return true;
        }
        socket.viewer = viewer;
        count(perUser, viewer.userId, 1);
        socket.detach = ports.attach(viewer, socket);
        return true;
      } catch (error) {
        if (error instanceof DomainError && error.code === 'UNAUTHENTICATED') return false;
        pipeline.mask(error);
        socket.close(closeCodes.tryAgainLater.code, 'The token cannot be checked now');
        return true;
      }
    },
    async onSubscribe(connection, id, request) {
      const startedAt = performance.now();
      const operation = await admit(connection.extra, request as OperationRequest);
      if (isErrors(operation)) {
        const code = outcomeOf(operation);
        metrics.operationDone({ transport: 'ws', type: 'none', code }, performance.now() - startedAt);
        return operation;
      }
      const { document, definition } = operation;
      const operationName = definition.name?.value ?? null;
      const variables = variablesOf(request as OperationRequest);
      const known = { schema: ports.schema, document, operationName, contextValue: null, rootValue: null };
      return { ...known, connection, id, operation, variables } satisfies PreparedArgs;
    },
    execute: (args) => runOnce(args as PreparedArgs),
    subscribe: (args) => runLive(args as PreparedArgs),
    // Errors of a subscription that ended by itself carry their code already.
    onError: (_context, _id, _payload, errors) => errors.map((error) => unwrap(error).toJSON()),
  });

  async function admit(socket: ClientSocket, request: OperationRequest): Promise<Operation | readonly GraphQLError[]> {
    if (socket.operations >= limits.operationsPerSocketMax) {
      metrics.limitHit('operationsPerSocket');
      const max = limits.operationsPerSocketMax;
      return [clientError('OVERLOADED', `At most ${max} operations run on one socket at a time.`, { max })];
    }
    // Taken before the first pause, so that a burst cannot slip through it.
    socket.operations += 1;
    try {
      const refused = await takeOperation(ports, socket.viewer, socket.address);
      const answer = refused === null ? pipeline.prepare(request) : [refused];
      if (isErrors(answer)) socket.operations -= 1;
      return answer;
    } catch (error) {
      socket.operations -= 1;
      return [pipeline.mask(error)];
    }
  }

  async function runOnce({ connection, operation, variables }: PreparedArgs): Promise<ExecutionResult> {
    const socket = connection.extra;
    const startedAt = performance.now();
    const context = ports.createContext({ viewer: socket.viewer, address: socket.address });
    const isMutation = operation.type === 'mutation';
    if (isMutation) socket.mutations += 1;
    try {
      const result = await pipeline.execute(operation, variables, context);
      const code = outcomeOf(result.errors);
      metrics.operationDone({ transport: 'ws', type: operation.type, code }, performance.now() - startedAt);
      return result;
    } finally {
      socket.operations -= 1;
      if (isMutation) socket.mutations -= 1;
      // graphql-ws writes the answer before the next turn.
      if (socket.isEnding) setImmediate(endSession, socket);
    }
  }

  const createContext = (socket: ClientSocket) =>
    ports.createContext({ viewer: socket.viewer, address: socket.address });

  const pushPorts: PushPorts = {
    pipeline,
    createContext,
    onEvent: metrics.eventSent,
    onEnd: ({ socket, operation }) => endLive(socket, operation),
    renderings: new WeakMap(),
  };

  function endLive(socket: ClientSocket, { field }: Operation): void {
    socket.operations -= 1;
    metrics.subscriptionEnded(field);
  }

  async function runLive(args: PreparedArgs): Promise<AsyncGenerator<never> | ExecutionResult> {
    const startedAt = performance.now();
    metrics.subscriptionStarted(args.operation.field);
    const result = await startLive(args);
    const code = outcomeOf('errors' in result ? result.errors : undefined);
    metrics.operationDone({ transport: 'ws', type: 'subscription', code }, performance.now() - startedAt);
    return result;
  }

  async function startLive({
    connection,
    id,
    operation,
    variables,
  }: PreparedArgs): Promise<AsyncGenerator<never> | ExecutionResult> {
    const socket = connection.extra;
    let push: PushOperation | null = null;
    try {
      const subscribed = await pipeline.subscribe(operation, variables, createContext(socket));
      const found = eventSourceOf(subscribed);
      if (found === null) {
        endLive(socket, operation);
        return subscribed as ExecutionResult;
      }
      push = new PushOperation(connection, id, operation, variables, pushPorts);
      await push.open(found.source);
      return push;
    } catch (error) {
      if (push === null) endLive(socket, operation);
      else push.end();
      return { errors: [pipeline.mask(error)] };
    }
  }

  function onMessage(socket: ClientSocket, data: RawData, isBinary: boolean): void {
    socket.hear(clock());
    // A client may write on after a close, until it answers it.
    if (!socket.isOpen || socket.isEnding) return;
    if (isBinary) socket.close(closeCodes.badRequest.code, 'Messages are text');
    else socket.handle?.(String(data)).catch((error: unknown) => onProtocolError(socket, error));
  }

  function onClose(socket: ClientSocket, code: number, reason: Buffer): void {
    sockets.delete(socket);
    closing.delete(socket);
    count(perAddress, socket.address, -1);
    if (socket.viewer !== null) count(perUser, socket.viewer.userId, -1);
    // Who says goodbye was there to say it; 1006 stands for a socket that was just gone.
    if (code !== 1006) socket.hear(clock());
    socket.detach?.();
    metrics.socketClosed(code);
    socket.closed?.(code, String(reason)).catch((error: unknown) => pipeline.mask(error));
  }

  // One of each for all sockets, which they find under `this`: listeners of its own would cost each socket half a kilobyte.
  const listeners = {
    message(this: WebSocket, data: RawData, isBinary: boolean) {
      onMessage(this as ClientSocket, data, isBinary);
    },
    pong(this: WebSocket) {
      (this as ClientSocket).hear(clock());
    },
    // A frame that breaks RFC 6455: ws closes the socket with its code.
    error() {},
    close(this: WebSocket, code: number, reason: Buffer) {
      onClose(this as ClientSocket, code, reason);
    },
  };
  const buffering = { maxBytes: limits.socketBufferMaxBytes, now: clock };

  function accept(socket: ClientSocket, address: string): void {
    socket.address = address;
    socket.buffering = buffering;
    socket.openedAt = clock();
    sockets.add(socket);
    count(perAddress, address, 1);
    metrics.socketOpened();
    socket.on('message', listeners.message);
    socket.on('pong', listeners.pong);
    socket.on('error', listeners.error);
    socket.on('close', listeners.close);
    socket.closed = protocol.opened(socket, socket) as ClientSocket['closed'];
  }

  /** graphql-ws throws on a message of a type it does not expect, and on faults of ours. */
  function onProtocolError(socket: ClientSocket, error: unknown): void {
    if (error instanceof Error && error.message.startsWith('Unexpected message')) {
      socket.close(closeCodes.badRequest.code, 'Invalid message received');
      return;
    }
    pipeline.mask(error);
    close(socket, closeCodes.tryAgainLater);
  }

  function close(socket: ClientSocket, { code, meaning }: { code: number; meaning: string }): void {
    if (!sockets.has(socket)) return;
    socket.close(code, meaning);
    closing.set(socket, clock() + terminateAfterMs);
  }

  function closeDevice(deviceId: DeviceId): void {
    for (const socket of sockets) if (socket.viewer?.deviceId === deviceId) endSession(socket);
  }

  /** Closes a socket whose session is over; a log-out that came over the socket itself is answered first. */
  function endSession(socket: ClientSocket): void {
    socket.isEnding = true;
    if (socket.mutations === 0) close(socket, closeCodes.forbidden);
  }

  /** Ends what has run out: tokens, full sockets, and sockets nobody is at the other end of. */
  function sweep(): void {
    const now = clock();
    const isPing = now >= nextPing;
    if (isPing) nextPing = now + limits.pingEveryMs;
    for (const socket of sockets) {
      if (!socket.isInitialised && now - socket.openedAt >= limits.initTimeoutMs && !closing.has(socket))
        close(socket, closeCodes.initTimeout);
      if (socket.viewer !== null && socket.viewer.expiresAt <= now && !closing.has(socket))
        close(socket, closeCodes.forbidden);
      if (socket.fullSince > 0 && now - socket.fullSince > limits.slowReaderMs && !closing.has(socket)) {
        metrics.slowReader();
        close(socket, closeCodes.tryAgainLater);
      }
      if (!isPing) continue;
      if (!socket.isAlive) {
        socket.terminate();
      } else {
        socket.isAlive = false;
        if (socket.isOpen) socket.ping();
      }
    }
    for (const [socket, deadline] of closing) if (deadline <= now) socket.terminate();
  }

  const sweeper = setInterval(sweep, Math.min(sweepEveryMs, limits.pingEveryMs / 5));
  sweeper.unref();
  let stopRevocations = () => {};

  /** The HTTP status an upgrade is refused with; null when it may go on. */
  function refusalOf({ url, headers }: IncomingMessage, address: string): number | null {
    if (url?.split('?')[0] !== '/graphql') return 404;
    if (!isOriginAllowed(headers.origin, headers.host, ports.allowedOrigins)) return 403;
    if (isDraining || sockets.size >= limits.socketsMax) {
      metrics.limitHit(isDraining ? 'draining' : 'sockets');
      return 503;
    }
    if ((perAddress.get(address) ?? 0) >= limits.socketsPerAddressMax) {
      metrics.limitHit('socketsPerAddress');
      return 429;
    }
    return null;
  }

  function refuse(stream: Duplex, status: number): void {
    const message = STATUS_CODES[status] ?? '';
    const code = ({ 400: 'BAD_REQUEST', 403: 'FORBIDDEN', 404: 'NOT_FOUND' } as const)[status] ?? 'OVERLOADED';
    const body = JSON.stringify({ errors: [{ message, extensions: clientError(code, message).extensions }] });
    stream.once('finish', () => stream.destroy());
    stream.end(
      `HTTP/1.1 ${status} ${message}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  return {
    /** Begins to listen for sessions that end. */
    async open(): Promise<void> {
      stopRevocations = await ports.onRevoked(closeDevice);
    },

    /** Takes over an HTTP upgrade. */
    upgrade(request: IncomingMessage, stream: Duplex, head: Buffer, address: string): void {
      stream.on('error', () => {});
      const status = refusalOf(request, address);
      if (status !== null) refuse(stream, status);
      else webSocketServer.handleUpgrade(request, stream, head, (socket) => accept(socket, address));
    },

    get size(): number {
      return sockets.size;
    },

    /** Sends every client elsewhere, a slice at a time, so that they do not all come back at once. */
    async drain(): Promise<void> {
      isDraining = true;
      const slices = Math.max(1, Math.floor(limits.drainMs / drainSliceMs));
      const perSlice = Math.ceil(sockets.size / slices);
      while (sockets.size > closing.size) {
        const next = [...sockets].filter((socket) => !closing.has(socket)).slice(0, Math.max(1, perSlice));
        for (const socket of next) close(socket, closeCodes.serviceRestart);
        await new Promise((resolve) => setTimeout(resolve, Math.min(drainSliceMs, limits.drainMs)));
      }
      const deadline = clock() + Math.min(terminateAfterMs, 2_000);
      while (sockets.size > 0 && clock() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
      for (const socket of sockets) socket.terminate();
      clearInterval(sweeper);
      stopRevocations();
    },
  };
}

function count<Key>(counts: Map<Key, number>, key: Key, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next > 0) counts.set(key, next);
  else counts.delete(key);
}

const noVariables: Variables = Object.freeze({});

function variablesOf({ variables }: OperationRequest): Variables {
  return variables == null || Object.keys(variables).length === 0 ? noVariables : variables;
}

/** The error inside the one that graphql-ws makes of what an iterator throws. */
function unwrap(error: GraphQLError): GraphQLError {
  return error.originalError instanceof GraphQLError ? error.originalError : error;
}
