import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ack, createGroup, holesIn, numbers, offline, otherDevice } from '../support/actions.ts';
import { type Events, type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

const backlogMax = 5;

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ FAN_OUT_ON_WRITE_MAX_MEMBERS: '3', BACKLOG_MAX: String(backlogMax) });
});
afterAll(() => server[Symbol.asyncDispose]());

interface Crowd {
  readonly owner: TestUser;
  readonly reader: TestUser;
  readonly others: readonly [TestUser, TestUser];
  readonly to: { readonly conversationId: string };
}

/** A group of four: one more than is fanned out on write. Its first message says that it was created. */
async function crowd(): Promise<Crowd> {
  const [owner, reader, ...others] = await Promise.all([server.user(), server.user(), server.user(), server.user()]);
  const conversationId = await createGroup(owner, [reader, ...others]);
  return { owner, reader, others, to: { conversationId } };
}

async function sendMany({ owner, to }: Crowd, from: number, upTo: number): Promise<void> {
  for (let seq = from; seq <= upTo; seq += 1) await owner.send(to, `m${seq}`);
}

const seqs = (events: Events): [string | null, string][] =>
  events.messages.map(({ inboxSeq, message }) => [inboxSeq, message.seq]);
const heartbeats = ({ values }: Events): string[] =>
  values.filter(({ __typename }) => __typename === 'StreamHeartbeat').map(({ position }) => position);
const entrySeqs = (page: Json): [string, string][] =>
  page.entries.map(({ inboxSeq, message }: Json) => [inboxSeq, message.seq]);

async function setMember(
  owner: TestUser,
  name: 'addMembers' | 'removeMembers',
  conversationId: string,
  user: TestUser,
) {
  await owner.ask(
    `mutation ($c: ID!, $u: [ID!]!) { ${name}(input: { conversationId: $c, userIds: $u }) { conversation { id } } }`,
    {
      c: conversationId,
      u: [user.id],
    },
  );
}

