/**
 * Passes the operations of sockets to the pipeline.
 *
 * Each operation counts in `socket.operations` from before its admission until its end: a query or mutation ends with its answer, a
 * subscription with its source. Until it has been answered, or has started as a subscription, it also counts in `socket.pending`: an
 * ending socket is closed after its last answer.
 */
import type { ExecutionArgs, ExecutionResult, GraphQLError } from 'graphql';
import type { Context as Connection } from 'graphql-ws';
import type { ByteBudget } from '../domain/byte-budget.ts';
import { closeCodes } from '../domain/errors.ts';
import type { UserId } from '../domain/ids.ts';
import { eventSourceOf } from '../resolvers/event-source.ts';
import { outcomeOf, takeAddress, takeCaller, takeCost } from './admission.ts';
import type { ClientSocket } from './client-socket.ts';
import { createCounts } from './counts.ts';
import { tooLargeToKeep, variablesOf } from './kept-variables.ts';
import type { PersistedQueries, PersistedRequest } from './persisted-queries.ts';
import { clientError } from './pipeline/client-errors.ts';
import { isErrors, type Operation, type Pipeline, type Variables } from './pipeline/pipeline.ts';
import type { ServerPorts } from './ports.ts';
import { PushOperation, type PushPorts } from './push-operation.ts';

/** The result of `prepare`, which graphql-ws passes to `runOnce` and `runLive`. */
export interface PreparedArgs extends ExecutionArgs {
  readonly connection: Connection<Record<string, unknown>, ClientSocket>;
  readonly id: string;
  readonly operation: Operation;
  readonly variables: Variables;
}

