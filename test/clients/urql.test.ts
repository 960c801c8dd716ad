import { randomUUID } from 'node:crypto';
import { type Client, gql } from '@urql/core';
import type { Client as SocketClient } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Session } from '../../examples/clients/session.ts';
import { createSocketClient, type Place, streamSubscription } from '../../examples/clients/socket.ts';
import { createUrqlClient, historyQuery, MessageList, sendMutation } from '../../examples/clients/urql.ts';
import { type Answer, Events, eventually, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
let alice: Session;
let bob: TestUser;
let conversationId: string;
let place: Place;
let socket: SocketClient;
let client: Client;
let methods: (string | undefined)[];
/** Answers to mutations wait here on their way to the client. */
let gate: Promise<unknown>;

beforeAll(async () => {
  server = await startServer();
  const user = await server.user();
  alice = new Session(server.url, user.session);
  bob = await server.user();
});
beforeEach(async () => {
  const created = await bob.ask(
    'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { conversation { id } } }',
    {
      input: { title: 'urql', memberIds: [alice.userId] },
    },
  );
  conversationId = created.createGroup.conversation.id;
  const { data } = await server.post('{ offlineMessages(afterSeq: "0", first: 1) { headSeq } }', {}, alice.accessToken);
  place = { lastSeq: data?.offlineMessages.headSeq };
  methods = [];
  gate = Promise.resolve();
  socket = createSocketClient(alice, place, {
    url: () => server.wsUrl,
    webSocketImpl: WebSocket,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)),
  });
  client = createUrqlClient(alice, socket, async (url, init) => {
    methods.push(init?.method);
    const response = await fetch(String(url).replace(/^http:\/\/[^/]+/, server.url), init);
    if (String(init?.body).includes('mutation')) await gate;
    return response;
  });
});
afterEach(() => socket.dispose());
afterAll(() => server[Symbol.asyncDispose]());

function stream(afterSeq = place.lastSeq): Events {
  const events = new Events();
  const { unsubscribe } = client
    .subscription(gql(streamSubscription), { afterSeq })
    .subscribe(({ data, error }) => events.add({ data, errors: error?.graphQLErrors } as Answer));
  events.stop = unsubscribe;
  return events;
}

const isReady = ({ values }: Events) => values.some((value) => value?.__typename === 'StreamReady');

