/** History as one list in Apollo Client's cache, whatever pages it came in. */
import type { ApolloClient } from '@apollo/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { historyQuery } from '../../examples/clients/apollo.ts';
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
  async function openList(end: { first: number } | { last: number }) {
    const query = client.watchQuery({ query: historyQuery, variables: { conversationId, ...end } });
    const subscription = query.subscribe(() => {});
    await eventually(() => query.getCurrentResult().dataState === 'complete', 'the first page');
    return {
      get page() {
        const { data, dataState } = query.getCurrentResult();
        if (dataState !== 'complete') throw new Error(dataState);
        return data.history;
      },
      get numbers() {
        return this.page.edges.map(({ node }) => node.seq);
      },
      /** Also waits until the list has it. */
      async fetchMore(variables: { after?: string | null; before?: string | null }) {
        const { data } = await query.fetchMore({ variables });
        const brought = data?.history.edges.map(({ node }) => node.seq) ?? [];
        await eventually(() => brought.every((seq) => this.numbers.includes(seq)), `the page ${brought}`);
      },
      stop: () => subscription.unsubscribe(),
    };
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
});
