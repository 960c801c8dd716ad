/**
 * Finds connections that died silently: after a sleep, a change of network or a lost NAT entry nothing closes and nothing arrives, and
 * a WebSocket alone would wait forever. The watch starts when a connection is opened, and each message from the server starts it again.
 */
import type { Client } from 'graphql-ws';

/** A stream has an event at least every 25 s, and a ping has a pong. Ten seconds are left for slow networks. */
export const silenceMaxMs = 35_000;

/** How often a client pings, so that a connection without a stream is not silent either. */
export const pingEveryMs = (silenceMs: number) => silenceMs * 0.7;

/** The parts of a browser's page that are used. Other platforms do not have them. */
interface Page {
  addEventListener?(type: 'online', listener: () => void): void;
  removeEventListener?(type: 'online', listener: () => void): void;
  readonly document?: {
    readonly visibilityState: string;
    addEventListener(type: 'visibilitychange', listener: () => void): void;
    removeEventListener(type: 'visibilitychange', listener: () => void): void;
  };
}

const page = globalThis as Page;

/**
 * Terminates the client's connection when it is silent for too long, or when the browser is online again, because connections of the
 * earlier network rarely survive. graphql-ws then connects again, and streams resume. Returns a function that ends the watch.
 */
export function watchConnection(client: Client, silenceMs: number = silenceMaxMs): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let heardAt = 0;
  const start = () => {
    clearTimeout(timer);
    heardAt = Date.now();
    timer = setTimeout(() => client.terminate(), silenceMs);
  };
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const isConnected = () => timer !== undefined;
  const whenOnline = () => {
    if (isConnected()) client.terminate();
  };
  const whenVisible = () => {
    // Timers stand still while the machine sleeps, so the page looks at the clock when it is visible again.
    const isSilent = isConnected() && Date.now() - heardAt >= silenceMs;
    if (isSilent && page.document?.visibilityState === 'visible') client.terminate();
  };
  const stops = [client.on('connecting', start), client.on('message', start), client.on('closed', stop)];
  page.addEventListener?.('online', whenOnline);
  page.document?.addEventListener('visibilitychange', whenVisible);
  return () => {
    stop();
    for (const unlisten of stops) unlisten();
    page.removeEventListener?.('online', whenOnline);
    page.document?.removeEventListener('visibilitychange', whenVisible);
  };
}

/** Waits between two attempts to connect, at most until the browser is online again, or the caller has given up. */
export function waitToRetry(ms: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve) => {
    const proceed = () => {
      clearTimeout(timer);
      page.removeEventListener?.('online', proceed);
      signal?.removeEventListener('abort', proceed);
      resolve();
    };
    const timer = setTimeout(proceed, ms);
    page.addEventListener?.('online', proceed);
    signal?.addEventListener('abort', proceed);
  });
}
