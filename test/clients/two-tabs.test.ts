/** Two tabs of one session on each library's own client: they renew at once, over lost answers and restarts, and stay signed in. */
import { type ApolloClient, gql } from '@apollo/client';
import type { Client } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import {
  streamSubscription as apolloStream,
  createApolloClient,
  type StreamData,
} from '../../examples/clients/apollo.ts';
import { Session } from '../../examples/clients/session.ts';
import { createSocketClient, streamSubscription } from '../../examples/clients/socket.ts';
import { createMemoryStorage, type SessionStorage } from '../../examples/clients/stored-session.ts';
import { createUrqlClient } from '../../examples/clients/urql.ts';
import { freePort } from '../support/free-port.ts';
import { eventually, startServer, type TestServer } from '../support/heliograph.ts';

interface Tab {
  readonly session: Session;
  readonly socket: Client;
  readonly texts: string[];
  readonly problems: unknown[];
  /** The viewer's id, over HTTP (or over the socket, where the client has nothing else). */
  whoAmI(): Promise<unknown>;
}

type Follow = (tab: Omit<Tab, 'whoAmI'>, onEvent: (event: StreamData['messageReceived']) => void) => Tab['whoAmI'];

const query = '{ viewer { user { id } } }';

const clients: Record<string, Follow> = {
  'Apollo Client': ({ session, socket, problems }, onEvent) => {
    const client: ApolloClient = createApolloClient(session, socket);
    const variables = { afterSeq: '0' };
    client.subscribe({ query: apolloStream, variables }).subscribe(({ data, error }) => {
      if (error !== undefined) problems.push(error);
      if (data != null) onEvent(data.messageReceived);
    });
    return async () => {
      const { data } = await client.query<{ viewer: { user: { id: string } } }>({
        query: gql(query),
        fetchPolicy: 'no-cache',
      });
      return data?.viewer.user.id;
    };
  },
  urql: ({ session, socket, problems }, onEvent) => {
    const client = createUrqlClient(session, socket);
    client.subscription(streamSubscription, { afterSeq: '0' }).subscribe(({ data, error }) => {
      if (error !== undefined) problems.push(error);
      if (data != null) onEvent(data.messageReceived);
    });
    return async () => {
      const { data, error } = await client.query(query, {}, { requestPolicy: 'network-only' }).toPromise();
      if (error !== undefined) throw error;
      return data.viewer.user.id;
    };
  },
  'graphql-ws': ({ socket, problems }, onEvent) => {
    socket.subscribe<StreamData>(
      { query: streamSubscription, variables: { afterSeq: '0' } },
      {
        next: ({ data, errors }) => (data == null ? void problems.push(errors) : onEvent(data.messageReceived)),
        error: (error) => void problems.push(error),
        complete: () => void problems.push('complete'),
      },
    );
    return async () => {
      for await (const { data } of socket.iterate<{ viewer: { user: { id: string } } }>({ query }))
        return data?.viewer.user.id;
    };
  },
};

let server: TestServer;
let now = Date.now();
let storage: SessionStorage;
let tabs: Tab[];
let exchanges = 0;
/** How many of the next answers to an exchange are lost. */
let toLose = 0;

const realFetch = globalThis.fetch;

beforeAll(async () => {
  server = await startServer({ PORT: await freePort() }, () => now);
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  storage = createMemoryStorage();
  tabs = [];
  [exchanges, toLose] = [0, 0];
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    if (!String(init.body).includes('refreshSession')) return realFetch(url, init);
    exchanges += 1;
    const answer = await realFetch(url, init);
    if (toLose === 0) return answer;
    toLose -= 1;
    throw new TypeError('network');
  });
});
afterEach(async () => {
  for (const { socket } of tabs) await socket.dispose();
  vi.unstubAllGlobals();
});

async function openTab(follow: Follow, session: Session): Promise<Tab> {
  const socket = createSocketClient(
    session,
    { lastSeq: '0' },
    { webSocketImpl: WebSocket, retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)) },
  );
  const tab = { session, socket, texts: [] as string[], problems: [] };
  let isReady = false;
  const whoAmI = follow(tab, ({ __typename, message }) => {
    if (__typename === 'StreamReady') isReady = true;
    if (message !== undefined) tab.texts.push(message.text);
  });
  await eventually(() => isReady, 'the stream');
  const opened = { ...tab, whoAmI };
  tabs.push(opened);
  return opened;
}

describe.each(Object.keys(clients))('two tabs with %s', (name) => {
  let one: Tab;
  let two: Tab;

  beforeEach(async () => {
    const session = await Session.register(server.url, `u${crypto.randomUUID().slice(0, 8)}`, 'correct horse', {
      storage,
    });
    const follow = clients[name] as Follow;
    one = await openTab(follow, session);
    two = await openTab(follow, Session.restore(server.url, storage) as Session);
  });

  /** By a user who comes now, because an earlier one's token may have expired. */
  const send = async (text: string) => (await server.user()).send({ userId: one.session.userId }, text);
  const bothSee = (...texts: string[]) =>
    eventually(() => tabs.every((tab) => tab.texts.join() === texts.join()), texts.join()).catch(() =>
      expect(tabs.map((tab) => tab.texts)).toEqual([texts, texts]),
    );
  const bothAsk = async () =>
    expect(await Promise.all([one.whoAmI(), two.whoAmI()])).toEqual(Array(2).fill(one.session.userId));
  /** The access token expires, and the server closes its sockets. */
  const expire = () => {
    now += 16 * 60_000;
  };
  const noProblems = () =>
    expect(tabs.flatMap(({ problems, session }) => [...problems, session.isOver])).toEqual([false, false]);

  it('renew at once, by one exchange, and miss nothing', async () => {
    await send('before');
    expire();
    await bothAsk();
    await eventually(() => exchanges > 0, 'the renewal');
    await send('after');
    await bothSee('before', 'after');
    await bothAsk();
    expect(exchanges).toBe(1);
    noProblems();
  });

  it('survive lost answers', async () => {
    toLose = 2;
    expire();
    await bothAsk();
    await eventually(() => exchanges === 3, 'the renewal');
    await send('after');
    await bothSee('after');
    await bothAsk();
    expect(exchanges).toBe(3);
    noProblems();
  });

  it('survive a restart while they renew', async () => {
    // The server takes the token and stops before anybody gets the answer.
    toLose = 1;
    expire();
    await server.restart();
    await bothAsk();
    await send('after');
    await bothSee('after');
    noProblems();
  });

  it('are both over when one logs out', async () => {
    await one.session.logOut();
    await Promise.all([one.session.whenOver, eventually(() => two.session.isOver, 'the end of the other tab')]);
    await eventually(() => two.problems.length > 0, 'the end of the stream');
  });
});