describe('urql', () => {
  it.each(['event', 'answer'] as const)('shows one message once when its %s comes first', async (first) => {
    const list = new MessageList();
    const shown = () => list.shown.map(({ seq, status, text }) => `${seq} ${status} ${text}`);
    const events = stream();
    await events.until(isReady);
    const held = Promise.withResolvers<void>();
    if (first === 'event') gate = held.promise;
    const draft = { text: 'hello', clientMessageId: randomUUID() };
    list.put({ ...draft, senderId: alice.userId, seq: null, status: 'SENDING' });
    expect(shown()).toEqual(['null SENDING hello']);
    const sending = client.mutation(sendMutation, { input: { to: { conversationId }, ...draft } }).toPromise();
    const takeEvent = async () => {
      await events.until(({ texts }) => texts.includes('hello'));
      for (const { message } of events.messages) list.put(message);
    };
    const takeAnswer = async () => {
      held.resolve();
      const { data, error } = await sending;
      expect(error).toBeUndefined();
      if (data?.sendMessage) list.put(data.sendMessage.sentMessage);
    };
    for (const take of first === 'event' ? [takeEvent, takeAnswer] : [takeAnswer, takeEvent]) {
      await take();
      expect(shown()).toEqual(['2 SENT hello']);
    }
    events.stop();
  });

  it('shows a message that failed as SENDING when it is sent again', () => {
    const list = new MessageList();
    const draft = { text: 'hello', clientMessageId: randomUUID(), senderId: alice.userId, seq: null };
    for (const status of ['SENDING', 'FAILED', 'SENDING']) {
      list.put({ ...draft, status });
      expect(list.shown.map((message) => message.status)).toEqual([status]);
    }
  });

  it('pages through history in both directions', async () => {
    for (let line = 1; line <= 4; line += 1) await bob.send({ conversationId }, `line ${line}`);
    const list = new MessageList();
    const page = async (ends: { first?: number; after?: string | null; last?: number; before?: string | null }) => {
      const { data, error } = await client.query(historyQuery, { conversationId, ...ends }).toPromise();
      if (data === undefined) throw error;
      for (const message of data.history.nodes) list.put(message);
      return data.history.pageInfo;
    };
    const newest = await page({ last: 2 });
    expect(list.shown.map(({ seq }) => seq)).toEqual(['4', '5']);
    await page({ last: 2, before: newest.startCursor });
    expect(list.shown.map(({ seq }) => seq)).toEqual(['2', '3', '4', '5']);
    const oldest = await page({ first: 2 });
    expect(oldest).toMatchObject({ hasPreviousPage: false, hasNextPage: true });
    expect(await page({ first: 3, after: oldest.endCursor })).toMatchObject({ hasNextPage: false });
    expect(list.shown.map(({ seq }) => seq)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('refetches data that a mutation changed', async () => {
    const heads: string[] = [];
    const { unsubscribe } = client
      .query(gql('query ($id: ID!) { conversation(id: $id) { headSeq lastMessage { id } } }'), { id: conversationId })
      .subscribe(({ data }) => heads.push(data?.conversation.headSeq));
    await eventually(() => heads.at(-1) === '1');
    const input = { to: { conversationId }, text: 'more', clientMessageId: randomUUID() };
    await client.mutation(sendMutation, { input }).toPromise();
    await eventually(() => heads.at(-1) === '2');
    unsubscribe();
  });

  it('takes queries over GET as well as over POST', async () => {
    const query = gql('{ viewer { user { id } } }');
    for (const preferGetMethod of [true, false]) {
      const context = { preferGetMethod, requestPolicy: 'network-only' } as const;
      const { data } = await client.query(query, {}, context).toPromise();
      expect(data.viewer.user.id).toBe(alice.userId);
    }
    expect(methods).toEqual(['GET', 'POST']);
  });

  it('has the code of an error in sight', async () => {
    for (const [code, query] of [
      ['NOT_FOUND', '{ history(conversationId: "404") { nodes { id } } }'],
      ['GRAPHQL_VALIDATION_FAILED', '{ viewer { user { nothing } } }'],
    ] as const) {
      const { error } = await client.query(gql(query), {}).toPromise();
      expect(error?.graphQLErrors[0]?.extensions).toEqual({ code, retryable: false });
    }
    const input = { to: { conversationId }, text: ' ', clientMessageId: randomUUID() };
    const { error } = await client.mutation(sendMutation, { input }).toPromise();
    expect(error?.graphQLErrors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('ends only the subscription that failed', async () => {
    const events = stream();
    await events.until(isReady);
    const failed = new Events();
    client
      .subscription(gql('subscription { messageReceived(afterSeq: "99999") { __typename } }'), {})
      .subscribe(({ data, error }) => failed.add({ data, errors: error?.graphQLErrors } as Answer));
    await failed.until(({ answers }) => answers.length > 0);
    expect(failed.answers[0]?.errors?.[0]?.extensions).toEqual(expect.objectContaining({ code: 'CURSOR_AHEAD' }));
    await bob.send({ conversationId }, 'still live');
    await events.until(({ texts }) => texts.includes('still live'));
    events.stop();
  });

  it('streams on over a restart of the server, with no gap and no repeat', async () => {
    const events = stream();
    await events.until(isReady);
    const start = Number(place.lastSeq);
    await bob.send({ conversationId }, 'before');
    await events.until(({ texts }) => texts.length === 1);
    await server.restart();
    await bob.send({ conversationId }, 'after');
    await events.until(({ texts }) => texts.length === 2);
    expect(events.texts).toEqual(['before', 'after']);
    expect(events.messages.map(({ inboxSeq }) => inboxSeq)).toEqual([String(start + 1), String(start + 2)]);
    events.stop();
  });
});
