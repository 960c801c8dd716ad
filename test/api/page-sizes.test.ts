import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

describe('page sizes', () => {
  let server: TestServer;
  let alice: TestUser;
  let conversationId: string;

  beforeAll(async () => {
    server = await startServer();
    alice = await server.user();
    const opened = await alice.ask(
      'mutation ($id: ID!) { openDirectConversation(input: { userId: $id }) { conversation { id } } }',
      {
        id: alice.id,
      },
    );
    conversationId = opened.openDirectConversation.conversation.id;
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const lists = {
    conversations: 'conversations(first: $size) { nodes { id title headSeq } }',
    members: 'conversation(id: $id) { members(first: $size) { nodes { role user { id } } } }',
    offlineMessages: 'offlineMessages(afterSeq: 0, first: $size) { entries { inboxSeq message { id text } } }',
    'history forwards': 'history(conversationId: $id, first: $size) { nodes { id text } }',
    'history backwards': 'history(conversationId: $id, last: $size) { edges { cursor node { id text } } }',
  };

  it.each(Object.entries(lists))(
    'are bounded for %s, with the same error for a far too large one',
    async (_list, field) => {
      const query = `query ($size: Int!, $id: ID = "1") { ${field} viewer { user { id } } conversation(id: $id) { id } }`;
      const ask = (size: number) => alice.post(query, { size, id: conversationId });
      for (const size of [1, 500]) expect((await ask(size)).errors).toBeUndefined();
      for (const size of [-1, 0, 501, 100_000, 2 ** 31 - 1]) {
        const [error] = (await ask(size)).errors ?? [];
        const argument = field.includes('last:') ? 'last' : 'first';
        expect(error?.extensions).toEqual({ code: 'BAD_USER_INPUT', retryable: false, field: argument, max: 500 });
      }
    },
  );

  it('are bounded as written in the document, too', async () => {
    const query = `{ history(conversationId: "${conversationId}", first: 1000000) { nodes { id text } } }`;
    expect(await alice.fails(query)).toBe('BAD_USER_INPUT');
  });

  it('may be the largest with everything of each message', async () => {
    const user = '{ id username displayName createdAt }';
    const message = `{ id kind conversationId seq sender ${user} senderId clientMessageId
      systemEvent { kind users ${user} title } text data attachments { url contentType name byteSize }
      replyTo { id text seq sender { id } } status deliveredCount readCount sentAt }`;
    const query = `query ($id: ID!) { history(conversationId: $id, last: 500) {
      nodes ${message}
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
    expect((await alice.post(query, { id: conversationId })).errors).toBeUndefined();
  });

  it('within a page multiply, and too large a product is refused before it runs', async () => {
    const query = '{ conversations(first: 500) { nodes { members(first: 500) { nodes { user { id } } } } } }';
    expect(await alice.fails(query)).toBe('QUERY_TOO_COMPLEX');
  });
});
