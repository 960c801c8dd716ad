import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const groupFields = 'id title memberCount headSeq members { totalCount nodes { role joinedSeq user { id } } }';

async function createGroup(owner: TestUser, members: readonly TestUser[], title = 'Team') {
  const answer = await owner.ask(
    `mutation ($input: CreateGroupInput!) { createGroup(input: $input) { conversation { ${groupFields} } } }`,
    {
      input: { title, memberIds: members.map(({ id }) => id) },
    },
  );
  return answer.createGroup.conversation;
}

const change = (name: string) =>
  `mutation ($c: ID!, $u: [ID!]!) { ${name}(input: { conversationId: $c, userIds: $u }) { conversation { ${groupFields} } } }`;
const inboxOf = async (user: TestUser) =>
  (
    await user.ask(
      '{ offlineMessages(afterSeq: 0, first: 500) { headSeq entries { inboxSeq message { seq text kind conversationId } } } }',
    )
  ).offlineMessages;
const leave = 'mutation ($c: ID!) { leaveGroup(input: { conversationId: $c }) { conversation { id } } }';

async function people(count: number): Promise<TestUser[]> {
  return Promise.all(Array.from({ length: count }, () => server.user()));
}

describe('a group', () => {
  it('shows members only the messages between their joining and leaving', async () => {
    const [owner, early, late] = (await people(3)) as [TestUser, TestUser, TestUser];
    const group = await createGroup(owner, [early]);
    expect(group).toMatchObject({ title: 'Team', memberCount: 2, headSeq: '1' });
    const to = { conversationId: group.id };
    await owner.send(to, 'before late');
    const added = (await owner.ask(change('addMembers'), { c: group.id, u: [late.id] })).addMembers.conversation;
    expect(added.members.nodes.find(({ user }: { user: { id: string } }) => user.id === late.id)).toMatchObject({
      role: 'MEMBER',
      joinedSeq: '2',
    });
    await early.send(to, 'with late');
    await owner.ask(change('removeMembers'), { c: group.id, u: [early.id] });
    await late.send(to, 'without early');

    const texts = async (user: TestUser) =>
      (await inboxOf(user)).entries
        .filter(({ message }: { message: { kind: string } }) => message.kind === 'USER')
        .map(({ message }: { message: { text: string } }) => message.text);
    expect(await texts(owner)).toEqual(['before late', 'with late', 'without early']);
    expect(await texts(early)).toEqual(['before late', 'with late']);
    expect(await texts(late)).toEqual(['with late', 'without early']);
    const seqs = async (user: TestUser) =>
      (await inboxOf(user)).entries.map(({ inboxSeq, message }: { inboxSeq: string; message: { seq: string } }) => [
        inboxSeq,
        message.seq,
      ]);
    expect(await seqs(late)).toEqual([
      ['1', '3'],
      ['2', '4'],
      ['3', '5'],
      ['4', '6'],
    ]);
    expect((await seqs(early)).at(-1)).toEqual(['5', '5']);

    const history =
      'query ($c: ID!) { history(conversationId: $c) { nodes { seq } pageInfo { hasNextPage hasPreviousPage } } }';
    expect((await early.ask(history, { c: group.id })).history.nodes.map(({ seq }: { seq: string }) => seq)).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
    ]);
    expect((await late.ask(history, { c: group.id })).history).toEqual({
      nodes: ['3', '4', '5', '6'].map((seq) => ({ seq })),
      pageInfo: { hasNextPage: false, hasPreviousPage: false },
    });
    expect((await early.sendRaw({ to, text: 'too late', clientMessageId: 'x' })).errors?.[0]?.extensions.code).toBe(
      'FORBIDDEN',
    );
    const [stranger] = (await people(1)) as [TestUser];
    expect(await stranger.fails(history, { c: group.id })).toBe('NOT_FOUND');
    expect((await stranger.sendRaw({ to, text: 'hi', clientMessageId: 'x' })).errors?.[0]?.extensions.code).toBe(
      'NOT_FOUND',
    );
  });

  it('shows users who have left nothing of how it changes after that', async () => {
    const [owner, leaver, late] = (await people(3)) as [TestUser, TestUser, TestUser];
    const { id } = await createGroup(owner, [leaver]);
    const seenBy = async (user: TestUser) =>
      (await user.ask(`query ($c: ID!) { conversation(id: $c) { ${groupFields} } }`, { c: id })).conversation;
    expect(await seenBy(leaver)).toMatchObject({ memberCount: 2, members: { totalCount: 2 } });
    await leaver.ask(leave, { c: id });
    const left = await seenBy(leaver);
    expect(left).toMatchObject({ memberCount: 0, headSeq: '2', members: { totalCount: 0, nodes: [] } });
    await owner.ask(change('addMembers'), { c: id, u: [late.id] });
    expect(await seenBy(leaver)).toEqual(left);
    expect(await seenBy(owner)).toMatchObject({ memberCount: 2, members: { totalCount: 2 } });
  });

  it('lets only those change it whose role allows it, and always has an owner', async () => {
    const [owner, admin, member, other] = (await people(4)) as [TestUser, TestUser, TestUser, TestUser];
    const group = await createGroup(owner, [admin, member]);
    const role =
      'mutation ($c: ID!, $u: ID!, $r: MemberRole!) { setMemberRole(input: { conversationId: $c, userId: $u, role: $r }) { conversation { id } } }';
    expect(await member.fails(change('addMembers'), { c: group.id, u: [other.id] })).toBe('FORBIDDEN');
    expect(await member.fails(role, { c: group.id, u: member.id, r: 'OWNER' })).toBe('FORBIDDEN');
    await owner.ask(role, { c: group.id, u: admin.id, r: 'ADMIN' });
    await admin.ask(change('addMembers'), { c: group.id, u: [other.id] });
    expect(await admin.fails(change('removeMembers'), { c: group.id, u: [owner.id] })).toBe('FORBIDDEN');
    await admin.ask(change('removeMembers'), { c: group.id, u: [member.id] });
    await owner.ask(leave, { c: group.id });
    expect(await owner.fails(leave, { c: group.id })).toBe('FORBIDDEN');
    const { conversation } = await admin.ask(`query ($c: ID!) { conversation(id: $c) { ${groupFields} } }`, {
      c: group.id,
    });
    const roles = conversation.members.nodes.map(({ role, user }: { role: string; user: { id: string } }) => [
      user.id,
      role,
    ]);
    expect(new Map(roles)).toEqual(
      new Map([
        [admin.id, 'OWNER'],
        [other.id, 'MEMBER'],
      ]),
    );
  });

  it('limits the users named in a call to the number in the schema', async () => {
    const [owner] = (await people(1)) as [TestUser];
    const group = await createGroup(owner, []);
    const ids = (count: number) => Array.from({ length: count }, (_, index) => `${index + 1}`);
    const create =
      'mutation ($u: [ID!]!) { createGroup(input: { title: "many", memberIds: $u }) { conversation { id } } }';
    for (const [field, document, type] of [
      ['createGroup', create, 'CreateGroupInput'],
      ['addMembers', change('addMembers'), 'AddMembersInput'],
      ['removeMembers', change('removeMembers'), 'RemoveMembersInput'],
    ] as const) {
      const { __type } = await owner.ask(`{ __type(name: "${type}") { inputFields { description } } }`);
      const described: string = __type.inputFields.map((one: { description: string }) => one.description).join(' ');
      const max = Number(/at most ([\d,]+) ?(?:users|members|\.)/i.exec(described)?.[1]?.replace(',', ''));
      const codes = await Promise.all(
        [max, max + 1].map(async (count) => {
          const { errors } = await owner.post(document, { c: group.id, u: ids(count) });
          return errors?.[0]?.extensions?.code;
        }),
      );
      expect([field, max, codes]).toEqual([field, 1_000, ['NOT_FOUND', 'BAD_USER_INPUT']]);
    }
  });

  it('refuses unknown users and changes nothing', async () => {
    const [owner] = (await people(1)) as [TestUser];
    expect(
      await owner.fails('mutation { createGroup(input: { title: "x", memberIds: ["1"] }) { conversation { id } } }'),
    ).toBe('NOT_FOUND');
    expect(
      await owner.fails('mutation { createGroup(input: { title: "  ", memberIds: [] }) { conversation { id } } }'),
    ).toBe('BAD_USER_INPUT');
    expect((await owner.ask('{ conversations { nodes { id } } }')).conversations.nodes).toEqual([]);
  });
});

