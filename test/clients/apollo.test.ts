import { type ApolloClient, CombinedGraphQLErrors, gql } from '@apollo/client';
import type { Client } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  createApolloClient,
  deliver,
  historyQuery,
  inOrder,
  type ShownMessage,
  sendMessage,
  sendMutation,
  show,
  streamSubscription,
} from '../../examples/clients/apollo.ts';
import { Session } from '../../examples/clients/session.ts';
import { createSocketClient, type Place } from '../../examples/clients/socket.ts';
import { eventually, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
let alice: Session;
let bob: TestUser;
let conversationId: string;
let place: Place;
let socket: Client;
let client: ApolloClient;
/** Answers to mutations wait here on their way to the client. */
let gate: Promise<unknown>;

beforeAll(async () => {
  server = await startServer();
  const user = await server.user();
  alice = new Session(server.url, user.session);
  bob = await server.user();
});
beforeEach(async () => {
  const created = await bob.ask('mutation ($input: CreateGroupInput!) { createGroup(input: $input) { id } }', {
    input: { title: 'Apollo', memberIds: [alice.userId] },
  });
  conversationId = created.createGroup.id;
  const { offlineMessages } = await server
    .post('{ offlineMessages(afterSeq: "0", first: 1) { headSeq } }', {}, alice.accessToken)
    .then(({ data }) => data ?? {});
  place = { lastSeq: offlineMessages.headSeq };
  gate = Promise.resolve();
  // `url` as a function: the server's port changes over a restart.
  socket = createSocketClient(alice, place, {
    url: () => server.wsUrl,
    webSocketImpl: WebSocket,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)),
  });
  client = createApolloClient(alice, socket, async (_url, init) => {
    const response = await fetch(`${server.url}/graphql`, init);
    if (String(init?.body).includes('mutation')) await gate;
    return response;
  });
});
afterEach(async () => {
  client.stop();
  await socket.dispose();
});
afterAll(() => server[Symbol.asyncDispose]());

const headQuery = 'query ($id: ID!) { conversation(id: $id) { headSeq } }';

interface Stream {
  readonly seen: string[];
  readonly ready: Promise<void>;
  readonly errors: unknown[];
  isComplete: boolean;
  stop(): void;
}

/** Streams as an app does: into the cache and onto the list, and the rest is the cache's. */
function stream(): Stream {
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const subscription = client
    .subscribe({ query: streamSubscription, variables: { afterSeq: place.lastSeq } })
    .subscribe({
      next: ({ data, error }) => {
        if (error !== undefined) found.errors.push(error);
        if (data?.messageReceived.__typename === 'StreamReady') resolve();
        const message = data?.messageReceived.message;
        if (message === undefined) return;
        show(client.cache, message);
        found.seen.push(message.text);
      },
      complete: () => {
        found.isComplete = true;
      },
    });
  const found: Stream = { seen: [], errors: [], ready, isComplete: false, stop: () => subscription.unsubscribe() };
  return found;
}

