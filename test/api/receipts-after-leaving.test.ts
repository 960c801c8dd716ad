import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

const watchQuery = `subscription ($id: ID) { receiptChanged(conversationId: $id) { userId readSeq } }`;
const readAll = `mutation ($id: ID!, $seq: Seq!) {
  ackMessages(input: { status: READ, upTo: [{ conversationId: $id, seq: $seq }] }) { ackedSeq } }`;

describe('receipts of a group', () => {
  let server: TestServer;
  let alice: TestUser;
  let bob: TestUser;
  beforeAll(async () => {
    server = await startServer();
    [alice, bob] = [await server.user(), await server.user()];
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('are visible to members, and former members see only their own', async () => {
    const { createGroup } = await alice.ask(
      `mutation ($ids: [ID!]!) { createGroup(input: { title: "t", memberIds: $ids }) { conversation { id } } }`,
      { ids: [bob.id] },
    );
    const { id } = createGroup.conversation;
    const asMember = bob.subscribe(watchQuery, { id });
    // That Alice has read what says that she made the group may be told twice: as a position, and as it happens.
    const isTold = (userId: string, readSeq: string) =>
      asMember.values.some((told) => told.userId === userId && told.readSeq === readSeq);
    await asMember.until(() => isTold(alice.id, '1') && isTold(bob.id, '0'), 'present positions');

    await bob.ask(readAll, { id, seq: 1 });
    await asMember.until(() => isTold(bob.id, '1'), 'own advance');
    await bob.ask('mutation ($id: ID!) { leaveGroup(input: { conversationId: $id }) { conversation { id } } }', { id });
    await alice.send({ conversationId: id }, 'among ourselves');
    const asFormer = bob.subscribe(watchQuery, { id });
    await asFormer.until(() => asFormer.values.length > 0, 'own position');
    await alice.send({ conversationId: id }, 'still');

    // What comes in a conversation of theirs is the marker that follows all that could have been told of the group.
    const everywhere = bob.subscribe(`subscription { receiptChanged { conversationId userId } }`);
    const stream = bob.stream();
    await stream.until(() => stream.values.length > 0, 'stream');
    const { conversationId } = await alice.send({ userId: bob.id }, 'marker');
    await everywhere.until(({ values }) => values.some((told) => told.conversationId === conversationId), 'marker');
    // Bob has read the message that announces his leaving by causing it.
    const ofGroup = everywhere.values.filter((told) => told.conversationId === id);
    expect(ofGroup.filter(({ userId }) => userId !== bob.id)).toEqual([]);
    // It may be told twice: as a position, and as it happens.
    for (const told of asFormer.values) expect(told).toEqual({ userId: bob.id, readSeq: '2' });
    expect(asMember.values.filter(({ userId, readSeq }) => userId === alice.id && readSeq !== '1')).toEqual([]);
  });

  it('notify a sender of READ once the last member who had not read has left', async () => {
    const carol = await server.user();
    const { createGroup } = await alice.ask(
      `mutation ($ids: [ID!]!) { createGroup(input: { title: "t", memberIds: $ids }) { conversation { id } } }`,
      { ids: [bob.id, carol.id] },
    );
    const { id } = createGroup.conversation;
    const first = await alice.send({ conversationId: id }, 'read by all');
    const second = await alice.send({ conversationId: id }, 'read by one');
    const statuses = alice.subscribe('subscription { messageStatusChanged { messageId status sinceSeq } }');
    const watched = alice.subscribe(watchQuery, { id });
    await watched.until(({ values }) => values.length === 3, 'present positions');
    await bob.ask(readAll, { id, seq: 3 });
    await carol.ask(readAll, { id, seq: 2 });
    await statuses.until(({ values }) => values.length === 2, 'the first');
    expect(statuses.values).toEqual([
      { messageId: first.id, status: 'DELIVERED', sinceSeq: '0' },
      { messageId: first.id, status: 'READ', sinceSeq: '0' },
    ]);
    await alice.ask(
      `mutation ($id: ID!, $who: [ID!]!) { removeMembers(input: { conversationId: $id, userIds: $who }) { conversation { id } } }`,
      { id, who: [carol.id] },
    );
    await statuses.until(({ values }) => values.length === 4, 'the second');
    expect(statuses.values.slice(2)).toEqual([
      { messageId: second.id, status: 'DELIVERED', sinceSeq: '2' },
      { messageId: second.id, status: 'READ', sinceSeq: '2' },
    ]);
    const { message } = await alice.ask('query ($id: ID!) { message(id: $id) { status } }', { id: second.id });
    expect(message.status).toBe('READ');
  });
});