describe('live messages of a large group', () => {
  it.each([
    ['offlineMessages', (device: TestUser) => offline(device, '0')],
    ['a stream', (device: TestUser) => device.stream().until(({ values }) => values.length > 0)],
    ['a heartbeat', (device: TestUser) => device.ask('mutation { heartbeat { headSeq } }')],
  ])('have no inbox number until another device syncs by %s, and do not come again then', async (_how, sync) => {
    const group = await crowd();
    const { reader, owner, to } = group;
    const stream = await reader.stream().until(({ messages }) => messages.length === 1);
    await sendMany(group, 2, 4);
    await stream.until(({ messages }) => messages.length === 4);
    expect(seqs(stream)).toEqual([['1', '1'], ...['2', '3', '4'].map((seq) => [null, seq])]);
    const laptop = await otherDevice(server, reader);
    await sync(laptop);
    // The open stream only moves on.
    await stream.until((events) => heartbeats(events).includes('4'), 'a heartbeat');
    await owner.send(to, 'next');
    await stream.until(({ messages }) => messages.length === 5);
    expect(seqs(stream).at(-1)).toEqual([null, '5']);
    expect(entrySeqs(await offline(laptop, '0'))).toEqual(numbers(1, 5).map((seq) => [seq, seq]));
    await laptop.close();
  });

  it('do not come again when more of them than a backlog holds are given their numbers', async () => {
    const { reader, owner, to } = await crowd();
    const stream = await reader.stream().until(({ messages }) => messages.length === 1);
    let shown = 1;
    let page: Json = { nextSeq: '1', truncated: [] };
    let before = '1';
    // On a busy machine they may get numbers a few at a time, before the device syncs: then others are sent.
    for (let tries = 0; page.truncated.length === 0 && tries < 20; tries += 1) {
      await Promise.all(Array.from({ length: 3 * backlogMax }, () => owner.send(to, 'text')));
      shown += 3 * backlogMax;
      await stream.until(({ messages }) => messages.length === shown);
      before = page.nextSeq;
      page = await offline(reader, before);
    }
    const [backlog] = page.truncated;
    expect(backlog).toMatchObject({ conversationId: to.conversationId });
    const after = Number(backlog.inboxSeq);
    expect(entrySeqs(page).filter(([inboxSeq]) => Number(inboxSeq) > after)).toEqual(
      numbers(1, backlogMax).map((step) => [
        String(after + Number(step)),
        String(Number(backlog.toSeq) + Number(step)),
      ]),
    );
    await stream.until((events) => heartbeats(events).includes(page.nextSeq), 'a heartbeat');
    await owner.send(to, 'next');
    await stream.until(({ texts }) => texts.at(-1) === 'next');
    expect(stream.messages.map(({ message }) => message.seq)).toEqual(numbers(1, shown + 1));
    expect(stream.values.filter(({ __typename }) => __typename === 'StreamTruncated')).toEqual([]);
  });

  it('leave no gap in the numbers while other messages get numbers', async () => {
    const { owner, reader, others, to } = await crowd();
    const stream = await reader.stream().until(({ messages }) => messages.length === 1);
    let isSending = true;
    const syncing = [1, 2].map(async () => {
      while (isSending) await offline(reader, '0', 1);
    });
    await Promise.all(
      [owner, ...others].map(async (sender) => {
        for (let index = 0; index < 60; index += 1) await sender.send(index % 2 ? to : { userId: reader.id }, 'text');
      }),
    );
    isSending = false;
    await Promise.all(syncing);
    await stream.until(({ messages }) => messages.length === 181);
    expect(holesIn(stream)).toEqual([]);
    const { headSeq } = await offline(reader, '0', 1);
    await stream.until(
      (events) => heartbeats(events).at(-1) === headSeq || events.messages.at(-1).inboxSeq === headSeq,
    );
    expect(stream.messages).toHaveLength(181);
  });

  it('reach every member, the sender too, in the order of their numbers while many send', async () => {
    const group = await crowd();
    const { owner, reader, others, to } = group;
    const members = [owner, reader, ...others];
    const streams = members.map((member) => member.stream('0'));
    for (const stream of streams) await stream.until(({ messages }) => messages.length === 1);
    await Promise.all(
      members.map(async (member) => {
        for (let index = 0; index < 20; index += 1) await member.send(to, `${member.id}/${index}`);
      }),
    );
    for (const stream of streams) {
      await stream.until(({ messages }) => messages.length === 81);
      expect(stream.messages.map(({ message }) => message.seq)).toEqual(numbers(1, 81));
    }
    for (const stream of streams) expect(stream.texts).toEqual(streams[0]?.texts);
  });

  it('are not sent again to a device that has acknowledged them', async () => {
    const group = await crowd();
    const { reader, to } = group;
    const stream = await reader.stream().until(({ messages }) => messages.length === 1);
    await sendMany(group, 2, 4);
    await stream.until(({ messages }) => messages.length === 4);
    const id = stream.messages[2].message.id;
    expect(await ack(reader, { status: 'DELIVERED', messageIds: [id] })).toMatchObject({ ackedSeq: '3' });
    await reader.close();
    const again = await reader.stream().until(({ messages }) => messages.length === 1);
    expect(seqs(again)).toEqual([['4', '4']]);
    const laptop = await otherDevice(server, reader);
    const all = await laptop.stream().until(({ messages }) => messages.length === 4);
    expect(seqs(all)).toEqual(numbers(1, 4).map((seq) => [seq, seq]));
    expect(all.messages[0].message.conversationId).toBe(to.conversationId);
    await laptop.close();
  });
});

describe('a long backlog', () => {
  it('is reported under one number on every read of its page, and read through history', async () => {
    const group = await crowd();
    const { reader, to } = group;
    await sendMany(group, 2, 12);
    const backlog = { inboxSeq: '1', conversationId: to.conversationId, fromSeq: '1', toSeq: '7' };
    for (let read = 0; read < 2; read += 1) {
      const page = await offline(reader, '0');
      expect(page).toMatchObject({ nextSeq: '6', headSeq: '6', hasMore: false, truncated: [backlog] });
      expect(entrySeqs(page)).toEqual(numbers(2, 6).map((seq) => [seq, String(Number(seq) + 6)]));
    }
    expect(await offline(reader, '0', 1)).toMatchObject({
      entries: [],
      truncated: [backlog],
      nextSeq: '1',
      headSeq: '6',
      hasMore: true,
    });
    expect(await offline(reader, '1', 2)).toMatchObject({ truncated: [], nextSeq: '3' });

    const streamed = await reader.stream('0').until(({ messages }) => messages.length === backlogMax);
    expect(streamed.values.slice(0, 2)).toEqual([
      { __typename: 'StreamReady', startSeq: '0', headSeq: '6' },
      { __typename: 'StreamTruncated', backlogs: [backlog] },
    ]);
    expect(seqs(streamed)).toEqual(numbers(2, 6).map((seq) => [seq, String(Number(seq) + 6)]));
    const { history } = await reader.ask(
      'query ($c: ID!) { history(conversationId: $c, first: 7) { nodes { seq text } pageInfo { hasNextPage } } }',
      { c: to.conversationId },
    );
    expect(history.nodes.map(({ seq }: Json) => seq)).toEqual(numbers(1, 7));
    expect(history.nodes.at(-1)).toEqual({ seq: '7', text: 'm7' });
  });

  it('that grows between two syncs is reported in parts, each message in one of them', async () => {
    const group = await crowd();
    const { reader } = group;
    const covered: string[] = [];
    let afterSeq = '0';
    for (const upTo of [3, 12, 14, 30]) {
      const from = covered.length + 1;
      await sendMany(group, Math.max(2, from), upTo);
      const page = await offline(reader, afterSeq);
      for (const { fromSeq, toSeq } of page.truncated) covered.push(...numbers(Number(fromSeq), Number(toSeq)));
      covered.push(...entrySeqs(page).map(([, seq]) => seq));
      expect(covered).toEqual(numbers(1, upTo));
      afterSeq = page.nextSeq;
    }
  });

  it('is acknowledged with its number', async () => {
    const group = await crowd();
    const { reader, to } = group;
    await sendMany(group, 2, 12);
    await offline(reader, '0');
    const after = await ack(reader, { status: 'READ', upToInboxSeq: '1' });
    expect(after).toEqual({
      ackedSeq: '1',
      conversations: [{ id: to.conversationId, deliveredSeq: '7', readSeq: '7', unreadCount: 5 }],
    });
    const stream = await reader.stream().until(({ messages }) => messages.length === backlogMax);
    expect(stream.values[0]).toEqual({ __typename: 'StreamReady', startSeq: '1', headSeq: '6' });
  });
});

