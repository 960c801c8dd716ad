import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Json, startServer, type TestServer } from '../support/heliograph.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

describe('a direct conversation', () => {
  it('delivers live, to both sides, with numbers from 1', async () => {
    const [alice, bob] = [await server.user(), await server.user()];
    const [atAlice, atBob] = [alice.stream(), bob.stream()];
    await Promise.all([
      atAlice.until(({ values }) => values.length > 0),
      atBob.until(({ values }) => values.length > 0),
    ]);
    expect(atBob.values[0]).toEqual({ __typename: 'StreamReady', startSeq: '0', headSeq: '0' });

    const sent = await alice.send({ userId: bob.id }, 'hello');
    expect(sent).toMatchObject({ seq: '1', status: 'SENT', text: 'hello' });
    await bob.send({ conversationId: sent.conversationId }, 'hi');
    await atBob.until(({ texts }) => texts.length === 2);
    await atAlice.until(({ texts }) => texts.length === 2);
    expect(atBob.texts).toEqual(['hello', 'hi']);
    expect(atAlice.messages.map(({ inboxSeq, message }) => [inboxSeq, message.seq])).toEqual([
      ['1', '1'],
      ['2', '2'],
    ]);
  });

  it('catches a closed tab up, once, from its acknowledged position', async () => {
    const [alice, bob] = [await server.user(), await server.user()];
    const first = await alice.send({ userId: bob.id }, 'one');
    const stream = bob.stream();
    await stream.until(({ texts }) => texts.length === 1);
    const { ackMessages } = await bob.ask(
      `mutation ($ids: [ID!]) { ackMessages(input: { status: READ, messageIds: $ids }) { ackedSeq conversations { id unreadCount readSeq } } }`,
      { ids: [first.id] },
    );
    expect(ackMessages).toEqual({
      ackedSeq: '1',
      conversations: [{ id: first.conversationId, unreadCount: 0, readSeq: '1' }],
    });
    await bob.close();
    for (const text of ['two', 'three']) await alice.send({ userId: bob.id }, text);

    const { offlineMessages } = await bob.ask(
      `{ offlineMessages(afterSeq: "1", first: 1) { entries { inboxSeq message { text } } nextSeq headSeq hasMore } }`,
    );
    expect(offlineMessages).toEqual({
      entries: [{ inboxSeq: '2', message: { text: 'two' } }],
      nextSeq: '2',
      headSeq: '3',
      hasMore: true,
    });
    const resumed = bob.stream();
    await resumed.until(({ texts }) => texts.length === 2);
    expect(resumed.texts).toEqual(['two', 'three']);
    await alice.send({ userId: bob.id }, 'four');
    await resumed.until(({ texts }) => texts.length === 3);
    expect(resumed.messages.map(({ inboxSeq }) => inboxSeq)).toEqual(['2', '3', '4']);
  });

  it('answers a resend with the first message, and refuses another content', async () => {
    const [alice, bob] = [await server.user(), await server.user()];
    const input = { to: { userId: bob.id }, text: 'once', clientMessageId: randomUUID(), data: { b: 1, a: [2] } };
    const [first, second] = await Promise.all([
      alice.sendRaw(input),
      alice.sendRaw({ ...input, data: { a: [2], b: 1 } }),
    ]);
    const answers = [first.data?.sendMessage, second.data?.sendMessage];
    expect(new Set(answers.map(({ sentMessage }) => sentMessage.id)).size).toBe(1);
    expect(answers.map(({ deduplicated }) => deduplicated).sort()).toEqual([false, true]);
    const other = await alice.sendRaw({ ...input, text: 'twice' });
    expect(other.errors?.[0]?.extensions).toEqual({ code: 'ID_CONFLICT', retryable: false });
  });

  it('notifies the sender when a message is delivered, then when it is read', async () => {
    const [alice, bob] = [await server.user(), await server.user()];
    const statuses = alice.subscribe(`subscription { messageStatusChanged { messageId status seq sinceSeq } }`);
    const receipts = alice.subscribe(`subscription { receiptChanged { userId deliveredSeq readSeq } }`);
    await alice.ask('{ viewer { user { id } } }');
    const sent = await alice.send({ userId: bob.id }, 'read me');
    await eventually(() => server.heliograph.server.socketCount > 0);
    const ack = (status: string) =>
      bob.ask(
        `mutation ($s: AckStatus!, $ids: [ID!]) { ackMessages(input: { status: $s, messageIds: $ids }) { ackedSeq } }`,
        {
          s: status,
          ids: [sent.id],
        },
      );
    await ack('DELIVERED');
    await statuses.until(({ values }) => values.length === 1);
    await ack('READ');
    await ack('READ');
    await statuses.until(({ values }) => values.length === 2);
    expect(statuses.values).toEqual([
      { messageId: sent.id, status: 'DELIVERED', seq: '1', sinceSeq: '0' },
      { messageId: sent.id, status: 'READ', seq: '1', sinceSeq: '0' },
    ]);
    const ofBob = () => receipts.values.filter(({ userId }) => userId === bob.id);
    await receipts.until(() => ofBob().length === 2);
    expect(ofBob().at(-1)).toEqual({ userId: bob.id, deliveredSeq: '1', readSeq: '1' });
    const { message } = await alice.ask(`query ($id: ID!) { message(id: $id) { status deliveredCount readCount } }`, {
      id: sent.id,
    });
    expect(message).toEqual({ status: 'READ', deliveredCount: 1, readCount: 1 });
  });

  it('keeps everything over a restart', async () => {
    const [alice, bob] = [await server.user(), await server.user()];
    const sent = await alice.send({ userId: bob.id }, 'stay');
    await server.restart();
    const { offlineMessages } = await bob.ask(
      `{ offlineMessages(afterSeq: "0") { entries { inboxSeq message { id text } } } }`,
    );
    expect(offlineMessages.entries).toEqual([{ inboxSeq: '1', message: { id: sent.id, text: 'stay' } }]);
    expect((await alice.send({ userId: bob.id }, 'on')).seq).toBe('2');
    const { conversations } = await alice.ask(
      `{ conversations { nodes { unreadCount headSeq lastMessage { text } } } }`,
    );
    expect(conversations.nodes).toEqual([{ unreadCount: 0, headSeq: '2', lastMessage: { text: 'on' } }]);
  });
});

