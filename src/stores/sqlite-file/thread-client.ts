/**
 * Calls into a store's thread. All calls of one turn of the event loop travel as one message, and so do the answers. Each
 * has a deadline: a thread that is stuck, or a disk that is, never holds a caller longer.
 */
import { Worker } from 'node:worker_threads';
import { DomainError, type ErrorCode } from '../../domain/errors.ts';

/** `[call, method, arguments]` */
export type CallMessage = readonly [number, string, readonly unknown[]];
/** `[call, answer]`, or `[call, null, code, message]` when it failed. */
export type AnswerMessage = readonly [number, unknown, ErrorCode?, string?];

/** What went wrong inside, for the log; callers are answered apart from it. */
export interface FaultMessage {
  readonly fault: unknown;
}

export interface ThreadClient {
  call<T>(method: string, ...args: readonly unknown[]): Promise<T>;
  /** Calls sent and not answered. */
  readonly pending: number;
  /** Whether the thread is running. */
  readonly isAlive: boolean;
  close(): Promise<void>;
}

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  readonly deadline: number;
}

export interface ThreadOptions {
  readonly entry: URL;
  readonly workerData: unknown;
  readonly timeoutMs: number;
  /** A thread that dies is started again so often in a minute; afterwards every call answers UNAVAILABLE. */
  readonly restartsMax?: number;
  readonly onError: (error: unknown, what: string) => void;
}

const deadlineCheckMs = 250;
const restartAfterMs = 100;

/**
 * Starts the thread; resolves when it says that it is ready.
 *
 * @throws DomainError `UNAVAILABLE`: it ended before that; what ended it is the cause, and it is not started again
 */
export async function openThread(options: ThreadOptions): Promise<ThreadClient> {
  const { entry, workerData, timeoutMs, restartsMax = 5, onError } = options;
  const pending = new Map<number, Pending>();
  let nextCall = 1;
  let outbox: CallMessage[] = [];
  let worker: Worker | null = null;
  /** Since it has been ready for the first time: from then on it is kept running. */
  let isOpen = false;
  let closing = false;
  let restarts: number[] = [];
  let deadlineTimer: NodeJS.Timeout | undefined;

  function start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const started = new Worker(entry, { workerData });
      started.on('message', (message: 'ready' | FaultMessage | AnswerMessage[]) => {
        if (message === 'ready' && closing) {
          // Closed while it was being started again.
          void started.terminate();
        } else if (message === 'ready') {
          worker = started;
          resolve();
          flush();
        } else if ('fault' in message) {
          onError(message.fault, 'store thread');
        } else if (Array.isArray(message)) {
          for (const answer of message) settle(answer);
        } // Else it is of `node --watch`, whose threads tell on this port which files they have loaded.
      });
      let cause: unknown;
      started.on('error', (error) => {
        cause = error;
        if (isOpen) onError(error, 'store thread');
      });
      started.on('exit', (code) => {
        if (worker === started) worker = null;
        reject(new DomainError('UNAVAILABLE', 'Store could not be opened.', { cause }));
        rejectAll();
        if (isOpen && !closing) restart(code);
      });
    });
  }

  function restart(code: number): void {
    const now = performance.now();
    restarts = restarts.filter((at) => now - at < 60_000);
    if (restarts.length >= restartsMax) {
      onError(new Error(`store thread exited too often, last with code ${code}`), 'store thread');
      return;
    }
    restarts.push(now);
    setTimeout(() => {
      // What ends it again is told as it happens.
      if (!closing) start().catch(() => {});
    }, restartAfterMs);
  }

  function settle([call, value, code, message]: AnswerMessage): void {
    const waiting = pending.get(call);
    // Answered after its deadline: the caller has been told that the outcome is unknown.
    if (waiting === undefined) return;
    pending.delete(call);
    if (code === undefined) waiting.resolve(value as never);
    else waiting.reject(new DomainError(code, message ?? 'Store failed.'));
  }

  function rejectAll(): void {
    outbox = [];
    for (const { reject } of pending.values()) reject(unavailable());
    pending.clear();
  }

  function flush(): void {
    if (worker === null || outbox.length === 0) return;
    worker.postMessage(outbox);
    outbox = [];
  }

  function checkDeadlines(): void {
    const now = performance.now();
    // Calls are kept in the order they were made, and all have the same time.
    for (const [call, { deadline, reject }] of pending) {
      if (deadline > now) break;
      pending.delete(call);
      reject(unavailable());
    }
    if (pending.size === 0) {
      clearInterval(deadlineTimer);
      deadlineTimer = undefined;
    }
  }

  await start();
  isOpen = true;

  const client: ThreadClient = {
    call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
      if (worker === null) return Promise.reject(unavailable());
      return new Promise<T>((resolve, reject) => {
        const call = nextCall;
        nextCall += 1;
        pending.set(call, { resolve, reject, deadline: performance.now() + timeoutMs });
        deadlineTimer ??= setInterval(checkDeadlines, deadlineCheckMs).unref();
        outbox.push([call, method, args]);
        if (outbox.length === 1) setImmediate(flush);
      });
    },
    get pending() {
      return pending.size;
    },
    get isAlive() {
      return worker !== null;
    },
    async close() {
      if (worker === null) {
        closing = true;
        return;
      }
      const ended = new Promise((resolve) => worker?.once('exit', resolve));
      await client.call('close').catch((error: unknown) => onError(error, 'store close'));
      closing = true;
      void worker?.terminate();
      await ended;
      clearInterval(deadlineTimer);
    },
  };
  return client;
}

function unavailable(): DomainError {
  return new DomainError('UNAVAILABLE', 'Store did not answer in time.');
}
