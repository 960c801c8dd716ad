/** Connections that die silently: nothing arrives any more, and nothing closes. */
import type { Client } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Session } from '../../examples/clients/session.ts';
import { createSocketClient, type SocketOptions, streamSubscription } from '../../examples/clients/socket.ts';
import { silenceMaxMs, waitToRetry } from '../../examples/clients/watchdog.ts';
import { type Answer, Events, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { type SilentProxy, startSilentProxy } from '../support/silent-proxy.ts';

let server: TestServer;
let proxy: SilentProxy;
let alice: TestUser;
let bob: TestUser;
let client: Client | null = null;

beforeAll(async () => {
  server = await startServer();
  [alice, bob] = [await server.user(), await server.user()];
});
beforeEach(async () => {
  proxy = await startSilentProxy(() => server.url);
});
afterEach(async () => {
  await client?.dispose();
  await proxy[Symbol.asyncDispose]();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Streams through the proxy on the example's client, which uses the platform's own WebSocket. */
async function stream(options: SocketOptions = {}): Promise<Events> {
  const { offlineMessages } = await bob.ask('{ offlineMessages(afterSeq: "0", first: 1) { headSeq } }');
  client = createSocketClient(
    new Session(server.url, bob.session),
    { lastSeq: offlineMessages.headSeq },
    { url: `ws://127.0.0.1:${proxy.port}/graphql`, retryWait: async () => {}, ...options },
  );
  const events = new Events();
  client.subscribe(
    { query: streamSubscription, variables: { afterSeq: null } },
    {
      next: (answer) => events.add(answer as Answer),
      error: (error) => events.fail(error),
      complete: () => events.complete(),
    },
  );
  return events.until(({ values }) => values.length > 0, 'StreamReady');
}

/** Sends while the reader's connection is dead. */
async function sendUnheard(text: string): Promise<void> {
  const witness = await bob.stream().until(({ values }) => values.length > 0);
  proxy.silence();
  await alice.send({ userId: bob.id }, text);
  await witness.until(({ texts }) => texts.includes(text), 'the message on another device');
  witness.stop();
}

const isBack = (events: Events, text: string) => events.until(({ texts }) => texts.includes(text), `"${text}"`);

describe('a connection that died silently', () => {
  it('is replaced after a silence, and the stream resumes', async () => {
    const events = await stream({ silenceMs: 2_000 });
    await sendUnheard('after a silence');
    await isBack(events, 'after a silence');
    expect([events.texts, events.error]).toEqual([['after a silence'], null]);
    expect(proxy.connections).toBeGreaterThan(1);
  });

  it('is replaced when the browser is online again', async () => {
    const browser = new EventTarget();
    vi.stubGlobal('addEventListener', browser.addEventListener.bind(browser));
    vi.stubGlobal('removeEventListener', browser.removeEventListener.bind(browser));
    const events = await stream();
    await sendUnheard('on the next network');
    browser.dispatchEvent(new Event('online'));
    await isBack(events, 'on the next network');
    expect(proxy.connections).toBe(2);
  });

  it('is replaced when the page is visible again after a sleep', async () => {
    const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    vi.stubGlobal('document', document);
    const events = await stream();
    document.dispatchEvent(new Event('visibilitychange'));
    await sendUnheard('after a sleep');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + silenceMaxMs });
    document.dispatchEvent(new Event('visibilitychange'));
    await isBack(events, 'after a sleep');
    // The page was also shown while the connection lived, which changed nothing.
    expect(proxy.connections).toBe(2);
  });
});

it('does not wait for the next attempt when the browser is online again', async () => {
  const browser = new EventTarget();
  vi.stubGlobal('addEventListener', browser.addEventListener.bind(browser));
  vi.stubGlobal('removeEventListener', browser.removeEventListener.bind(browser));
  const waiting = waitToRetry(2 ** 30);
  browser.dispatchEvent(new Event('online'));
  await waiting;
});
