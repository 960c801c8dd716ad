/** The list of a user's conversations by activity, over small and large groups, and with changes between pages. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGroup } from '../support/actions.ts';
import { type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ FAN_OUT_ON_WRITE_MAX_MEMBERS: '2' });
});
afterAll(() => server[Symbol.asyncDispose]());

const query = `query ($first: Int, $after: String) { conversations(first: $first, after: $after) {
  nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } } }`;

async function pages(user: TestUser, first: number): Promise<string[][]> {
  const found: string[][] = [];
  for (let after: string | null = null; ; ) {
    const { nodes, pageInfo }: Json = (await user.ask(query, { first, after })).conversations;
    expect(pageInfo.hasPreviousPage).toBe(after !== null);
    found.push(nodes.map(({ id }: { id: string }) => id));
    if (!pageInfo.hasNextPage) return found;
    after = pageInfo.endCursor;
  }
}

it('is ordered by activity over direct conversations, small and large groups, and omits groups that were left', async () => {
  const [alice, bob, carol] = [await server.user(), await server.user(), await server.user()];
  const { conversationId: direct } = await bob.send({ userId: alice.id }, 'direct');
  const small = await createGroup(alice, [bob]);
  const large = await createGroup(carol, [alice, bob]);
  const left = await createGroup(alice, [bob]);
  const other = await createGroup(bob, [alice, carol]);
  await alice.ask('mutation ($id: ID!) { leaveGroup(input: { conversationId: $id }) { conversation { id } } }', {
    id: left,
  });
  expect(await pages(alice, 10)).toEqual([[other, large, small, direct]]);
  await bob.send({ conversationId: direct }, 'again');
  await carol.send({ conversationId: large }, 'again');
  const expected = [large, direct, other, small];
  expect(await pages(alice, 10)).toEqual([expected]);
  expect(await pages(alice, 1)).toEqual(expected.map((id) => [id]));
  expect(await pages(alice, 3)).toEqual([expected.slice(0, 3), expected.slice(3)]);
  await server.restart();
  expect(await pages(alice, 2)).toEqual([expected.slice(0, 2), expected.slice(2)]);
});