describe('a group that crosses the threshold', () => {
  it('gives every message its own number while it is small, even in a burst', async () => {
    const [owner, reader] = await Promise.all([server.user(), server.user()]);
    const conversationId = await createGroup(owner, [reader]);
    await Promise.all(numbers(2, 60).map((seq) => owner.send({ conversationId }, seq)));
    const page = await offline(reader, '0');
    expect(page.truncated).toEqual([]);
    expect(entrySeqs(page)).toEqual(numbers(1, 60).map((seq) => [seq, seq]));
  });

  it('loses and repeats no message for live and for offline readers, while others send', async () => {
    const [owner, reader, away, fourth] = await Promise.all([
      server.user(),
      server.user(),
      server.user(),
      server.user(),
    ]);
    const conversationId = await createGroup(owner, [reader, away]);
    const stream = await reader.stream().until(({ messages }) => messages.length === 1);
    let isSending = true;
    const sending = [owner, reader].map(async (sender, who) => {
      for (let index = 0; isSending && index < 2_000; index += 1)
        await sender.send({ conversationId }, `${who}/${index}`);
    });
    for (let round = 0; round < 6; round += 1) {
      await setMember(owner, 'addMembers', conversationId, fourth);
      // Seen by the reader, so each state lasts until something was delivered in it.
      const added = await owner.send({ conversationId }, `large ${round}`);
      await stream.until(({ messages }) => messages.some(({ message }) => message.seq === added.seq));
      await setMember(owner, 'removeMembers', conversationId, fourth);
      const removed = await owner.send({ conversationId }, `small ${round}`);
      await stream.until(({ messages }) => messages.some(({ message }) => message.seq === removed.seq));
    }
    isSending = false;
    await Promise.all(sending);
    const last = Number((await owner.send({ conversationId }, 'last')).seq);
    await stream.until(({ texts }) => texts.at(-1) === 'last');
    // While the group changes, more than a backlog may come between live messages and numbered ones.
    const told = stream.values.flatMap(({ message, backlogs }) =>
      message === undefined
        ? (backlogs ?? []).flatMap(({ fromSeq, toSeq }: Json) => numbers(Number(fromSeq), Number(toSeq)))
        : [message.seq],
    );
    expect(told).toEqual(numbers(1, last));
    expect(holesIn(stream)).toEqual([]);

    for (const user of [reader, away]) {
      const covered: string[] = [];
      const inbox: string[] = [];
      for (let afterSeq = '0', hasMore = true; hasMore; ) {
        const page = await offline(user, afterSeq, 100);
        const parts = [
          ...page.truncated.map(({ inboxSeq, fromSeq, toSeq }: Json) => [
            inboxSeq,
            numbers(Number(fromSeq), Number(toSeq)),
          ]),
          ...entrySeqs(page).map(([seq, own]) => [seq, [own]]),
        ].sort(([a], [b]) => Number(a) - Number(b));
        inbox.push(...parts.map(([seq]) => seq));
        covered.push(...parts.flatMap(([, own]) => own));
        ({ nextSeq: afterSeq, hasMore } = page);
      }
      expect(covered).toEqual(numbers(1, last));
      expect(inbox).toEqual(numbers(1, inbox.length));
    }
  });
});
