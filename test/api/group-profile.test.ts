/** A group's title, description, picture and roles: changed by those who may, and told to every member. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGroup } from '../support/actions.ts';
import { type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

const profile = 'title description avatarUrl';
const update = `mutation ($input: UpdateGroupInput!) { updateGroup(input: $input) { conversation { id ${profile} } } }`;
const setRole = `mutation ($c: ID!, $u: ID!, $r: MemberRole!) {
  setMemberRole(input: { conversationId: $c, userId: $u, role: $r }) { member { role } conversation { viewerMember { role } } } }`;
const live = `subscription { messageReceived { __typename ... on MessageReceived { message {
  text kind systemEvent { kind title role userCount users { id } } conversation { ${profile} viewerMember { role } } } } } }`;
const setMembers = (verb: 'add' | 'remove') =>
  `mutation ($c: ID!, $u: [ID!]!) { ${verb}Members(input: { conversationId: $c, userIds: $u }) { conversation { id } } }`;
const avatarUrl = 'https://files.example/team.png';

let server: TestServer;
let owner: TestUser;
let member: TestUser;
let group: string;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  [owner, member] = [await server.user(), await server.user()];
  group = await createGroup(owner, [member]);
});

const change = async (user: TestUser, input: object) =>
  (await user.ask(update, { input: { conversationId: group, ...input } })).updateGroup.conversation;
const seen = async (user: TestUser) =>
  (await user.ask(`query ($id: ID!) { conversation(id: $id) { ${profile} headSeq unreadCount } }`, { id: group }))
    .conversation;

describe('a group', () => {
  it('has the title for users who have left that it had when they left', async () => {
    const titles: unknown[] = [];
    for (const title of ['First', 'Second']) {
      await change(owner, { title });
      await owner.ask(setMembers('remove'), { c: group, u: [member.id] });
      await change(owner, { title: `${title}, without the others` });
      titles.push((await seen(member)).title);
      const { conversation } = await member.ask(
        `query ($id: ID!) { conversation(id: $id) { title messages(first: 100) { nodes { text conversation { title } } } } }`,
        { id: group },
      );
      titles.push(...new Set(conversation.messages.nodes.map((node: Json) => node.conversation.title)));
      expect(JSON.stringify(conversation)).not.toContain(`${title}, without`);
      await owner.ask(setMembers('add'), { c: group, u: [member.id] });
      titles.push((await seen(member)).title);
    }
    expect(titles).toEqual(['First', 'Second'].flatMap((title) => [title, title, `${title}, without the others`]));
  });

  it('shows its description and picture to nobody who has left', async () => {
    await change(owner, { description: 'For members', avatarUrl });
    expect(await seen(member)).toMatchObject({ description: 'For members', avatarUrl });
    await owner.ask(setMembers('remove'), { c: group, u: [member.id] });
    await change(owner, { description: 'For those who stayed' });
    expect(await seen(member)).toMatchObject({ description: null, avatarUrl: null, headSeq: '3' });
  });

  it('changes only in the fields that are given, and every member is notified', async () => {
    const atMember = member.subscribe(live);
    await atMember.until(({ values }) => values.length > 0, 'the start of the stream');
    expect(await change(owner, { title: ' Crew ', description: 'For\nall 🌻' })).toEqual({
      id: group,
      title: 'Crew',
      description: 'For\nall 🌻',
      avatarUrl: null,
    });
    expect(await change(owner, { avatarUrl })).toMatchObject({ title: 'Crew', avatarUrl });
    const told = () =>
      atMember.messages.map(({ message }) => message).filter(({ systemEvent }) => systemEvent.kind === 'GROUP_UPDATED');
    await atMember.until(() => told().length === 2, 'both changes');
    const { displayName } = (
      await member.ask('query ($id: ID!) { user(by: { id: $id }) { displayName } }', { id: owner.id })
    ).user;
    expect(told()).toMatchObject([
      {
        kind: 'SYSTEM',
        text: `${displayName} changed the title to “Crew”, the description.`,
        systemEvent: { kind: 'GROUP_UPDATED', title: 'Crew', role: null, userCount: 0, users: [] },
      },
      { text: `${displayName} changed the picture.`, systemEvent: { kind: 'GROUP_UPDATED', title: null } },
    ]);
    expect(told()[1]?.conversation).toMatchObject({ title: 'Crew', description: 'For\nall 🌻', avatarUrl });
    expect(await seen(member)).toMatchObject({ title: 'Crew', headSeq: '3', unreadCount: 0 });
    expect(await change(owner, { description: '  ', avatarUrl: null })).toMatchObject({
      description: null,
      avatarUrl: null,
    });
  });

  it('has no entry for a change of nothing', async () => {
    await change(owner, { title: 'Crew' });
    const { headSeq } = await seen(owner);
    for (const input of [{}, { title: 'Crew' }, { title: null }, { description: null }]) await change(owner, input);
    expect((await seen(owner)).headSeq).toBe(headSeq);
  });

  it('is not changed by a plain member, a stranger or one who has left, and no direct conversation is', async () => {
    const stranger = await server.user();
    const input = { conversationId: group, title: 'Mine' };
    expect(await member.fails(update, { input })).toBe('FORBIDDEN');
    expect(await stranger.fails(update, { input })).toBe('NOT_FOUND');
    await owner.ask(setRole, { c: group, u: member.id, r: 'ADMIN' });
    expect(await change(member, { title: 'Ours' })).toMatchObject({ title: 'Ours' });
    await member.ask('mutation ($c: ID!) { leaveGroup(input: { conversationId: $c }) { conversation { id } } }', {
      c: group,
    });
    expect(await member.fails(update, { input })).toBe('FORBIDDEN');
    const { conversationId } = await owner.send({ userId: member.id }, 'hello');
    expect(await owner.fails(update, { input: { conversationId, title: 'x' } })).toBe('FORBIDDEN');
  });

  it.each([
    { title: '' },
    { title: 'a\nb' },
    { title: 'x'.repeat(101) },
    { description: 'x'.repeat(1_001) },
    { description: 'a\u0000b' },
    { description: 'a\u202eb' },
    { avatarUrl: 'ftp://files.example/x' },
    { avatarUrl: '' },
  ])('is not changed to %j', async (input) => {
    const answer = await owner.post(update, { input: { conversationId: group, ...input } });
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: Object.keys(input)[0] });
  });

  it('is created with a description and a picture, and a repeat must have the same', async () => {
    const create = `mutation ($input: CreateGroupInput!) { createGroup(input: $input) { deduplicated conversation { id ${profile} } } }`;
    const input = { title: 'New', memberIds: [], description: 'Why', avatarUrl, clientGroupId: crypto.randomUUID() };
    const { conversation } = (await owner.ask(create, { input })).createGroup;
    expect(conversation).toMatchObject({ title: 'New', description: 'Why', avatarUrl });
    expect((await owner.ask(create, { input })).createGroup).toEqual({ deduplicated: true, conversation });
    expect(await owner.fails(create, { input: { ...input, description: 'Why not' } })).toBe('ID_CONFLICT');
  });

  it('keeps its profile and roles over a restart', async () => {
    await using own = await startServer();
    [owner, member] = [await own.user(), await own.user()];
    group = await createGroup(owner, [member]);
    await change(owner, { title: 'Crew', description: 'Why', avatarUrl });
    await owner.ask(setRole, { c: group, u: member.id, r: 'OWNER' });
    await own.restart();
    expect(await seen(member)).toMatchObject({ title: 'Crew', description: 'Why', avatarUrl });
    expect(await change(member, { description: 'Because' })).toMatchObject({ title: 'Crew', description: 'Because' });
    expect(await owner.fails(setRole, { c: group, u: member.id, r: 'MEMBER' })).toBe('FORBIDDEN');
  });
});

describe('a role', () => {
  it('is told to every member when it changes, once, also when OWNER is handed over', async () => {
    const atMember = member.subscribe(live);
    await atMember.until(({ values }) => values.length > 0, 'the start of the stream');
    for (const role of ['ADMIN', 'ADMIN', 'OWNER']) await owner.ask(setRole, { c: group, u: member.id, r: role });
    const changes = () => atMember.messages.filter(({ message }) => message.systemEvent.kind === 'ROLE_CHANGED');
    await atMember.until(() => changes().length === 2, 'both changes');
    expect(changes().map(({ message }) => message.systemEvent)).toEqual(
      ['ADMIN', 'OWNER'].map((role) => ({
        kind: 'ROLE_CHANGED',
        role,
        title: null,
        userCount: 1,
        users: [{ id: member.id }],
      })),
    );
    expect(changes()[1]?.message.conversation.viewerMember).toEqual({ role: 'OWNER' });
    const roles = 'query ($id: ID!) { conversation(id: $id) { viewerMember { role } headSeq } }';
    expect((await owner.ask(roles, { id: group })).conversation).toEqual({
      viewerMember: { role: 'ADMIN' },
      headSeq: '3',
    });
  });
});

describe.each([
  ['small', '100'],
  ['large', '1'],
])('a %s group', (_size, FAN_OUT_ON_WRITE_MAX_MEMBERS) => {
  it('tells members of changes live, and later those who were away', async () => {
    await using own = await startServer({ FAN_OUT_ON_WRITE_MAX_MEMBERS });
    [owner, member] = [await own.user(), await own.user()];
    const away = await own.user();
    group = await createGroup(owner, [member, away]);
    const atMember = member.subscribe(live);
    await atMember.until(({ values }) => values.length > 0, 'the start of the stream');
    await change(owner, { title: 'Crew' });
    await change(owner, { description: 'Why' });
    await change(owner, { avatarUrl });
    await owner.ask(setRole, { c: group, u: away.id, r: 'ADMIN' });
    const kinds = ['GROUP_CREATED', 'GROUP_UPDATED', 'GROUP_UPDATED', 'GROUP_UPDATED', 'ROLE_CHANGED'];
    await atMember.until(({ messages }) => messages.length === kinds.length, 'all changes');
    expect(atMember.messages.map(({ message }) => message.systemEvent.kind)).toEqual(kinds);
    expect(atMember.messages.at(-1)?.message.conversation).toMatchObject({
      title: 'Crew',
      description: 'Why',
      avatarUrl,
    });
    const query = '{ offlineMessages(afterSeq: 0) { entries { message { systemEvent { kind } } } } }';
    const { entries } = (await away.ask(query)).offlineMessages;
    expect(entries.map(({ message }: { message: Json }) => message.systemEvent.kind)).toEqual(kinds);
    expect((await seen(away)).headSeq).toBe(String(kinds.length));
  });
});
