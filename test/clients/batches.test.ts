/** Apollo Client's own link for batches, with a server that allows them. */
import { ApolloClient, gql, InMemoryCache } from '@apollo/client';
import { BatchHttpLink } from '@apollo/client/link/batch-http';
import { expect, it } from 'vitest';
import { Session } from '../../examples/clients/session.ts';
import { startServer } from '../support/heliograph.ts';

it('BatchHttpLink sends the operations of one moment as one request', async () => {
  await using server = await startServer({ OPERATIONS_PER_BATCH_MAX: '10' });
  const { session, id } = await server.user();
  let requests = 0;
  const counted: typeof fetch = (input, init) => {
    requests += 1;
    return fetch(input, init);
  };
  const uri = `${server.url}/graphql`;
  const link = new BatchHttpLink({ uri, fetch: new Session(server.url, session).withToken(counted) });
  const client = new ApolloClient({ cache: new InMemoryCache(), link });
  const [me, info, wrong] = await Promise.allSettled([
    client.query({ query: gql`query Me { viewer { user { id } } }` }),
    client.query({ query: gql`query Info { server { pageSizeMax } }` }),
    client.query({ query: gql`query Wrong { conversations(first: 0) { nodes { id } } }` }),
  ]);
  expect(requests).toBe(1);
  expect(me).toMatchObject({ value: { data: { viewer: { user: { id } } } } });
  expect(info).toMatchObject({ value: { data: { server: { pageSizeMax: 500 } } } });
  expect(wrong).toMatchObject({ reason: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] } });
});
