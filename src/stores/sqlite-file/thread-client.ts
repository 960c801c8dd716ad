/**
 * Calls to a store's thread. All calls of one turn of the event loop are sent as one message, and so are the answers. Each call
 * has a deadline, so a thread or disk that hangs never delays a caller longer.
 *
 * The thread is in one of these states:
 * - starting (`worker` is null): calls are refused. Before the first `ready`, its end is an error of `openThread`;
 * - running: calls wait in `outbox` until the turn ends, and in `pending` until their answer or their deadline;
 * - ended: all its calls are rejected, and it is started again after a pause, at most `restartsMax` times per minute;
 * - closing: it is not started again.
 */
import { Worker } from 'node:worker_threads';
import { DomainError, type ErrorCode } from '../../domain/errors.ts';

/** `[call, method, arguments]` */
export type CallMessage = readonly [number, string, readonly unknown[]];
/** `[call, answer]`, or `[call, null, code, message]` for a failed call. */
export type AnswerMessage = readonly [number, unknown, ErrorCode?, string?];

/** An internal failure for the log; callers get separate answers. */
export interface FaultMessage {
  readonly fault: unknown;
}

export interface ThreadClient {
  call<T>(method: string, ...args: readonly unknown[]): Promise<T>;
  /** Number of calls without an answer yet. */
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
  /** Maximum number of restarts of a dead thread per minute. After that, every call fails with UNAVAILABLE. */
  readonly restartsMax?: number;
  readonly onError: (error: unknown, what: string) => void;
}

const deadlineCheckMs = 250;
const restartAfterMs = 100;

/**
 * Starts the thread. Resolves when the thread reports that it is ready.
 *
 * @throws DomainError `UNAVAILABLE`: the thread ended before it was ready, for the reason in `cause`; it is not restarted
 */
export async function openThread(options: ThreadOptions): Promise<ThreadClient> {
  const { entry, workerData, timeoutMs, restartsMax = 5, onError } = options;
  const pending = new Map<number, Pending>();
  let nextCall = 1;
  let outbox: CallMessage[] = [];
  let worker: Worker | null = null;
  /** Set once the thread has been ready for the first time. From then on it is restarted if it dies. */
  let isOpen = false;
  let closing = false;
  let restarts: number[] = [];
  let deadlineTimer: NodeJS.Timeout | undefined;

  function start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const started = new Worker(entry, { workerData });
      started.on('message', (message: 'ready' | FaultMessage | AnswerMessage[]) => {
        if (message === 'ready' && closing) {
          // The client was closed during the restart.
          void started.terminate();
        } else if (message === 'ready') {
          worker = started;
          resolve();
          flush();
        } else if ('fault' in message) {
          onError(message.fault, 'store thread');
        } else if (Array.isArray(message)) {
          for (const answer of message) settle(answer);
        } // Otherwise the message is from `node --watch`, whose threads report their loaded files on this port.
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
      // A failure of the restart is reported when it happens.
      if (!closing) start().catch(() => {});
    }, restartAfterMs);
  }

  function settle([call, value, code, message]: AnswerMessage): void {
    const waiting = pending.get(call);
    // The answer came after the deadline: the caller already got UNAVAILABLE.
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
    // Calls are in the order of their start, and all have the same time limit.
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