/** @param onAnswered - called after each answer of an ending socket */
export function createSocketOperations(
  ports: ServerPorts,
  pipeline: Pipeline,
  persistedQueries: PersistedQueries,
  onAnswered: (socket: ClientSocket) => void,
) {
  const { limits, metrics, budgets } = ports;
  const live = createCounts<UserId>(limits.subscriptionsPerUserMax);

  async function admit(socket: ClientSocket, request: PersistedRequest): Promise<Operation | readonly GraphQLError[]> {
    if (socket.operations >= limits.operationsPerSocketMax) {
      metrics.limitHit('operationsPerSocket');
      const max = limits.operationsPerSocketMax;
      return [clientError('OVERLOADED', `At most ${max} operations can run at once on one socket.`, { max })];
    }
    // Counted before the first await, so that a burst cannot exceed the limit.
    socket.beginOperation();
    try {
      const answer = await prepareIn(socket, request);
      if (isErrors(answer)) refuse(socket);
      return answer;
    } catch (error) {
      refuse(socket);
      return [pipeline.mask(error)];
    }
  }

  async function prepareIn(
    { viewer, client: { network } }: ClientSocket,
    asked: PersistedRequest,
  ): Promise<Operation | readonly GraphQLError[]> {
    const refused = (await takeAddress(ports, network)) ?? (await takeCaller(ports, viewer, network));
    if (refused !== null) return [refused];
    const query = persistedQueries.documentOf(asked);
    if (typeof query !== 'string') return [query];
    const request = { ...asked, query };
    const operation = pipeline.prepare(request);
    if (isErrors(operation)) return operation;
    persistedQueries.registerOf(asked);
    const overLimit = await takeCost(ports, viewer, network, pipeline.costOf(operation, request));
    if (overLimit !== null) return [overLimit];
    if (operation.type !== 'subscription') return operation;
    const tooLarge = tooLargeToKeep(operation, request);
    if (tooLarge !== null) return [tooLarge];
    if (viewer === null || live.take(viewer.userId)) return operation;
    metrics.limitHit('subscriptionsPerUser');
    const max = limits.subscriptionsPerUserMax;
    return [clientError('OVERLOADED', `A user can have at most ${max} subscriptions at once.`, { max })];
  }

  function refuse(socket: ClientSocket): void {
    socket.endOperation();
    answered(socket);
  }

  function answered(socket: ClientSocket): void {
    socket.answerOperation();
    // graphql-ws writes the answer before the next turn.
    if (socket.ending !== null) setImmediate(onAnswered, socket);
  }

  const createContext = (socket: ClientSocket, budget: ByteBudget) =>
    ports.createContext({ viewer: socket.viewer, client: socket.client, budget });
  const createEventContext = (socket: ClientSocket) => createContext(socket, budgets.openEvent());

  const pushPorts: PushPorts = {
    pipeline,
    createContext: createEventContext,
    onEvent: metrics.eventSent,
    onEnd: ({ socket, operation }) => endLive(socket, operation),
    renderings: new WeakMap(),
  };

  function endLive(socket: ClientSocket, { field }: Operation): void {
    socket.endOperation();
    if (socket.viewer !== null) live.release(socket.viewer.userId);
    metrics.subscriptionEnded(field);
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
      const subscribed = await pipeline.subscribe(operation, variables, createEventContext(socket));
      const found = eventSourceOf(subscribed);
      if (found === null) {
        endLive(socket, operation);
        return subscribed as ExecutionResult;
      }
      push = new PushOperation(connection, id, operation, variables, pushPorts);
      await push.open(found.source);
      // A subscription that the client completed while it opened may still have become active. Its id now belongs to this one.
      const earlier = connection.subscriptions[id];
      if (earlier instanceof PushOperation) void earlier.return();
      return push;
    } catch (error) {
      if (push === null) endLive(socket, operation);
      else push.end();
      return { errors: [pipeline.mask(error)] };
    }
  }

  return {
    /** Admits an operation, or returns the errors that answer it. */
    async prepare(
      connection: PreparedArgs['connection'],
      id: string,
      request: PersistedRequest,
    ): Promise<PreparedArgs | readonly GraphQLError[]> {
      if (!isOperationId(id)) {
        connection.extra.close(closeCodes.badRequest.code, `Operation ids have 1 to ${operationIdMaxBytes} bytes`);
        return [clientError('BAD_REQUEST', 'Invalid operation id.')];
      }
      const startedAt = performance.now();
      const operation = await admit(connection.extra, request);
      if (isErrors(operation)) {
        const code = outcomeOf(operation);
        metrics.operationDone({ transport: 'ws', type: 'none', code }, performance.now() - startedAt);
        return operation;
      }
      const { document, definition } = operation;
      const operationName = definition.name?.value ?? null;
      const variables = variablesOf(operation, request);
      const known = { schema: ports.schema, document, operationName, contextValue: null, rootValue: null };
      return { ...known, connection, id, operation, variables };
    },

    /** Runs a query or a mutation. */
    async runOnce({ connection, operation, variables }: PreparedArgs): Promise<ExecutionResult> {
      const socket = connection.extra;
      const startedAt = performance.now();
      const budget = budgets.open();
      try {
        const result = await pipeline.execute(operation, variables, createContext(socket, budget));
        const code = outcomeOf(result.errors);
        metrics.operationDone({ transport: 'ws', type: operation.type, code }, performance.now() - startedAt);
        return result;
      } finally {
        socket.endOperation();
        answered(socket);
        // By the next turn the answer is written. What its client has not taken by then is held until it has.
        setImmediate(releaseWhenDrained, socket, budget);
      }
    },

    /** Starts a subscription, which then runs independently. Returns an answer if it cannot start. */
    async runLive(args: PreparedArgs): Promise<AsyncGenerator<never> | ExecutionResult> {
      const startedAt = performance.now();
      metrics.subscriptionStarted(args.operation.field);
      const result = await startLive(args);
      answered(args.connection.extra);
      const code = outcomeOf('errors' in result ? result.errors : undefined);
      metrics.operationDone({ transport: 'ws', type: 'subscription', code }, performance.now() - startedAt);
      return result;
    },
  };
}

const operationIdMaxBytes = 128;

function releaseWhenDrained(socket: ClientSocket, budget: ByteBudget): void {
  socket.whenDrained(budget);
}

/** Every frame of an operation repeats its id. */
function isOperationId(id: string): boolean {
  return id.length <= operationIdMaxBytes && Buffer.byteLength(id) <= operationIdMaxBytes && id.isWellFormed();
}
