/** A direct conversation without messages is in the lists of users who opened it, and in no other. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = 'mutation ($id: ID!) { openDirectConversation(input: { userId: $id }) { conversation { id } } }';
const listed = async (user: TestUser): Promise<string[]> =>
  (await user.ask('{ conversations(first: 10) { nodes { id } } }')).conversations.nodes.map(
    ({ id }: { id: string }) => id,
  );

it('shows only the opener an empty direct conversation, until somebody sends a message', async () => {
  const [alice, bob] = [await server.user(), await server.user()];
  const { conversation } = (await alice.ask(open, { id: bob.id })).openDirectConversation;
  expect([await listed(alice), await listed(bob)]).toEqual([[conversation.id], []]);
  await server.restart();
  expect([await listed(alice), await listed(bob)]).toEqual([[conversation.id], []]);
  await alice.send({ userId: bob.id }, 'hello');
  expect([await listed(alice), await listed(bob)]).toEqual([[conversation.id], [conversation.id]]);
});

it('shows both an empty direct conversation that both opened', async () => {
  const [alice, bob] = [await server.user(), await server.user()];
  await alice.ask(open, { id: bob.id });
  const { conversation } = (await bob.ask(open, { id: alice.id })).openDirectConversation;
  expect([await listed(alice), await listed(bob)]).toEqual([[conversation.id], [conversation.id]]);
});
