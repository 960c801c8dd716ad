/** The field a subscription is about can be written in more ways than one, and each must mean the same. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support/heliograph.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

it.each([
  ['a fragment', 'subscription { ...Live } fragment Live on Subscription { messageReceived { __typename } }'],
  ['an inline fragment', 'subscription { ... on Subscription { messageReceived { __typename } } }'],
  ['an alias', 'subscription { live: messageReceived { __typename } }'],
])('brings events with its field in %s', async (_name, query) => {
  const user = await server.user();
  const live = user.subscribe(query);
  await live.until(({ answers }) => answers.length === 1);
  await user.send({ userId: user.id }, 'note');
  await live.until(({ answers }) => answers.length === 2);
  expect(live.values).toEqual([{ __typename: 'StreamReady' }, { __typename: 'MessageReceived' }]);
});

// Shared events are executed once for all viewers, and must not reveal one viewer's data to another.
it('shows each viewer their own side, also where the field is written twice', async () => {
  const [alice, bob] = [await server.user(), await server.user()];
  const query = `subscription {
    messageReceived { __typename }
    messageReceived { ... on MessageReceived { message {
      conversation { unreadCount peer { id } viewerMember { user { id } } } sender { presence { status } } } } }
  }`;
  const [atAlice, atBob] = [alice.subscribe(query), bob.subscribe(query)];
  for (const live of [atAlice, atBob]) await live.until(({ answers }) => answers.length === 1);
  await alice.send({ userId: bob.id }, 'hello');
  for (const live of [atAlice, atBob]) await live.until(({ answers }) => answers.length === 2);
  const seen = [atAlice, atBob].map(({ messages }) => messages[0].message.conversation);
  expect(seen).toEqual([
    { unreadCount: 0, peer: { id: bob.id }, viewerMember: { user: { id: alice.id } } },
    { unreadCount: 1, peer: { id: alice.id }, viewerMember: { user: { id: bob.id } } },
  ]);
});