describe('one message in Apollo Client', () => {
  /** Everything a component would have rendered, as `text status`. */
  function watch() {
    const renders: string[][] = [];
    const query = client.watchQuery({ query: historyQuery, variables: { conversationId, last: 10 } });
    const subscription = query.subscribe(({ data, dataState }) => {
      if (dataState !== 'complete') return;
      const users = data.history.edges
        .map(({ node }) => node)
        .filter(({ text }) => !text.includes('created the group'));
      renders.push(inOrder(users).map(({ text, status }) => `${text} ${status}`));
    });
    return { renders, refetch: () => query.refetch(), stop: () => subscription.unsubscribe() };
  }
  const messagesInCache = () =>
    Object.values(client.cache.extract() as Record<string, { __typename?: string; text?: string }>).filter(
      ({ __typename, text }) => __typename === 'Message' && text === 'hello',
    );

  it.each(['event', 'answer'] as const)('is one object, shown once, when its %s comes first', async (first) => {
    const { renders, stop } = watch();
    await eventually(() => renders.length > 0);
    let events = first === 'event' ? stream() : null;
    await events?.ready;
    const held = Promise.withResolvers<void>();
    if (first === 'event') gate = held.promise;
    const sent = sendMessage(client, alice, conversationId, 'hello');
    await eventually(() => renders.at(-1)?.length === 1, 'the optimistic copy');
    if (first === 'answer') {
      await sent;
      events = stream();
    }
    await eventually(() => events?.seen.includes('hello') === true, 'the event');
    // Others are shown while the answer is still on its way.
    await bob.send({ conversationId }, 'meanwhile');
    await eventually(() => renders.at(-1)?.includes('meanwhile SENT') === true, 'the other message');
    held.resolve();
    await sent;
    // A marker behind all of them: had any added another, it would be there by now.
    await bob.send({ conversationId }, 'marker');
    await eventually(() => renders.at(-1)?.includes('marker SENT') === true, 'the marker');
    expect(renders.filter((render, index) => render.join() !== renders[index - 1]?.join())).toEqual([
      [],
      ['hello SENDING'],
      ['hello SENT'],
      ['hello SENT', 'meanwhile SENT'],
      ['hello SENT', 'meanwhile SENT', 'marker SENT'],
    ]);
    expect(messagesInCache()).toEqual([expect.objectContaining({ seq: '2', status: 'SENT' })]);
    events?.stop();
    stop();
  });

  it('is one object with an optimisticResponse, too', async () => {
    const events = stream();
    await events.ready;
    const clientMessageId = crypto.randomUUID();
    const copy = { clientMessageId, conversationId, text: 'hello', senderId: alice.userId, id: clientMessageId };
    const { data } = await client.mutate({
      mutation: sendMutation,
      variables: { input: { to: { conversationId }, clientMessageId, text: 'hello' } },
      optimisticResponse: {
        sendMessage: { sentMessage: { __typename: 'Message', seq: null, status: 'SENDING', ...copy } },
      },
    });
    await eventually(() => events.seen.includes('hello'));
    expect(messagesInCache()).toEqual([
      { ...copy, __typename: 'Message', seq: '2', status: 'SENT', id: data?.sendMessage?.sentMessage.id },
    ]);
    events.stop();
  });

  it('does not fall back to SENT when it was read before the answer came', async () => {
    const { renders, refetch, stop } = watch();
    await eventually(() => renders.length > 0);
    const held = Promise.withResolvers<void>();
    gate = held.promise;
    const sent = sendMessage(client, alice, conversationId, 'hello');
    await eventually(async () => (await bob.ask(headQuery, { id: conversationId })).conversation.headSeq === '2');
    await bob.ask('mutation ($input: AckMessagesInput!) { ackMessages(input: $input) { ackedSeq } }', {
      input: { status: 'READ', upTo: [{ conversationId, seq: '2' }] },
    });
    await refetch();
    held.resolve();
    await sent;
    expect(messagesInCache()).toEqual([expect.objectContaining({ status: 'READ' })]);
    stop();
  });

  it('is shown as FAILED when it is refused, with the code in sight, and can be sent again', async () => {
    const { renders, stop } = watch();
    await eventually(() => renders.length > 0);
    const refused = await sendMessage(client, alice, conversationId, ' ').catch((error: unknown) => error);
    if (!CombinedGraphQLErrors.is(refused)) throw refused;
    expect(refused.errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', retryable: false });
    await eventually(() => renders.at(-1)?.[0] === '  FAILED', 'FAILED');
    // The network fails after the server took it: the next try is told of the same message.
    gate = Promise.reject(new TypeError('network'));
    gate.catch(() => {});
    await expect(sendMessage(client, alice, conversationId, 'hello')).rejects.toThrow('network');
    await eventually(() => renders.at(-1)?.includes('hello FAILED') === true, 'FAILED');
    gate = Promise.resolve();
    const [lost] = messagesInCache();
    await deliver(client, lost as ShownMessage);
    await eventually(() => renders.at(-1)?.includes('hello SENT') === true, 'SENT');
    const { conversation } = await bob.ask(headQuery, { id: conversationId });
    expect([conversation.headSeq, messagesInCache().length]).toEqual(['2', 1]);
    stop();
  });

  it('arrives once over a restart of the server', async () => {
    const events = stream();
    await events.ready;
    await bob.send({ conversationId }, 'before');
    await eventually(() => events.seen.length === 1);
    await server.restart();
    await bob.send({ conversationId }, 'after');
    await eventually(() => events.seen.length === 2);
    expect([events.seen, events.errors]).toEqual([['before', 'after'], []]);
    events.stop();
  });
});

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

  it('pages on from the first to the newest, and then to what was shown live meanwhile', async () => {
    const list = await openList({ first: 4 });
    expect(list.page.pageInfo).toMatchObject({ hasPreviousPage: false, hasNextPage: true });
    await list.fetchMore({ after: list.page.pageInfo.endCursor });
    expect(list.numbers).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect(list.page.pageInfo.hasNextPage).toBe(false);
    const events = stream();
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

describe('errors in Apollo Client', () => {
  it.each([
    ['NOT_FOUND', 'query { history(conversationId: "404") { edges { cursor } } }'],
    ['GRAPHQL_VALIDATION_FAILED', 'query { viewer { nothing } }'],
    ['BAD_USER_INPUT', 'query { conversations(first: 0) { edges { cursor } } }'],
  ])('carry %s', async (code, query) => {
    const error: unknown = await client.query({ query: gql(query) }).catch((refused: unknown) => refused);
    if (!CombinedGraphQLErrors.is(error)) throw error;
    expect(error.errors[0]?.extensions).toEqual({ code, retryable: false });
  });

  it('carry UNAUTHENTICATED for a token that is none', async () => {
    const anonymous = new Session(server.url, { ...bob.session, accessToken: 'x.y.z' });
    const error: unknown = await createApolloClient(anonymous, socket)
      .query({ query: gql('{ viewer { id } }') })
      .catch((refused: unknown) => refused);
    if (!CombinedGraphQLErrors.is(error)) throw error;
    expect(error.errors[0]?.extensions?.code).toBe('UNAUTHENTICATED');
  });

  it('leave what another field brought', async () => {
    const answer = await client.query({
      query: gql('{ viewer { id } conversation(id: "404") { id } }'),
      errorPolicy: 'all',
    });
    expect(answer.data).toMatchObject({ viewer: { id: alice.userId }, conversation: null });
  });

  it('end their own subscription, and no other', async () => {
    const events = stream();
    await events.ready;
    const failed = await new Promise((resolve, reject) => {
      client
        .subscribe({ query: gql('subscription { messageReceived(afterSeq: "99999") { __typename } }') })
        .subscribe({ next: ({ error }) => resolve(error), error: reject });
    });
    if (!CombinedGraphQLErrors.is(failed)) throw failed;
    expect(failed.errors[0]?.extensions).toMatchObject({ code: 'CURSOR_AHEAD', retryable: false });
    await bob.send({ conversationId }, 'still live');
    await eventually(() => events.seen.length === 1);
    expect([events.isComplete, events.errors]).toEqual([false, []]);
    events.stop();
  });
});
