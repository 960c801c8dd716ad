/**
 * A running subscription. Its events go directly to the socket as `next` frames, in the order in which they were pushed.
 *
 * graphql-ws would iterate over it, and its handler of the client's message would stay suspended with all its data while the
 * subscription runs: more than a kilobyte for each idle subscription. Therefore the iterator ends at once, while the operation is
 * removed from graphql-ws's list, which makes the handler end without a message to the client. Then the operation is put back into the
 * list. There, the client's `complete` and the end of the socket find it, and the ids of new operations are compared with its id.
 *
 * It is in one of these states:
 * - opening (`close` is null): its source is not open yet, but may push already;
 * - idle (`queue` is null): the next event is written at once if its fields need no loading;
 * - rendering: later events wait in `queue` for an earlier one. Above `renderQueueMax`, and while the socket is full, `push` returns
 *   false, and the source waits for `onReady`;
 * - ended (`isEnded`): nothing is pushed any more.
 */
import { randomBytes } from 'node:crypto';
import type { ExecutionResult, GraphQLError } from 'graphql';
import type { Context as Connection } from 'graphql-ws';
import type { Context } from '../resolvers/context.ts';
import type { EventSink, EventSource, SharedEvent } from '../resolvers/event-source.ts';
import type { ClientSocket, Waiter } from './client-socket.ts';
import type { Operation, Pipeline, Variables } from './pipeline/pipeline.ts';

/** Placeholder for the only value that differs between the subscribers of a shared event. Unguessable, so no text contains it. */
const seqSlot = randomBytes(18).toString('base64url');
const quotedSlot = JSON.stringify(seqSlot);

/** Maximum number of events that wait for an earlier one to be rendered. Above it, the reader counts as slow. */
const renderQueueMax = 200;

/** The ports that all subscriptions of the server share. */
export interface PushPorts {
  readonly pipeline: Pipeline;
  readonly createContext: (socket: ClientSocket) => Context;
  readonly onEvent: (field: string) => void;
  readonly onEnd: (operation: PushOperation) => void;
  readonly renderings: RenderCache;
}

/** An event's payload, split at the inbox number. */
type Parts = readonly string[];

/** Renderings of shared events, by event and then by selection. They live as long as the event. */
export type RenderCache = WeakMap<object, Map<unknown, Parts | Promise<Parts>>>;

export class PushOperation implements AsyncGenerator<never, void, void>, EventSink<unknown>, Waiter {
  readonly socket: ClientSocket;
  readonly operation: Operation;
  private readonly connection: Connection<Record<string, unknown>, ClientSocket>;
  private readonly id: string;
  private readonly variables: Variables;
  private readonly ports: PushPorts;
  /** Identical for all subscriptions that render an event identically. */
  private readonly selection: unknown;
  private close: (() => void) | null = null;
  private ready: (() => void) | null = null;
  private isEnded = false;
  private isEndedByClient = false;
  /** Set once graphql-ws' handler has ended. */
  private isOnItsOwn = false;
  private failure: GraphQLError | null = null;
  /** Events that wait for an earlier one; null while no event is being rendered. */
  private queue: Promise<void> | null = null;
  private queued = 0;

  constructor(
    connection: Connection<Record<string, unknown>, ClientSocket>,
    id: string,
    operation: Operation,
    variables: Variables,
    ports: PushPorts,
  ) {
    this.socket = connection.extra;
    this.connection = connection;
    this.id = id;
    this.operation = operation;
    this.variables = variables;
    this.ports = ports;
    this.selection = selectionOf(operation, variables);
  }

  /** Starts the events. Rejects with the source's error. */
  async open(source: EventSource<unknown>): Promise<void> {
    const close = await source.open(this);
    if (this.isEnded) close();
    else this.close = close;
  }

  push(event: unknown, shared?: SharedEvent): boolean {
    if (this.isEnded) return false;
    if (this.queue === null) {
      const payload = this.render(event, shared);
      if (typeof payload === 'string') this.write(payload);
      else this.enqueue(() => payload);
    } else {
      this.enqueue(() => this.render(event, shared));
    }
    if (this.queued > renderQueueMax) {
      this.socket.wait(this);
      return false;
    }
    if (this.socket.fullSince === 0) return true;
    this.socket.wait(this);
    return false;
  }

  onReady(callback: () => void): void {
    this.ready = callback;
  }

  fail(error: unknown): void {
    this.finish(this.ports.pipeline.mask(error));
  }

  end(): void {
    this.finish(null);
  }

  onDrained(): void {
    if (!this.isEnded) this.ready?.();
  }

