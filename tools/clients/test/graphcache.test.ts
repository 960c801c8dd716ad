/** urql's Graphcache with the keys of the examples: each object without an id has one, and a message is one object while it is sent. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, fetchExchange, gql } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { buildSchema, isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../../examples/clients/graphcache.ts';
import type { TestUser } from '../../../test/support/heliograph.ts';
import { root } from './support/project.ts';
import { type Server, startServer } from './support/server.ts';

const read = (name: string) => readFileSync(join(root, 'schema/published', name), 'utf8');
const introspection = JSON.parse(read('introspection.min.json'));

describe('the keys', () => {
  const schema = buildSchema(read('schema.graphql'));
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].map(
    (type) => type?.name,
  );
  const objects = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type))
    .filter(({ name }) => !name.startsWith('__') && !roots.includes(name));

  it('exist for each object without an id, and for messages', () => {
    const needed = objects.filter((type) => type.getFields().id === undefined).map(({ name }) => name);
    expect(Object.keys(keys).sort()).toEqual([...needed, 'Message'].sort());
  });
});

describe('Graphcache', () => {
  let server: Server;
  let alice: TestUser;
  let bob: TestUser;
  const warnings: string[] = [];
  /** Answers to mutations wait for it. */
  let gate: Promise<void> = Promise.resolve();

  beforeAll(async () => {
    server = await startServer();
    [alice, bob] = [await server.process.user(), await server.process.user()];
    await bob.send({ userId: alice.id }, 'first');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const open = () =>
    new Client({
      url: `${server.process.url}/graphql`,
      preferGetMethod: false,
      fetchOptions: { headers: { authorization: `Bearer ${alice.session.accessToken}` } },
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        if (String(init?.body).includes('mutation')) await gate;
        return answer;
      },
      exchanges: [
        cacheExchange({
          schema: introspection,
          keys,
          logger: (_level, message) => warnings.push(message),
          optimistic: {
            sendMessage: ({ input }) => {
              const { text, clientMessageId } = input as { text: string; clientMessageId: string };
              const copy = { id: clientMessageId, seq: null, status: 'SENDING', text, clientMessageId };
              return {
                __typename: 'SendMessagePayload',
                sentMessage: { __typename: 'Message', ...copy, senderId: alice.id },
              };
            },
          },
        }),
        fetchExchange,
      ],
    });

  it('takes any selection without a warning', async () => {
    const client = open();
    const query = gql`
      {
        viewer { inboxHeadSeq unreadCount user { id presence { userId status } } devices { id name } }
        server { version }
        conversations {
          edges { cursor node { id peer { id username } viewerMember { id role } lastMessage { id text attachments { url } } } }
          pageInfo { hasNextPage }
        }
        offlineMessages(afterSeq: "0") { headSeq entries { inboxSeq message { id text senderId clientMessageId } } }
      }
    `;
    const { data, error } = await client.query(query, {}).toPromise();
    expect(error).toBeUndefined();
    expect(data.conversations.edges[0].node.lastMessage.text).toBe('first');
    expect(warnings).toEqual([]);
  });

  it('shows a message once, from the optimistic copy to the answer', async () => {
    const client = open();
    const { conversationId } = await bob.send({ userId: alice.id }, 'second');
    const lastMessage = gql`
      query ($id: ID!) {
        conversation(id: $id) { id lastMessage { id seq status text senderId clientMessageId } }
      }
    `;
    await client.query(lastMessage, { id: conversationId }).toPromise();
    const held = Promise.withResolvers<void>();
    gate = held.promise;
    const clientMessageId = crypto.randomUUID();
    const sent = client
      .mutation(
        gql`
          mutation ($input: SendMessageInput!) {
            sendMessage(input: $input) { sentMessage { id seq status text senderId clientMessageId } }
          }
        `,
        { input: { to: { conversationId }, text: 'hello', clientMessageId } },
      )
      .toPromise();
    // The stored message, as another request finds it while the answer is on its way.
    const find = () => client.query(lastMessage, { id: conversationId }, { requestPolicy: 'network-only' }).toPromise();
    for (let tries = 0; (await find()).data?.conversation.lastMessage.clientMessageId !== clientMessageId; tries += 1)
      expect(tries).toBeLessThan(100);
    held.resolve();
    const { data } = await sent;
    expect(data?.sendMessage.sentMessage).toMatchObject({ text: 'hello', seq: '3', status: 'SENT', clientMessageId });
    const { data: after } = await client.query(lastMessage, { id: conversationId }, { requestPolicy: 'cache-only' });
    expect(after?.conversation.lastMessage).toEqual({ ...data?.sendMessage.sentMessage });
    expect(warnings).toEqual([]);
  });

  it('would warn without the keys', async () => {
    const seen: string[] = [];
    const client = new Client({
      url: `${server.process.url}/graphql`,
      preferGetMethod: false,
      exchanges: [
        cacheExchange({ schema: introspection, logger: (_level, message) => seen.push(message) }),
        fetchExchange,
      ],
    });
    await client.query(gql`{ server { version } }`, {}).toPromise();
    expect(seen.join()).toContain('ServerInfo');
  });
});
