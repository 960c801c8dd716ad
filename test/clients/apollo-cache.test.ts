/** The cache that the examples configure: it takes any selection, and late answers take back nothing that events brought. */
import { type ApolloClient, gql, InMemoryCache, type TypedDocumentNode } from '@apollo/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApolloClient, historyQuery, showConversation, showStatus } from '../../examples/clients/apollo.ts';
import { cacheConfig } from '../../examples/clients/apollo-cache.ts';
import { Session } from '../../examples/clients/session.ts';
import { createSocketClient } from '../../examples/clients/socket.ts';
import { eventually, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
let user: TestUser;
let alice: Session;
let bob: TestUser;
let client: ApolloClient;
/** Answers wait for it on their way to the client. */
let gate: Promise<void> = Promise.resolve();
let answers = 0;

beforeAll(async () => {
  server = await startServer();
});
beforeEach(async () => {
  user = await server.user();
  bob = await server.user();
  alice = new Session(server.url, user.session);
  const socket = createSocketClient(alice, { lastSeq: '0' }, { url: server.wsUrl, lazy: true });
  client = createApolloClient(alice, socket, async (url, init) => {
    const answer = await fetch(url, init);
    answers += 1;
    await gate;
    return answer;
  });
});
afterAll(() => server[Symbol.asyncDispose]());

/** The next answer waits until it is released. */
function hold() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const before = answers;
  gate = promise;
  return {
    arrival: () => eventually(() => answers > before, 'the answer'),
    release: resolve,
  };
}

const sendTo = async (sender: TestUser, userId: string, text: string): Promise<Record<string, string>> =>
  sender.send({ userId }, text);

describe('a message in any selection', () => {
  it.each([
    ['without the fields of its key', '{ conversations { edges { node { id lastMessage { text } } } } }'],
    ['with its id only', '{ conversations { edges { node { id lastMessage { id } } } } }'],
    ['with half of its key', '{ conversations { edges { node { id lastMessage { senderId text } } } } }'],
    [
      'with other names',
      '{ conversations { edges { node { id lastMessage { key: clientMessageId by: senderId text } } } } }',
    ],
  ])('is kept %s', async (_how, query) => {
    await sendTo(bob, alice.userId, 'hello');
    const { data, error } = await client.query({ query: gql(query) });
    expect(error).toBeUndefined();
    expect(JSON.stringify(data)).toContain('lastMessage');
    // The list of another component, over the first one's.
    const { data: full } = await client.query<{ conversations: { edges: { node: { lastMessage: object } }[] } }>({
      query: gql`{ conversations { edges { node { id lastMessage { id senderId clientMessageId text seq status } } } } }`,
    });
    expect(full?.conversations.edges[0]?.node.lastMessage).toMatchObject({ text: 'hello', seq: '1', status: 'SENT' });
  });

  it('is one object under its key, whatever names its fields have', () => {
    const cache = new InMemoryCache(cacheConfig);
    const message = { __typename: 'Message', id: '1', senderId: '2', clientMessageId: 'a' };
    expect(cache.identify(message)).toBe('Message:{"senderId":"2","clientMessageId":"a"}');
    expect(cache.identify({ __typename: 'Message', id: '1' })).toBe('Message:{"id":"1"}');
    expect(cache.identify({ __typename: 'Message', text: 'no key at all' })).toBeUndefined();
  });

  it('and every other object without its key is taken too', async () => {
    await sendTo(bob, alice.userId, 'hello');
    const { data } = await client.query({
      query: gql`{
        viewer { unreadCount user { displayName presence { status } } devices { name } }
        server { version }
        conversations { nodes { title peer { username } viewerMember { role } members { nodes { user { username } } } } }
        offlineMessages(afterSeq: "0") { entries { message { text conversationId } } truncated { fromSeq } }
      }`,
    });
    expect(data).toMatchObject({ viewer: { unreadCount: 1 }, offlineMessages: { entries: [{}] } });
  });
});

interface ListData {
  conversations: { edges: { node: { id: string; unreadCount: number; lastMessage: { text: string } | null } }[] };
}

