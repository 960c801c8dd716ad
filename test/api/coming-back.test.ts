import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

const add = `mutation ($id: ID!, $ids: [ID!]!) { addMembers(input: { conversationId: $id, userIds: $ids }) { conversation { id } } }`;
const remove = `mutation ($id: ID!, $ids: [ID!]!) { removeMembers(input: { conversationId: $id, userIds: $ids }) { conversation { id } } }`;

describe('who was taken out of a group and comes back', () => {
  let server: TestServer;
  let alice: TestUser;
  let bob: TestUser;
  let carol: TestUser;
  beforeAll(async () => {
    server = await startServer({ FAN_OUT_ON_WRITE_MAX_MEMBERS: '2' });
    [alice, bob, carol] = [await server.user(), await server.user(), await server.user()];
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function pull(user: TestUser, conversationId: string): Promise<[string, string][]> {
    const { offlineMessages } = await user.ask(
      `{ offlineMessages(afterSeq: 0) { entries { inboxSeq message { text kind conversationId } } } }`,
    );
    return offlineMessages.entries
      .filter(({ message }: { message: { conversationId: string } }) => message.conversationId === conversationId)
      .map(({ message }: { message: { text: string; kind: string } }) => [message.kind, message.text]);
  }

  it.each([
    ['small', () => [carol]],
    ['large', () => [bob, carol]],
  ])('still gets what a %s group said while they were in it, and nothing in between', async (_size, others) => {
    const ids = others().map(({ id }) => id);
    const { createGroup } = await alice.ask(
      `mutation ($ids: [ID!]!) { createGroup(input: { title: "t", memberIds: $ids }) { conversation { id } } }`,
      { ids },
    );
    const { id } = createGroup.conversation;
    for (const text of ['one', 'two']) await alice.send({ conversationId: id }, text);
    await alice.ask(remove, { id, ids: [carol.id] });
    await alice.send({ conversationId: id }, 'among ourselves');
    await alice.ask(add, { id, ids: [carol.id] });
    await alice.send({ conversationId: id }, 'welcome back');

    const system = ['SYSTEM', expect.any(String)];
    const expected = [system, ['USER', 'one'], ['USER', 'two'], system, system, ['USER', 'welcome back']];
    expect(await pull(carol, id)).toEqual(expected);
    expect(await pull(carol, id)).toEqual(expected);
  });

  it('acknowledges it by the ids of its messages, and knows of nothing in between', async () => {
    const dave = await server.user();
    const { createGroup } = await alice.ask(
      `mutation ($ids: [ID!]!) { createGroup(input: { title: "t", memberIds: $ids }) { conversation { id } } }`,
      { ids: [dave.id] },
    );
    const { id } = createGroup.conversation;
    await alice.send({ conversationId: id }, 'one');
    await alice.ask(remove, { id, ids: [dave.id] });
    const hidden = await alice.send({ conversationId: id }, 'among ourselves');
    await alice.ask(add, { id, ids: [dave.id] });
    await alice.send({ conversationId: id }, 'welcome back');
    const { entries, headSeq } = (
      await dave.ask('{ offlineMessages(afterSeq: 0) { headSeq entries { message { id } } } }')
    ).offlineMessages;
    const messageIds: string[] = entries.map(({ message }: { message: { id: string } }) => message.id);

    const ack = `mutation ($ids: [ID!]!) {
      ackMessages(input: { status: READ, messageIds: $ids }) { ackedSeq conversations { id unreadCount readSeq } } }`;
    expect(await dave.fails(ack, { ids: [...messageIds, hidden.id] })).toBe('NOT_FOUND');
    const ofEarlierStay = (await dave.ask(ack, { ids: messageIds.slice(0, 2) })).ackMessages;
    expect(ofEarlierStay).toEqual({ ackedSeq: '2', conversations: [{ id, unreadCount: 1, readSeq: '0' }] });
    const all = (await dave.ask(ack, { ids: messageIds })).ackMessages;
    expect(all).toEqual({ ackedSeq: headSeq, conversations: [{ id, unreadCount: 0, readSeq: '6' }] });
  });
});