describe('a large group (fan-out on read)', () => {
  let small: TestServer;
  beforeAll(async () => {
    small = await startServer({ FAN_OUT_ON_WRITE_MAX_MEMBERS: '2', BACKLOG_MAX: '3' });
  });
  afterAll(() => small[Symbol.asyncDispose]());
  const crowd = () =>
    Promise.all([small.user(), small.user(), small.user()]) as Promise<[TestUser, TestUser, TestUser]>;

  it('comes live without an inbox number, and gets one at a sync, once', async () => {
    const [owner, reader, third] = await crowd();
    const group = await createGroup(owner, [reader, third]);
    const stream = reader.stream('0');
    await stream.until(({ messages }) => messages.length === 1);
    expect(stream.messages[0]).toMatchObject({ inboxSeq: '1', message: { seq: '1', kind: 'SYSTEM' } });
    await owner.send({ conversationId: group.id }, 'live');
    await stream.until(({ messages }) => messages.length === 2);
    expect(stream.messages[1]).toMatchObject({ inboxSeq: null, message: { seq: '2', text: 'live' } });
    // A sync of any device gives it its number; the open stream only moves on.
    expect(
      (await inboxOf(reader)).entries
        .map(({ inboxSeq, message }: { inboxSeq: string; message: { text: string } }) => [inboxSeq, message.text])
        .at(-1),
    ).toEqual(['2', 'live']);
    await stream.until(({ values }) =>
      values.some(({ __typename, position }) => __typename === 'StreamHeartbeat' && position === '2'),
    );
    await owner.send({ conversationId: group.id }, 'next');
    await stream.until(({ messages }) => messages.length === 3);
    expect(stream.texts.slice(1)).toEqual(['live', 'next']);
    // What was acknowledged is not sent to this device again.
    const last = stream.messages[2].message;
    const { ackMessages } = await reader.ask(
      'mutation ($ids: [ID!], $c: ID!) { ackMessages(input: { status: READ, messageIds: $ids, upTo: [{ conversationId: $c, seq: 3 }] }) { ackedSeq } }',
      { ids: [last.id], c: group.id },
    );
    expect(ackMessages.ackedSeq).toBe('3');
    await reader.close();
    const again = reader.stream();
    await again.until(({ values }) => values.length === 1);
    expect(again.values[0]).toMatchObject({ __typename: 'StreamReady', startSeq: '3', headSeq: '3' });
  });

  it('represents a long backlog by one number with the range of messages', async () => {
    const [owner, reader, third] = await crowd();
    const group = await createGroup(owner, [reader, third]);
    for (let index = 0; index < 6; index += 1) await owner.send({ conversationId: group.id }, `m${index}`);
    const { offlineMessages } = await reader.ask(
      '{ offlineMessages(afterSeq: 0) { nextSeq headSeq truncated { inboxSeq fromSeq toSeq conversationId } entries { inboxSeq message { seq } } } }',
    );
    expect(offlineMessages).toEqual({
      nextSeq: '4',
      headSeq: '4',
      truncated: [{ inboxSeq: '1', fromSeq: '1', toSeq: '4', conversationId: group.id }],
      entries: [
        ['2', '5'],
        ['3', '6'],
        ['4', '7'],
      ].map(([inboxSeq, own]) => ({ inboxSeq, message: { seq: own } })),
    });
    const stream = reader.stream('0');
    await stream.until(({ messages }) => messages.length === 3);
    expect(stream.values.map(({ __typename }) => __typename)).toEqual([
      'StreamReady',
      'StreamTruncated',
      'MessageReceived',
      'MessageReceived',
      'MessageReceived',
    ]);
  });

  it('keeps every message once while it grows over the threshold and shrinks under it', async () => {
    const [owner, reader, third] = await crowd();
    const group = await createGroup(owner, [reader]);
    const to = { conversationId: group.id };
    const stream = reader.stream('0');
    await stream.until(({ messages }) => messages.length === 1);
    await owner.send(to, 'small');
    await owner.ask(change('addMembers'), { c: group.id, u: [third.id] });
    await owner.send(to, 'large');
    await stream.until(({ texts }) => texts.includes('large'));
    await owner.ask(change('removeMembers'), { c: group.id, u: [third.id] });
    await owner.send(to, 'small again');
    await stream.until(({ texts }) => texts.includes('small again'));
    const seen = stream.messages.map(({ message }) => message.seq);
    expect(seen).toEqual(['1', '2', '3', '4', '5', '6']);
    const { entries } = await inboxOf(reader);
    expect(entries.map(({ inboxSeq }: { inboxSeq: string }) => inboxSeq)).toEqual(
      entries.map((_: unknown, index: number) => String(index + 1)),
    );
    const ofThird = await inboxOf(third);
    expect(ofThird.entries.map(({ message }: { message: { seq: string } }) => message.seq)).toEqual(['3', '4', '5']);
  });
});
