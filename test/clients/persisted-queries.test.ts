/** Apollo Client's own link for automatic persisted queries, as docs/clients.md shows it. */
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Session } from '../../examples/clients/session.ts';
import { createSocketClient } from '../../examples/clients/socket.ts';
import { eventually, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
let alice: TestUser;
beforeAll(async () => {
  server = await startServer();
  alice = await server.user();
});
afterAll(() => server[Symbol.asyncDispose]());

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** A client that has never spoken to the server, and its requests as method and whether they have the document. */
function createClient(options: { useGETForHashedQueries?: boolean } = {}) {
  const requests: string[] = [];
  const session = new Session(server.url, alice.session);
  const record: typeof fetch = (input, init) => {
    const text = `${String(input)} ${String(init?.body ?? '')}`;
    const hasDocument = /[?&]query=|"query":/.test(text);
    requests.push(`${init?.method} ${hasDocument ? 'document' : 'hash'}`);
    return fetch(input, init);
  };
  const http = new HttpLink({ uri: `${server.url}/graphql`, fetch: session.withToken(record) });
  const link = new PersistedQueryLink({ sha256, ...options }).concat(http);
  return { client: new ApolloClient({ cache: new InMemoryCache(), link }), requests };
}

describe('a query of Apollo Client', () => {
  const fetchPolicy = 'network-only';

  it('sends its document once for all clients', async () => {
    const query = gql`query Shared { viewer { user { id } } }`;
    const first = createClient();
    const answer = await first.client.query({ query, fetchPolicy });
    expect(answer.data).toMatchObject({ viewer: { user: { id: alice.id } } });
    expect(first.requests).toEqual(['POST hash', 'POST document']);
    await first.client.query({ query, fetchPolicy });
    const second = createClient();
    expect((await second.client.query({ query, fetchPolicy })).data).toEqual(answer.data);
    expect([...first.requests.slice(2), ...second.requests]).toEqual(['POST hash', 'POST hash']);
  });

  it('may send its hash over GET', async () => {
    const query = gql`query OverGet { viewer { user { username } } }`;
    const { client, requests } = createClient({ useGETForHashedQueries: true });
    await client.query({ query, fetchPolicy });
    expect((await client.query({ query, fetchPolicy })).data).toMatchObject({
      viewer: { user: { username: alice.session.user.username } },
    });
    expect(requests).toEqual(['GET hash', 'POST document', 'GET hash']);
  });

  it('runs a mutation by its hash, and only over POST', async () => {
    const mutation = gql`mutation Rename($name: String) { updateProfile(input: { displayName: $name }) { user { displayName } } }`;
    const { client, requests } = createClient({ useGETForHashedQueries: true });
    for (const name of ['One', 'Two']) {
      const { data } = await client.mutate({ mutation, variables: { name } });
      expect(data).toMatchObject({ updateProfile: { user: { displayName: name } } });
    }
    expect(requests).toEqual(['POST hash', 'POST document', 'POST hash']);
  });
});

it('a subscription with the hash beside its document runs on a socket', async () => {
  const socket = createSocketClient(new Session(server.url, alice.session), { lastSeq: '0' });
  const link = ApolloLink.from([new PersistedQueryLink({ sha256 }), new GraphQLWsLink(socket)]);
  const client = new ApolloClient({ cache: new InMemoryCache(), link });
  const events: unknown[] = [];
  const subscription = client
    .subscribe({ query: gql`subscription { messageReceived { __typename } }` })
    .subscribe(({ data }) => events.push(data));
  await eventually(() => events.length > 0);
  expect(events).toEqual([{ messageReceived: { __typename: 'StreamReady' } }]);
  subscription.unsubscribe();
  await socket.dispose();
});
