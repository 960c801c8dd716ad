import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ack, ackMutation, createGroup, numbers, otherDevice } from '../support/actions.ts';
import { type Events, type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const users = <Count extends 2 | 3>(count: Count) =>
  Promise.all(Array.from({ length: count }, () => server.user())) as unknown as Promise<
    Count extends 2 ? [TestUser, TestUser] : [TestUser, TestUser, TestUser]
  >;

async function sendMany(from: TestUser, to: { userId: string } | { conversationId: string }, count: number) {
  const sent: Json[] = [];
  for (let index = 1; index <= count; index += 1) sent.push(await from.send(to, `m${index}`));
  return sent;
}

async function progress(user: TestUser, id: string): Promise<[string, number, number]> {
  const { message } = await user.ask('query ($id: ID!) { message(id: $id) { status deliveredCount readCount } }', {
    id,
  });
  return [message.status, message.deliveredCount, message.readCount];
}

async function positions(user: TestUser, id: string): Promise<[string, string, number]> {
  const { conversation } = await user.ask(
    'query ($id: ID!) { conversation(id: $id) { deliveredSeq readSeq unreadCount } }',
    { id },
  );
  return [conversation.deliveredSeq, conversation.readSeq, conversation.unreadCount];
}

/** Subscribes, and waits until that is in force: both queries come after it on its socket, and the first reads what it reads. */
async function watch(user: TestUser, query: string, variables: Record<string, unknown> = {}): Promise<Events> {
  const events = user.subscribe(query, variables);
  for (const marker of ['{ conversations { nodes { memberCount } } }', '{ viewer { user { id } } }']) {
    await user.subscribe(marker).until(({ isComplete }) => isComplete);
  }
  return events;
}

const receiptsQuery = `subscription ($id: ID) { receiptChanged(conversationId: $id) {
  conversationId userId deliveredSeq readSeq } }`;
const statusQuery = 'subscription { messageStatusChanged { messageId clientMessageId status seq sinceSeq reason } }';

describe('what the sender sees of a message', () => {
  it('goes from SENT over DELIVERED to READ in a direct conversation', async () => {
    const [alice, bob] = await users(2);
    const [sent] = await sendMany(alice, { userId: bob.id }, 1);
    expect(await progress(alice, sent.id)).toEqual(['SENT', 0, 0]);
    await ack(bob, { status: 'DELIVERED', messageIds: [sent.id] });
    expect(await progress(alice, sent.id)).toEqual(['DELIVERED', 1, 0]);
    await ack(bob, { status: 'READ', messageIds: [sent.id] });
    expect(await progress(alice, sent.id)).toEqual(['READ', 1, 1]);
    expect(await progress(bob, sent.id)).toEqual(['READ', 1, 1]);
  });

  it('counts the members of a group, and is reached once the last of them has got there', async () => {
    const [alice, bob, carol] = await users(3);
    const conversationId = await createGroup(alice, [bob, carol]);
    const [first, second] = await sendMany(alice, { conversationId }, 2);
    const changes = await watch(alice, statusQuery);
    await ack(bob, { status: 'READ', messageIds: [second.id] });
    expect(await progress(alice, second.id)).toEqual(['SENT', 1, 1]);
    await ack(carol, { status: 'DELIVERED', messageIds: [second.id] });
    expect(await progress(alice, second.id)).toEqual(['DELIVERED', 2, 1]);
    await ack(carol, { status: 'READ', messageIds: [first.id] });
    expect(await progress(alice, first.id)).toEqual(['READ', 2, 2]);
    expect(await progress(alice, second.id)).toEqual(['DELIVERED', 2, 1]);
    await ack(carol, { status: 'READ', messageIds: [second.id] });
    await changes.until(({ values }) => values.at(-1)?.messageId === second.id && values.at(-1)?.status === 'READ');
    expect(changes.values.map(({ messageId, status, seq, sinceSeq }) => [messageId, status, seq, sinceSeq])).toEqual([
      [second.id, 'DELIVERED', '3', '0'],
      [first.id, 'READ', '2', '0'],
      [second.id, 'READ', '3', '2'],
    ]);
  });

  it('changes in one event for all covered messages of the viewer', async () => {
    const [alice, bob] = await users(2);
    const [, , third] = await sendMany(alice, { userId: bob.id }, 3);
    const changes = await watch(alice, statusQuery);
    await ack(bob, { status: 'READ', upTo: [{ conversationId: third.conversationId, seq: '3' }] });
    await bob.send({ userId: alice.id }, 'bob’s own');
    const [, last] = await sendMany(alice, { userId: bob.id }, 2);
    await ack(bob, { status: 'READ', upTo: [{ conversationId: third.conversationId, seq: '6' }] });
    const isLast = ({ messageId, status }: Json) => messageId === last.id && status === 'READ';
    await changes.until(({ values }) => values.some(isLast));
    const read = changes.values.filter(({ status }) => status === 'READ');
    expect(read.map(({ messageId, seq }) => [messageId, seq])).toEqual([
      [third.id, '3'],
      [last.id, '6'],
    ]);
    expect(read[0]).toMatchObject({ clientMessageId: third.clientMessageId, sinceSeq: '0', reason: null });
    // Bob's own message, number 4, counts as read by sending: soon, not at once.
    expect(['3', '4']).toContain(read[1]?.sinceSeq);
  });

  it('is READ by a member who replies, without an acknowledgement', async () => {
    const [alice, bob] = await users(2);
    const [first, second] = await sendMany(alice, { userId: bob.id }, 2);
    const changes = await watch(alice, statusQuery);
    await bob.send({ conversationId: first.conversationId }, 'answer');
    await changes.until(({ values }) => values.some(({ status }) => status === 'READ'));
    expect(new Set(changes.values.map(({ messageId }) => messageId))).toEqual(new Set([second.id]));
    expect(await progress(alice, first.id)).toEqual(['READ', 1, 1]);
  });

  it('does not wait for members who joined later or have left', async () => {
    const [alice, bob, carol] = await users(3);
    const conversationId = await createGroup(alice, [bob]);
    const [before] = await sendMany(alice, { conversationId }, 1);
    const change = (name: string) => `mutation ($c: ID!, $u: [ID!]!) {
      ${name}(input: { conversationId: $c, userIds: $u }) { conversation { id } } }`;
    await alice.ask(change('addMembers'), { c: conversationId, u: [carol.id] });
    await ack(bob, { status: 'READ', messageIds: [before.id] });
    expect(await progress(alice, before.id)).toEqual(['READ', 1, 1]);
    const [after] = await sendMany(alice, { conversationId }, 1);
    await ack(bob, { status: 'READ', messageIds: [after.id] });
    expect(await progress(alice, after.id)).toEqual(['SENT', 1, 1]);
    await alice.ask(change('removeMembers'), { c: conversationId, u: [carol.id] });
    expect(await progress(alice, after.id)).toEqual(['READ', 1, 1]);
  });
});

describe('a position', () => {
  it('is cumulative, and never lowered by late or repeated acknowledgements', async () => {
    const [alice, bob] = await users(2);
    const sent = await sendMany(alice, { userId: bob.id }, 5);
    const { conversationId } = sent[0];
    await ack(bob, { status: 'DELIVERED', messageIds: [sent[3].id] });
    expect(await positions(bob, conversationId)).toEqual(['4', '0', 5]);
    await ack(bob, { status: 'READ', upTo: [{ conversationId, seq: 2 }] });
    expect(await positions(bob, conversationId)).toEqual(['4', '2', 3]);
    for (const input of [
      { status: 'READ', messageIds: [sent[0].id] },
      { status: 'DELIVERED', messageIds: [sent[1].id, sent[3].id] },
      {
        status: 'READ',
        upTo: [
          { conversationId, seq: '0' },
          { conversationId, seq: '2' },
        ],
      },
    ]) {
      expect((await ack(bob, input)).conversations).toEqual([
        { id: conversationId, deliveredSeq: '4', readSeq: '2', unreadCount: 3 },
      ]);
    }
    await ack(bob, { status: 'READ', messageIds: [sent[4].id] });
    expect(await positions(bob, conversationId)).toEqual(['5', '5', 0]);
  });

  it('grows to the highest when many acknowledgements race', async () => {
    const [alice, bob] = await users(2);
    const sent = await sendMany(alice, { userId: bob.id }, 20);
    const { conversationId } = sent[0];
    const receipts = await watch(alice, receiptsQuery);
    const order = [...sent].sort(() => Math.random() - 0.5);
    await Promise.all(order.map(({ id }) => ack(bob, { status: 'READ', messageIds: [id] })));
    expect(await positions(bob, conversationId)).toEqual(['20', '20', 0]);
    const ofBob = () => receipts.values.filter(({ userId }) => userId === bob.id);
    await receipts.until(() => ofBob().at(-1)?.readSeq === '20');
    const seqs = ofBob().map(({ readSeq }) => Number(readSeq));
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
  });

  it('counts own sends as read, and system messages not at all', async () => {
    const [alice, bob, carol] = await users(3);
    const conversationId = await createGroup(alice, [bob, carol]);
    expect(await positions(bob, conversationId)).toEqual(['0', '0', 0]);
    await sendMany(alice, { conversationId }, 3);
    expect((await positions(bob, conversationId))[2]).toBe(3);
    expect(await positions(alice, conversationId)).toEqual(['4', '4', 0]);
    await bob.send({ conversationId }, 'answer');
    expect(await positions(bob, conversationId)).toEqual(['5', '5', 0]);
    await alice.ask('mutation ($c: ID!) { leaveGroup(input: { conversationId: $c }) { conversation { id } } }', {
      c: conversationId,
    });
    expect((await positions(bob, conversationId))[2]).toBe(0);
    expect((await positions(carol, conversationId))[2]).toBe(4);
    await carol.send({ conversationId }, 'last');
    expect((await positions(bob, conversationId))[2]).toBe(1);
  });
});

describe('an acknowledgement that is not right', () => {
  it('records nothing, not even the part that is', async () => {
    const [alice, bob, carol] = await users(3);
    const [first, second] = await sendMany(alice, { userId: bob.id }, 2);
    const [other] = await sendMany(carol, { userId: bob.id }, 1);
    const [foreign] = await sendMany(alice, { userId: carol.id }, 1);
    const good = { conversationId: first.conversationId, seq: '1' };
    const foreignPosition = { conversationId: foreign.conversationId, seq: '1' };
    for (const [input, code] of [
      [{ upTo: [good, { conversationId: other.conversationId, seq: '2' }] }, 'CURSOR_AHEAD'],
      [{ upTo: [{ ...good, seq: '9007199254740993' }] }, 'CURSOR_AHEAD'],
      [{ messageIds: [first.id], upTo: [{ ...good, seq: '3' }] }, 'CURSOR_AHEAD'],
      [{ messageIds: [second.id], upToInboxSeq: '4' }, 'CURSOR_AHEAD'],
      [{ messageIds: [first.id, foreign.id] }, 'NOT_FOUND'],
      [{ messageIds: [first.id, '1'] }, 'NOT_FOUND'],
      [{ messageIds: [first.id, 'no id'] }, 'NOT_FOUND'],
      [{ upTo: [good, foreignPosition], upToInboxSeq: '1' }, 'NOT_FOUND'],
      [{ upTo: [good, { conversationId: '1', seq: '0' }] }, 'NOT_FOUND'],
      [{ upTo: [{ ...good, seq: '-1' }] }, 'BAD_USER_INPUT'],
      [{ upTo: [{ ...good, seq: '1.5' }] }, 'BAD_USER_INPUT'],
      [{}, 'BAD_USER_INPUT'],
    ] as const) {
      for (const status of ['DELIVERED', 'READ']) {
        expect(await bob.fails(ackMutation, { input: { status, ...input } }), JSON.stringify(input)).toBe(code);
      }
    }
    expect(await positions(bob, first.conversationId)).toEqual(['0', '0', 2]);
    expect(await positions(bob, other.conversationId)).toEqual(['0', '0', 1]);
    expect(await ack(bob, { status: 'DELIVERED', upToInboxSeq: '0' })).toEqual({ ackedSeq: '0', conversations: [] });
  });
});

describe('receiptChanged', () => {
  it('begins with the current positions of a conversation, and reports no other conversation', async () => {
    const [alice, bob, carol] = await users(3);
    const [first, second] = await sendMany(alice, { userId: bob.id }, 2);
    const [other] = await sendMany(carol, { userId: alice.id }, 1);
    await ack(bob, { status: 'DELIVERED', messageIds: [first.id] });
    const receipts = await watch(alice, receiptsQuery, { id: first.conversationId });
    await receipts.until(({ values }) => new Set(values.map(({ userId }) => userId)).size === 2);
    const { conversationId } = first;
    expect(new Map(receipts.values.map(({ userId, ...rest }) => [userId, rest]))).toEqual(
      new Map([
        [alice.id, { conversationId, deliveredSeq: '2', readSeq: '2' }],
        [bob.id, { conversationId, deliveredSeq: '1', readSeq: '0' }],
      ]),
    );
    await ack(alice, { status: 'READ', messageIds: [other.id] });
    await ack(bob, { status: 'READ', messageIds: [second.id] });
    const ofBob = () => receipts.values.filter(({ userId }) => userId === bob.id);
    await receipts.until(() => ofBob().at(-1)?.readSeq === '2');
    expect(ofBob().slice(1)).toEqual([{ conversationId, userId: bob.id, deliveredSeq: '2', readSeq: '2' }]);
    expect(new Set(receipts.values.map((change) => change.conversationId))).toEqual(new Set([conversationId]));
    const foreign = alice.subscribe(receiptsQuery, { id: '1' });
    await foreign.until(({ isComplete }) => isComplete);
    expect(foreign.answers).toMatchObject([{ errors: [{ extensions: { code: 'NOT_FOUND' } }] }]);
  });

  it('covers all conversations, including later ones, and reads on other devices', async () => {
    const [alice, bob, carol] = await users(3);
    const [first] = await sendMany(alice, { userId: bob.id }, 1);
    const laptop = await otherDevice(server, bob);
    const receipts = await watch(bob, receiptsQuery);
    await ack(laptop, { status: 'READ', messageIds: [first.id] });
    await receipts.until(({ values }) => values.some(({ userId, readSeq }) => userId === bob.id && readSeq === '1'));
    const [later] = await sendMany(bob, { userId: carol.id }, 1);
    await ack(carol, { status: 'DELIVERED', messageIds: [later.id] });
    await receipts.until(({ values }) => values.some(({ userId }) => userId === carol.id));
    expect(receipts.values.filter(({ userId }) => userId === carol.id)).toEqual([
      { conversationId: later.conversationId, userId: carol.id, deliveredSeq: '1', readSeq: '0' },
    ]);
    await laptop.close();
  });
});

describe('a device', () => {
  it('has its own position, which moves over the unbroken sequence of acknowledged entries', async () => {
    const [alice, bob, carol] = await users(3);
    const sent: Json[] = [];
    // The inbox of bob: alice's 1 and 2, carol's 3, alice's 4, carol's 5.
    for (const from of [alice, alice, carol, alice, carol]) {
      sent.push(await from.send({ userId: bob.id }, 'text'));
      const { headSeq } = (await bob.ask('{ offlineMessages(afterSeq: 0) { headSeq } }')).offlineMessages;
      expect(headSeq).toBe(String(sent.length));
    }
    const laptop = await otherDevice(server, bob);
    const acked = async (device: TestUser, input: object) => (await ack(device, input)).ackedSeq;
    expect(await acked(bob, { status: 'DELIVERED', messageIds: [sent[0].id] })).toBe('1');
    // Covers 1, 2 and 4: number 3 is still missing.
    expect(await acked(bob, { status: 'DELIVERED', messageIds: [sent[3].id] })).toBe('2');
    // Carol's first message closes the hole up to 3. What was acknowledged in another call does not count for it.
    expect(['3', '4']).toContain(await acked(bob, { status: 'DELIVERED', messageIds: [sent[2].id] }));
    expect(await acked(laptop, { status: 'READ', messageIds: [sent[4].id] })).toBe('0');
    expect(await acked(laptop, { status: 'READ', messageIds: [sent[3].id, sent[4].id] })).toBe('5');
    expect(await acked(bob, { status: 'READ', upToInboxSeq: '1' })).toMatch(/^[34]$/);
    expect(await acked(bob, { status: 'READ', upToInboxSeq: '5' })).toBe('5');
    for (const device of [bob, laptop]) {
      const stream = await device.stream().until(({ values }) => values.length === 1);
      expect(stream.values[0]).toEqual({ __typename: 'StreamReady', startSeq: '5', headSeq: '5' });
    }
    await laptop.close();
  });

  it('acknowledges answered messages at once, before it has read them', async () => {
    const [alice, bob] = await users(2);
    for (const seq of numbers(1, 15)) {
      await createGroup(alice, [bob]);
      expect((await ack(bob, { status: 'READ', upToInboxSeq: seq })).ackedSeq).toBe(seq);
    }
  });
});
