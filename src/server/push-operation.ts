/**
 * A running subscription. graphql-ws sees an iterator that yields nothing and ends when the subscription does; events go
 * straight to the socket as `next` frames, in the order they were pushed.
 */
import { randomBytes } from 'node:crypto';
import type { ExecutionResult, GraphQLError } from 'graphql';
import type { Context } from '../resolvers/context.ts';
import type { EventSink, EventSource, SharedEvent } from '../resolvers/event-source.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Operation, OperationRequest, Pipeline } from './pipeline/pipeline.ts';

/** Stands for the one thing that differs between the subscribers of a shared event. Nobody can guess it into a text. */
const seqSlot = randomBytes(18).toString('base64url');
const quotedSlot = JSON.stringify(seqSlot);

/** Events waiting for one that is still being rendered; beyond it the reader counts as slow. */
const renderQueueMax = 200;

export interface PushPorts {
  readonly pipeline: Pipeline;
  readonly createContext: () => Context;
  readonly bufferMaxBytes: number;
  readonly now: () => number;
  readonly onEvent: (field: string) => void;
  readonly onEnd: () => void;
}

/** Renderings of shared events: by event, then by what was asked for. They live as long as the event does. */
export type RenderCache = WeakMap<object, Map<string, string[] | Promise<string[]>>>;

export class PushOperation implements AsyncGenerator<never, void, void>, EventSink<unknown> {
  private readonly socket: ClientSocket;
  private readonly operation: Operation;
  private readonly request: OperationRequest;
  private readonly ports: PushPorts;
  private readonly cache: RenderCache;
  private readonly head: string;
  private close: (() => void) | null = null;
  private ready: (() => void) | null = null;
  private isEnded = false;
  private failure: GraphQLError | null = null;
  private wake: { resolve: (result: IteratorReturnResult<void>) => void; reject: (error: unknown) => void } | null =
    null;
  /** Events that must wait for an earlier one; null while none is being rendered. */
  private queue: Promise<void> | null = null;
  private queued = 0;

  constructor(
    socket: ClientSocket,
    id: string,
    operation: Operation,
    request: OperationRequest,
    ports: PushPorts,
    cache: RenderCache,
  ) {
    this.socket = socket;
    this.operation = operation;
    this.request = request;
    this.ports = ports;
    this.cache = cache;
    this.head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  }

  /** Starts the events; rejects with what the source says is wrong. */
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
      this.socket.whenDrained(this.onDrained);
      return false;
    }
    if (!this.socket.checkFull(this.ports.bufferMaxBytes, this.ports.now())) return true;
    this.socket.whenDrained(this.onDrained);
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

  private readonly onDrained = (): void => {
    if (!this.isEnded) this.ready?.();
  };

  private write(payload: string): void {
    if (this.isEnded) return;
    this.socket.send(`${this.head}${payload}}`);
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
        // A reader held back by rendering alone has no drain to wait for.
        if (this.queued === 0 && this.socket.fullSince === 0) this.releaseWaiting();
      });
    this.queue = own;
  }

  private releaseWaiting(): void {
    if (this.socket.waiting?.delete(this.onDrained) === true) this.onDrained();
  }

  /** The payload of an event: at once when its fields are at hand, as they mostly are. */
  private render(event: unknown, shared: SharedEvent | undefined): string | Promise<string> {
    if (shared === undefined || !this.operation.isShared) return this.execute(event, stringify);
    const renderings = this.renderingsOf(shared.key);
    const selection = this.selectionKey();
    let parts = renderings.get(selection);
    if (parts === undefined) {
      const slotted = { ...(event as object), seq: seqSlot };
      parts = this.execute(slotted, (result) => stringify(result).split(quotedSlot));
      renderings.set(selection, parts);
      if (parts instanceof Promise) {
        parts.then(
          (done) => renderings.set(selection, done),
          () => renderings.delete(selection),
        );
      }
    }
    const seq = shared.seq === null ? 'null' : `"${shared.seq}"`;
    return parts instanceof Promise ? parts.then((done) => done.join(seq)) : parts.join(seq);
  }

  private renderingsOf(key: object): Map<string, string[] | Promise<string[]>> {
    let renderings = this.cache.get(key);
    if (renderings === undefined) {
      renderings = new Map();
      this.cache.set(key, renderings);
    }
    return renderings;
  }

  private selectionKey(): string {
    const { query, operationName, variables } = this.request;
    // The variables may decide what is skipped.
    const isPlain = variables == null || Object.keys(variables).length === 0;
    return isPlain
      ? `${operationName ?? ''}\n${query}`
      : `${operationName ?? ''}\n${JSON.stringify(variables)}\n${query}`;
  }

  private execute<T>(event: unknown, then: (result: ExecutionResult) => T): T | Promise<T> {
    const { pipeline, createContext } = this.ports;
    const result = pipeline.render(this.operation, this.request, createContext(), event);
    return result instanceof Promise ? result.then(then) : then(result);
  }

  private finish(failure: GraphQLError | null): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.failure = failure;
    this.close?.();
    this.close = null;
    this.ready = null;
    this.socket.waiting?.delete(this.onDrained);
    this.ports.onEnd();
    if (failure === null) this.wake?.resolve({ done: true, value: undefined });
    else this.wake?.reject(failure);
    this.wake = null;
  }

  next(): Promise<IteratorResult<never, void>> {
    if (this.failure !== null) return Promise.reject(this.failure);
    if (this.isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.wake = { resolve, reject };
    });
  }

  return(): Promise<IteratorReturnResult<void>> {
    this.finish(null);
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<IteratorReturnResult<void>> {
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

function stringify(result: ExecutionResult): string {
  return JSON.stringify(result);
}
