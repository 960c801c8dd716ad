/** History as one list in Apollo Client's cache, whatever pages it came in. */
import type { ApolloClient, WatchQueryFetchPolicy } from '@apollo/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deliver, type HistoryVariables, historyQuery, sendMessage } from '../../examples/clients/apollo.ts';
import { Session } from '../../examples/clients/session.ts';
import { type ApolloApp, openApolloApp } from '../support/apollo-app.ts';
import { eventually, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
let alice: Session;
let bob: TestUser;
let app: ApolloApp;
let client: ApolloClient;
let conversationId: string;

beforeAll(async () => {
  server = await startServer();
  const user = await server.user();
  alice = new Session(server.url, user.session);
  bob = await server.user();
});
beforeEach(async () => {
  app = await openApolloApp(server, alice, bob);
  ({ client, conversationId } = app);
});
afterEach(() => app[Symbol.asyncDispose]());
afterAll(() => server[Symbol.asyncDispose]());

describe('history in Apollo Client', () => {
  beforeEach(async () => {
    for (let line = 1; line <= 6; line += 1) await bob.send({ conversationId }, `line ${line}`);
  });

  /** A list as a component has it, from one end on. */
  function startList(end: { first: number } | { last: number }, fetchPolicy: WatchQueryFetchPolicy = 'cache-first') {
    const query = client.watchQuery({ query: historyQuery, variables: { conversationId, ...end }, fetchPolicy });
    const subscription = query.subscribe(() => {});
    return {
      get isLoading() {
        return query.getCurrentResult().dataState !== 'complete' || query.getCurrentResult().loading;
      },
      get page() {
        const { data, dataState } = query.getCurrentResult();
        if (dataState !== 'complete') throw new Error(dataState);
        return data.history;
      },
      get numbers() {
        return this.page.edges.map(({ node }) => node.seq);
      },
      /** Texts that Alice sends in these tests, with their status. */
      get own() {
        return this.page.edges
          .filter(({ node }) => node.senderId === alice.userId)
          .map(({ node }) => `${node.text} ${node.status}`);
      },
      refetch: () => query.refetch(),
      /** Also waits until the list has it. */
      async fetchMore(variables: Partial<HistoryVariables>) {
        const { data } = await query.fetchMore({ variables });
        const brought = data?.history.edges.map(({ node }) => node.seq) ?? [];
        await eventually(() => brought.every((seq) => this.numbers.includes(seq)), `the page ${brought}`);
      },
      stop: () => subscription.unsubscribe(),
    };
  }

  async function openList(...parameters: Parameters<typeof startList>) {
    const list = startList(...parameters);
    await eventually(() => !list.isLoading, 'the first page');
    return list;
  }

  it('pages back from the newest to the first, into one list', async () => {
    const list = await openList({ last: 3 });
    expect(list.numbers).toEqual(['5', '6', '7']);
    for (let pages = 1; list.page.pageInfo.hasPreviousPage; pages += 1) {
      expect(pages).toBeLessThan(3);
      await list.fetchMore({ before: list.page.pageInfo.startCursor });
    }
    expect(list.numbers).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect(list.page.pageInfo).toMatchObject({ hasPreviousPage: false, hasNextPage: false });
    list.stop();
  });

  it('pages from the first to the newest message, then to messages that arrived live', async () => {
    const list = await openList({ first: 4 });
    expect(list.page.pageInfo).toMatchObject({ hasPreviousPage: false, hasNextPage: true });
    await list.fetchMore({ after: list.page.pageInfo.endCursor });
    expect(list.numbers).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect(list.page.pageInfo.hasNextPage).toBe(false);
    const events = app.stream();
    await events.ready;
    await bob.send({ conversationId }, 'line 7');
    await eventually(() => events.seen.includes('line 7'));
    await eventually(() => list.numbers.at(-1) === '8', 'the live message in the list');
    await list.fetchMore({ after: list.page.pageInfo.endCursor });
    expect(list.numbers).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
    events.stop();
    list.stop();
  });

  it('keeps a message that arrives while the first page is on its way', async () => {
    const events = app.stream();
    await events.ready;
    const held = app.holdHistory();
    const list = startList({ last: 3 });
    await eventually(() => held.isAnswered, 'the answer of the server');
    await bob.send({ conversationId }, 'line 7');
    await eventually(() => events.seen.includes('line 7'), 'the event');
    held.release();
    await eventually(() => !list.isLoading, 'the first page');
    await bob.send({ conversationId }, 'line 8');
    await eventually(() => list.numbers.at(-1) === '9', 'the next message');
    expect(list.numbers).toEqual(['5', '6', '7', '8', '9']);
    events.stop();
    list.stop();
  });

  it.each(['a refetch', 'opening it again'])('keeps a message that arrives while %s is on its way', async (how) => {
    const events = app.stream();
    await events.ready;
    let list = await openList({ last: 3 });
    const held = app.holdHistory();
    const refetched = how === 'a refetch' ? list.refetch() : null;
    if (refetched === null) {
      list.stop();
      list = startList({ last: 3 }, 'cache-and-network');
    }
    await eventually(() => held.isAnswered, 'the answer of the server');
    await bob.send({ conversationId }, 'line 7');
    await eventually(() => events.seen.includes('line 7'), 'the event');
    held.release();
    await refetched;
    await eventually(() => !list.isLoading, 'the answer');
    expect(list.numbers).toEqual(['5', '6', '7', '8']);
    events.stop();
    list.stop();
  });

  it('shows no message behind a gap before the gap is loaded', async () => {
    await app.skipBacklog();
    const events = app.stream();
    await events.ready;
    const list = await openList({ first: 2 });
    await bob.send({ conversationId }, 'line 7');
    await eventually(() => events.seen.includes('line 7'), 'the event');
    expect([list.numbers, list.page.pageInfo.hasNextPage]).toEqual([['1', '2'], true]);
    for (let pages = 1; list.page.pageInfo.hasNextPage; pages += 1) {
      expect(pages).toBeLessThan(5);
      await list.fetchMore({ after: list.page.pageInfo.endCursor });
    }
    expect(list.numbers).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
    events.stop();
    list.stop();
  });

  it('starts again with the newest page when messages lie between it and the list', async () => {
    const old = await openList({ last: 2 });
    old.stop();
    for (let line = 7; line <= 12; line += 1) await bob.send({ conversationId }, `line ${line}`);
    const list = await openList({ last: 2 }, 'cache-and-network');
    expect(list.numbers).toEqual(['12', '13']);
    await list.fetchMore({ before: list.page.pageInfo.startCursor });
    expect(list.numbers.slice(-4)).toEqual(['10', '11', '12', '13']);
    list.stop();
  });

  it('does not add the newest messages to a list that they do not follow', async () => {
    await app.skipBacklog();
    const list = await openList({ first: 2 });
    await list.fetchMore({ first: undefined, last: 1, after: list.page.pageInfo.endCursor });
    expect([list.numbers, list.page.pageInfo.hasPreviousPage]).toEqual([['7'], true]);
    list.stop();
  });

  it('keeps failed messages over a refetch and when the list is opened again, until they are sent', async () => {
    let list = await openList({ last: 3 });
    app.gate = Promise.reject(new TypeError('network'));
    app.gate.catch(() => {});
    // The server refuses the first one, so that it is in no answer.
    await expect(sendMessage(client, alice, conversationId, ' ')).rejects.toThrow();
    await eventually(() => list.own.join() === '  FAILED', 'FAILED');
    await list.refetch();
    expect(list.own).toEqual(['  FAILED']);
    list.stop();
    list = await openList({ last: 3 }, 'cache-and-network');
    expect([list.numbers, list.own]).toEqual([['5', '6', '7', null], ['  FAILED']]);
    // A copy of the message that the user has corrected.
    app.gate = Promise.resolve();
    const failed = list.page.edges.at(-1)?.node;
    if (failed === undefined) throw new Error('no failed message');
    await deliver(client, { ...failed, text: 'corrected' });
    expect([list.numbers, list.own]).toEqual([['5', '6', '7', '8'], ['corrected SENT']]);
    await list.refetch();
    expect(list.own).toEqual(['corrected SENT']);
    list.stop();
  });
});
