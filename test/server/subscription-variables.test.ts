/** A subscription keeps its variables for as long as it runs, so they are bounded. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { connect } from '../support/raw-socket.ts';

let server: TestServer;
let alice: TestUser;
beforeAll(async () => {
  server = await startServer();
  alice = await server.user();
});
afterAll(() => server[Symbol.asyncDispose]());

const watch = 'subscription ($ids: [ID!]) { presenceChanged(userIds: $ids) { userId status } }';

it.each([
  ['200 ids', Array(200).fill('9223372036854775807'), undefined],
  ['one long id', ['x'.repeat(20_000)], 'QUERY_TOO_COMPLEX'],
  ['many ids', Array(5_000).fill('1'), 'QUERY_TOO_COMPLEX'],
  ['an object with long names', { ['x'.repeat(20_000)]: { a: 1 } }, 'QUERY_TOO_COMPLEX'],
  ['another type', { a: [{ b: null }] }, 'BAD_USER_INPUT'],
])('%s', async (_what, ids, code) => {
  const socket = await connect(server, alice.session.accessToken);
  const { data, errors } = await socket.ask(watch, { ids });
  expect(errors?.[0]?.extensions.code).toBe(code);
  if (code === undefined) expect(data?.presenceChanged.status).toBe('UNKNOWN');
  // What the operation does not declare is not kept.
  const { data: other } = await socket.ask('{ __typename }', { ids });
  expect(other).toEqual({ __typename: 'Query' });
  await socket.close();
});