const listQuery: TypedDocumentNode<ListData, { first: number; after?: string }> = gql`
  query List($first: Int!, $after: String) {
    conversations(first: $first, after: $after) {
      edges {
        cursor
        node {
          id lastActivityAt unreadCount headSeq
          viewerMember { id }
          lastMessage { id seq senderId clientMessageId text status conversationId }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

/** As the stream brings it. */
const conversationQuery = gql`
  query One($id: ID!) {
    conversation(id: $id) {
      id lastActivityAt unreadCount headSeq
      viewerMember { id }
      lastMessage { id seq senderId clientMessageId text status conversationId }
    }
  }
`;

describe('the list of conversations', () => {
  const bring = async (id: string) => {
    const { data } = await client.query({ query: conversationQuery, variables: { id }, fetchPolicy: 'network-only' });
    showConversation(client.cache, (data as { conversation: { id: string } }).conversation);
  };
  const texts = () =>
    client.cache
      .readQuery({ query: listQuery, variables: { first: 10 } })
      ?.conversations.edges.map(({ node }) => node.lastMessage?.text);

  it('joins pages and conversations that events brought, most recent activity first', async () => {
    const people = [bob, await server.user(), await server.user()] as const;
    const sent = [];
    for (const [index, person] of people.entries()) sent.push(await sendTo(person, alice.userId, `hello ${index}`));
    const { data } = await client.query({ query: listQuery, variables: { first: 2 } });
    expect(texts()).toEqual(['hello 2', 'hello 1']);
    await sendTo(bob, alice.userId, 'again');
    await bring(sent[0]?.conversationId ?? '');
    expect(texts()).toEqual(['again', 'hello 2', 'hello 1']);
    const { endCursor } = (data as unknown as { conversations: { pageInfo: { endCursor: string } } }).conversations
      .pageInfo;
    await client.query({ query: listQuery, variables: { first: 2, after: endCursor } });
    expect(texts()).toEqual(['again', 'hello 2', 'hello 1']);
  });

  it('keeps what events brought while a page was on its way', async () => {
    await sendTo(bob, alice.userId, 'first');
    const late = hold();
    const page = client.query({ query: listQuery, variables: { first: 10 } });
    await late.arrival();
    gate = Promise.resolve();
    const carol = await server.user();
    const known = await sendTo(bob, alice.userId, 'second');
    const other = await sendTo(carol, alice.userId, 'new');
    await bring(known.conversationId ?? '');
    await bring(other.conversationId ?? '');
    late.release();
    await page;
    expect(texts()).toEqual(['new', 'second']);
  });

  it('keeps its pages, and those of messages, over a refetch of the newest page', async () => {
    for (const text of ['one', 'two', 'three']) await sendTo(bob, alice.userId, text);
    const { data } = await client.query({ query: listQuery, variables: { first: 1 } });
    const conversationId = data?.conversations.edges[0]?.node.id ?? '';
    const query = client.watchQuery({ query: historyQuery, variables: { conversationId, last: 1 } });
    const numbers = () =>
      client.cache
        .readQuery({ query: historyQuery, variables: { conversationId } })
        ?.history.edges.map(({ node }) => node.seq);
    const subscription = query.subscribe(() => {});
    await eventually(() => numbers()?.length === 1, 'the newest page');
    const { startCursor } = client.cache.readQuery({ query: historyQuery, variables: { conversationId } })?.history
      .pageInfo ?? { startCursor: null };
    await query.fetchMore({ variables: { last: 2, before: startCursor } });
    await client.refetchQueries({ include: 'active' });
    expect(numbers()).toEqual(['1', '2', '3']);
    subscription.unsubscribe();
  });

  it('leaves out a group that the viewer has left', async () => {
    const { createGroup } = await user.ask(
      'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { conversation { id } } }',
      { input: { title: 'Short', memberIds: [bob.session.user.id] } },
    );
    await client.query({ query: listQuery, variables: { first: 10 } });
    expect(texts()).toHaveLength(1);
    await client.mutate({
      mutation: gql`mutation ($input: LeaveGroupInput!) { leaveGroup(input: $input) { conversation { id viewerMember { id } } } }`,
      variables: { input: { conversationId: createGroup.conversation.id } },
    });
    expect(texts()).toEqual([]);
  });
});

it('keeps a list when a later request for it fails', async () => {
  await sendTo(bob, alice.userId, 'hello');
  await client.query({ query: listQuery, variables: { first: 10 } });
  const refused = {
    query: listQuery,
    variables: { first: 0 },
    errorPolicy: 'all',
    fetchPolicy: 'network-only',
  } as const;
  expect((await client.query(refused)).error).toBeDefined();
  expect(client.cache.readQuery({ query: listQuery, variables: { first: 10 } })?.conversations.edges).toHaveLength(1);
});

describe('a status', () => {
  const statuses = () =>
    client.cache
      .readQuery({ query: historyQuery, variables: { conversationId, last: 10 } })
      ?.history.edges.map(({ node }) => `${node.text} ${node.status}`);
  let conversationId: string;

  it('that an event brought is not lost with a page that was on its way', async () => {
    for (const text of ['a', 'b', 'c']) ({ conversationId = '' } = await sendTo(user, bob.session.user.id, text));
    const late = hold();
    const page = client.query({ query: historyQuery, variables: { conversationId, last: 10 } });
    await late.arrival();
    // Events with ranges that follow each other, and one of an earlier status, late.
    const event = { conversationId, status: 'READ' };
    showStatus(client.cache, alice.userId, { ...event, seq: '1', sinceSeq: '0' });
    showStatus(client.cache, alice.userId, { ...event, seq: '2', sinceSeq: '1' });
    showStatus(client.cache, alice.userId, { conversationId, status: 'DELIVERED', seq: '3', sinceSeq: '0' });
    late.release();
    await page;
    expect(statuses()).toEqual(['a READ', 'b READ', 'c DELIVERED']);
    const ranges = Object.entries((client.cache.extract() as Record<string, object>).ROOT_QUERY ?? {}).filter(
      ([name]) => name.startsWith('status'),
    );
    expect(ranges).toEqual([
      [expect.anything(), [expect.objectContaining({ after: '0', upTo: '2' }), expect.anything()]],
    ]);
  });

  it('is right for messages whose own event was lost while there was no connection', async () => {
    for (const text of ['a', 'b', 'c']) ({ conversationId = '' } = await sendTo(user, bob.session.user.id, text));
    await client.query({ query: historyQuery, variables: { conversationId, last: 10 } });
    showStatus(client.cache, alice.userId, { conversationId, status: 'READ', seq: '1', sinceSeq: '0' });
    showStatus(client.cache, alice.userId, { conversationId, status: 'READ', seq: '3', sinceSeq: '2' });
    expect(statuses()).toEqual(['a READ', 'b READ', 'c READ']);
  });

  it('of the other user is not changed by it', async () => {
    // Bob's message says that he has read Alice's; she has not read his.
    await sendTo(user, bob.session.user.id, 'a');
    ({ conversationId = '' } = await sendTo(bob, alice.userId, 'b'));
    await client.query({ query: historyQuery, variables: { conversationId, last: 10 } });
    showStatus(client.cache, alice.userId, { conversationId, status: 'READ', seq: '2', sinceSeq: '0' });
    expect(statuses()).toEqual(['a READ', 'b SENT']);
  });
});

it('shows the presence of an event wherever the user is shown', async () => {
  const presence = (status: string) => ({ __typename: 'Presence', userId: bob.session.user.id, status });
  const query = gql`query ($by: UserBy!) { user(by: $by) { id presence { userId status } } }`;
  const variables = { by: { id: bob.session.user.id } };
  await client.query({ query, variables });
  client.cache.writeFragment({
    fragment: gql`fragment P on Presence { userId status }`,
    data: presence('ONLINE'),
  });
  expect(client.cache.readQuery({ query, variables })).toMatchObject({ user: { presence: { status: 'ONLINE' } } });
});