describe('acknowledging by inbox number', () => {
  const ack =
    'mutation ($i: AckMessagesInput!) { ackMessages(input: $i) { ackedSeq conversations { id deliveredSeq readSeq unreadCount } } }';

  it('covers every conversation up to there, delivered first and read later', async () => {
    const [alice, bob, carol] = [await server.user(), await server.user(), await server.user()];
    const [first] = [await alice.send({ userId: bob.id }, 'a1'), await alice.send({ userId: bob.id }, 'a2')];
    await carol.send({ userId: bob.id }, 'c1');
    await alice.send({ userId: bob.id }, 'a3');
    const of = (payload: Json) =>
      payload.ackMessages.conversations.find(({ id }: { id: string }) => id === first.conversationId);
    const delivered = await bob.ask(ack, { i: { status: 'DELIVERED', upToInboxSeq: '3' } });
    expect(delivered.ackMessages.ackedSeq).toBe('3');
    expect(delivered.ackMessages.conversations).toHaveLength(2);
    expect(of(delivered)).toMatchObject({ deliveredSeq: '2', readSeq: '0', unreadCount: 3 });
    const read = await bob.ask(ack, { i: { status: 'READ', upToInboxSeq: '2' } });
    expect(read.ackMessages.ackedSeq).toBe('3');
    expect(of(read)).toMatchObject({ deliveredSeq: '2', readSeq: '2', unreadCount: 1 });
    expect(read.ackMessages.conversations).toHaveLength(1);
  });

  it('refuses a number past the head and records nothing', async () => {
    const [alice, bob] = [await server.user(), await server.user()];
    const { conversationId } = await alice.send({ userId: bob.id }, 'x');
    for (const input of [
      { upToInboxSeq: '2' },
      { upToInboxSeq: '9007199254740993000' },
      { upTo: [{ conversationId, seq: '2' }], upToInboxSeq: '1' },
    ]) {
      expect(await bob.fails(ack, { i: { status: 'READ', ...input } })).toBe('CURSOR_AHEAD');
    }
    expect(await bob.fails(ack, { i: { status: 'READ' } })).toBe('BAD_USER_INPUT');
    expect(await bob.fails(ack, { i: { status: 'READ', messageIds: ['404'] } })).toBe('NOT_FOUND');
    const { conversation } = await bob.ask('query ($id: ID!) { conversation(id: $id) { readSeq deliveredSeq } }', {
      id: conversationId,
    });
    expect(conversation).toEqual({ readSeq: '0', deliveredSeq: '0' });
    expect(await bob.fails('{ offlineMessages(afterSeq: "2") { nextSeq } }')).toBe('CURSOR_AHEAD');
    const stream = bob.stream('2');
    await stream.until(({ isComplete, error }) => isComplete || error !== null);
    expect(JSON.stringify([stream.answers, stream.error])).toContain('CURSOR_AHEAD');
  });
});