  private write(payload: string): void {
    if (this.isEnded || this.socket.ending !== null) return;
    this.socket.send(`{"id":${JSON.stringify(this.id)},"type":"next","payload":${payload}}`);
    this.ports.onEvent(this.operation.field);
  }

  private enqueue(render: () => string | Promise<string>): void {
    this.queued += 1;
    const before = this.queue ?? Promise.resolve();
    const own: Promise<void> = before
      .then(render)
      .then(
        (payload) => this.write(payload),
        (error: unknown) => this.fail(error),
      )
      .finally(() => {
        this.queued -= 1;
        if (this.queue === own) this.queue = null;
        // A reader that was slow only because of rendering does not wait for a drain.
        if (this.queued === 0 && this.socket.fullSince === 0 && this.socket.waitNoMore(this)) this.onDrained();
      });
    this.queue = own;
  }

  /** The payload of an event; not a promise if its fields need no loading, which is the usual case. */
  private render(event: unknown, shared: SharedEvent | undefined): string | Promise<string> {
    if (shared === undefined || !this.operation.isShared) return this.execute(event, stringify);
    const renderings = this.renderingsOf(shared.key);
    let parts = renderings.get(this.selection);
    if (parts === undefined) {
      const slotted = { ...(event as object), seq: seqSlot };
      let hasErrors = false;
      parts = this.execute(slotted, (result) => {
        hasErrors = result.errors !== undefined;
        return stringify(result).split(quotedSlot);
      });
      // What failed for one subscriber, such as a store that did not answer, is tried again for the next.
      const keep = (done: Parts) =>
        hasErrors ? renderings.delete(this.selection) : renderings.set(this.selection, done);
      if (parts instanceof Promise) {
        renderings.set(this.selection, parts);
        parts.then(keep, () => renderings.delete(this.selection));
      } else {
        keep(parts);
      }
    }
    const seq = shared.seq === null ? 'null' : `"${shared.seq}"`;
    return parts instanceof Promise ? parts.then((done) => done.join(seq)) : parts.join(seq);
  }

  private renderingsOf(key: object): Map<unknown, Parts | Promise<Parts>> {
    const { renderings } = this.ports;
    let found = renderings.get(key);
    if (found === undefined) {
      found = new Map();
      renderings.set(key, found);
    }
    return found;
  }

  private execute<T>(event: unknown, then: (result: ExecutionResult) => T): T | Promise<T> {
    const { pipeline, createContext } = this.ports;
    const result = pipeline.render(this.operation, this.variables, createContext(this.socket), event);
    return result instanceof Promise ? result.then(then) : then(result);
  }

  private finish(failure: GraphQLError | null): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.failure = failure;
    this.close?.();
    this.close = null;
    this.ready = null;
    this.socket.waitNoMore(this);
    this.ports.onEnd(this);
    if (this.isOnItsOwn) this.sayEnd();
  }

  /** Sends `complete`, because graphql-ws's handler has already ended. */
  private sayEnd(): void {
    if (this.isEndedByClient) return;
    const { id, failure, connection } = this;
    if (connection.subscriptions[id] === this) delete connection.subscriptions[id];
    this.socket.send(
      JSON.stringify(failure === null ? { id, type: 'complete' } : { id, type: 'error', payload: [failure.toJSON()] }),
    );
  }

  /** Called once by graphql-ws when the operation runs. */
  next(): Promise<IteratorResult<never, void>> {
    if (this.failure !== null) return Promise.reject(this.failure);
    if (!this.isEnded) {
      delete this.connection.subscriptions[this.id];
      // The handler ends in the microtasks of this turn. Ticks run before any other message can be handled.
      process.nextTick(() => {
        this.isOnItsOwn = true;
        if (this.isEnded) this.sayEnd();
        else this.connection.subscriptions[this.id] = this;
      });
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  return(): Promise<IteratorReturnResult<void>> {
    this.isEndedByClient = true;
    this.finish(null);
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<IteratorReturnResult<void>> {
    this.isEndedByClient = true;
    this.finish(null);
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.finish(null);
  }
}

/** An operation is the same object as long as its text is cached. Variables that only set the start position do not matter. */
function selectionOf(operation: Operation, variables: Variables): unknown {
  const { eventVariables, source } = operation;
  if (eventVariables.length === 0) return operation;
  const operationName = operation.definition.name?.value ?? '';
  return JSON.stringify([
    source,
    operationName,
    ...eventVariables.map((name) => (name in variables ? [variables[name]] : [])),
  ]);
}

function stringify(result: ExecutionResult): string {
  return JSON.stringify(result);
}
