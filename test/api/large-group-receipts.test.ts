/** Receipts of large groups: each member hears of their own positions only, whatever the others acknowledge. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ack, createGroup, otherDevice } from '../support/actions.ts';
import { startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ FAN_OUT_ON_WRITE_MAX_MEMBERS: '3' });
});
afterAll(() => server[Symbol.asyncDispose]());

const receiptsQuery =
  'subscription ($id: ID) { receiptChanged(conversationId: $id) { conversationId userId readSeq } }';
const statusQuery = 'subscription { messageStatusChanged { conversationId status } }';
const progressQuery = `query ($id: ID!) { history(conversationId: $id, last: 1) { nodes { seq status deliveredCount readCount } } }`;

async function people(count: number): Promise<TestUser[]> {
  return Promise.all(Array.from({ length: count }, () => server.user()));
}

describe('a group above the threshold', () => {
  it('has no status beyond SENT, and tells nobody of the positions of others', async () => {
    const [owner, ...readers] = (await people(4)) as [TestUser, TestUser, TestUser, TestUser];
    const id = await createGroup(owner, readers);
    const laptop = await otherDevice(server, readers[0] as TestUser);
    const watches = [owner, laptop].map((user) => user.subscribe(receiptsQuery, { id }));
    const statuses = owner.subscribe(statusQuery);
    for (const [index, user] of [owner, laptop].entries())
      await watches[index]?.until(({ values }) => values.some(({ userId }) => userId === user.id), 'own position');
    await owner.send({ conversationId: id }, 'm2');
    for (const reader of readers) await ack(reader, { status: 'READ', upTo: [{ conversationId: id, seq: '2' }] });
    await watches[1]?.until(({ values }) => values.some(({ readSeq }) => readSeq === '2'), 'read on another device');
    // A status of a small conversation comes after any of the large group.
    const direct = await owner.send({ userId: readers[1]?.id }, 'direct');
    await ack(readers[1] as TestUser, { status: 'READ', messageIds: [direct.id] });
    await statuses.until(
      ({ values }) => values.some(({ status }) => status === 'READ'),
      'the status of the direct message',
    );
    expect(new Set(statuses.values.map(({ conversationId }) => conversationId))).toEqual(
      new Set([direct.conversationId]),
    );
    for (const [index, user] of [owner, laptop].entries())
      expect(new Set(watches[index]?.values.map(({ userId }) => userId))).toEqual(new Set([user.id]));
    const { history } = await owner.ask(progressQuery, { id });
    expect(history.nodes).toEqual([{ seq: '2', status: 'SENT', deliveredCount: null, readCount: null }]);
    await laptop.close();
  });

  it('has statuses and counts again once it is small', async () => {
    const [owner, ...readers] = (await people(4)) as [TestUser, TestUser, TestUser, TestUser];
    const id = await createGroup(owner, readers);
    await owner.ask(
      'mutation ($c: ID!, $u: [ID!]!) { removeMembers(input: { conversationId: $c, userIds: $u }) { conversation { id } } }',
      {
        c: id,
        u: [readers[2]?.id],
      },
    );
    await owner.send({ conversationId: id }, 'm3');
    for (const reader of readers.slice(0, 2))
      await ack(reader, { status: 'READ', upTo: [{ conversationId: id, seq: '3' }] });
    const { history } = await owner.ask(progressQuery, { id });
    expect(history.nodes).toEqual([{ seq: '3', status: 'READ', deliveredCount: 2, readCount: 2 }]);
  });
});
