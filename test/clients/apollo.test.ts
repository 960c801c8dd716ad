/** One message in Apollo Client's cache, whichever way it comes, and what an app sees of failures. */
import { type ApolloClient, CombinedGraphQLErrors, gql } from '@apollo/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createApolloClient,
  deliver,
  historyQuery,
  type ShownMessage,
  sendMessage,
  sendMutation,
} from '../../examples/clients/apollo.ts';
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

const headQuery = 'query ($id: ID!) { conversation(id: $id) { headSeq } }';

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
      renders.push(users.map(({ text, status }) => `${text} ${status}`));
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
    let events = first === 'event' ? app.stream() : null;
    await events?.ready;
    const held = Promise.withResolvers<void>();
    if (first === 'event') app.gate = held.promise;
    const sent = sendMessage(client, alice, conversationId, 'hello');
    await eventually(() => renders.at(-1)?.length === 1, 'the optimistic copy');
    if (first === 'answer') {
      await sent;
      events = app.stream();
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
    const events = app.stream();
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
    app.gate = held.promise;
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
    app.gate = Promise.reject(new TypeError('network'));
    app.gate.catch(() => {});
    await expect(sendMessage(client, alice, conversationId, 'hello')).rejects.toThrow('network');
    await eventually(() => renders.at(-1)?.includes('hello FAILED') === true, 'FAILED');
    app.gate = Promise.resolve();
    const [lost] = messagesInCache();
    await deliver(client, lost as ShownMessage);
    await eventually(() => renders.at(-1)?.includes('hello SENT') === true, 'SENT');
    const { conversation } = await bob.ask(headQuery, { id: conversationId });
    expect([conversation.headSeq, messagesInCache().length]).toEqual(['2', 1]);
    stop();
  });

  it('arrives once over a restart of the server', async () => {
    const events = app.stream();
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

describe('errors in Apollo Client', () => {
  it.each([
    ['NOT_FOUND', 'query { history(conversationId: "404") { edges { cursor } } }'],
    ['GRAPHQL_VALIDATION_FAILED', 'query { viewer { user { nothing } } }'],
    ['BAD_USER_INPUT', 'query { conversations(first: 0) { edges { cursor } } }'],
  ])('carry %s', async (code, query) => {
    const error: unknown = await client.query({ query: gql(query) }).catch((refused: unknown) => refused);
    if (!CombinedGraphQLErrors.is(error)) throw error;
    expect(error.errors[0]?.extensions).toMatchObject({ code, retryable: false });
  });

  const whoAmI = gql('{ viewer { user { id } } }');

  it('do not carry UNAUTHENTICATED for a token that can be renewed', async () => {
    const { session } = await server.user();
    const expired = new Session(server.url, { ...session, accessToken: 'x.y.z' });
    const renewing = createApolloClient(expired, app.socket);
    const ask = () => renewing.query({ query: whoAmI, fetchPolicy: 'no-cache' });
    const answers = await Promise.all([ask(), ask()]);
    expect(answers.map(({ data }) => data)).toEqual(
      Array(2).fill({ viewer: expect.objectContaining({ user: expect.objectContaining({ id: session.user.id }) }) }),
    );
  });

  it('carry UNAUTHENTICATED for a session that has ended', async () => {
    const ended = new Session(server.url, { ...bob.session, accessToken: 'x.y.z', refreshToken: 'x' });
    const error: unknown = await createApolloClient(ended, app.socket)
      .query({ query: whoAmI })
      .catch((refused: unknown) => refused);
    if (!CombinedGraphQLErrors.is(error)) throw error;
    expect(error.errors[0]?.extensions?.code).toBe('UNAUTHENTICATED');
    expect(ended.isOver).toBe(true);
  });

  it('keep the data of other fields', async () => {
    const answer = await client.query({
      query: gql('{ viewer { user { id } } history(conversationId: "404") { edges { cursor } } }'),
      errorPolicy: 'all',
    });
    expect(answer.data).toMatchObject({ viewer: { user: { id: alice.userId } }, history: null });
  });

  it('end their own subscription, and no other', async () => {
    const events = app.stream();
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
