import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
let alice: TestUser;
let bob: TestUser;
let carol: TestUser;
beforeAll(async () => {
  server = await startServer();
  [alice, bob, carol] = [await server.user(), await server.user(), await server.user()];
});
afterAll(() => server[Symbol.asyncDispose]());

async function replyTextOf(user: TestUser, id: string): Promise<unknown> {
  const { message } = await user.ask('query ($id: ID!) { message(id: $id) { replyTo { text } } }', { id });
  return message.replyTo?.text;
}

const codeOfReply = async (user: TestUser, to: object, replyToId: string) =>
  (await user.sendRaw({ to, replyToId, text: 'no', clientMessageId: crypto.randomUUID() })).errors?.[0]?.extensions
    .code;

it('answers a message of the same conversation, whichever way that is named', async () => {
  const asked = await alice.send({ userId: bob.id }, 'coming?');
  const replies = [
    await bob.send({ userId: alice.id }, 'yes', { replyToId: asked.id }),
    await bob.send({ conversationId: asked.conversationId }, 'on my way', { replyToId: asked.id }),
    await alice.send({ userId: bob.id }, 'good', { replyToId: asked.id }),
  ];
  for (const { id } of replies) expect(await replyTextOf(alice, id)).toBe('coming?');
  const note = await alice.send({ userId: alice.id }, 'note');
  const second = await alice.send({ userId: alice.id }, 'more', { replyToId: note.id });
  expect(await replyTextOf(alice, second.id)).toBe('note');
});

it('does not show a message of another conversation through a reply', async () => {
  const secret = await alice.send({ userId: bob.id }, 'secret');
  const { createGroup } = await alice.ask(
    'mutation ($ids: [ID!]!) { createGroup(input: { title: "all", memberIds: $ids }) { conversation { id } } }',
    { ids: [bob.id, carol.id] },
  );
  expect(await codeOfReply(carol, { conversationId: createGroup.conversation.id }, secret.id)).toBe('NOT_FOUND');
  expect(await codeOfReply(alice, { conversationId: createGroup.conversation.id }, secret.id)).toBe('NOT_FOUND');
  expect(await codeOfReply(alice, { userId: alice.id }, secret.id)).toBe('NOT_FOUND');
  const inGroup = await bob.send({ conversationId: createGroup.conversation.id }, 'hello all');
  expect(await codeOfReply(alice, { userId: bob.id }, inGroup.id)).toBe('NOT_FOUND');
  const reply = await carol.send({ conversationId: createGroup.conversation.id }, 'hello', { replyToId: inGroup.id });
  expect(await replyTextOf(alice, reply.id)).toBe('hello all');
});

it('opens no conversation for a reply that is refused', async () => {
  const dave = await server.user();
  const theirs = await alice.send({ userId: bob.id }, 'theirs');
  for (const id of [theirs.id, '1']) expect(await codeOfReply(dave, { userId: carol.id }, id)).toBe('NOT_FOUND');
  expect(await dave.ask('{ conversations { nodes { id } } }')).toEqual({ conversations: { nodes: [] } });
});
