/** Events and payloads carry entities, so that a client's normalised cache updates itself. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ack, createGroup } from '../support/actions.ts';
import { type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
let alice: TestUser;
let bob: TestUser;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  [alice, bob] = [await server.user(), await server.user()];
});

describe('an event', () => {
  it('of a receipt has the member and the conversation, as they are now', async () => {
    const { conversationId, id } = await alice.send({ userId: bob.id }, 'hello');
    const changes = alice.subscribe(
      `subscription ($id: ID) { receiptChanged(conversationId: $id) {
        userId member { id readSeq user { id } } conversation { id unreadCount } } }`,
      { id: conversationId },
    );
    await changes.until(({ values }) => values.length === 2, 'present positions');
    await ack(bob, { status: 'READ', messageIds: [id] });
    const isOfBob = ({ userId, member }: Json) => userId === bob.id && member.readSeq === '1';
    await changes.until(({ values }) => values.some(isOfBob), 'the change');
    expect(changes.values.find(isOfBob)).toEqual({
      userId: bob.id,
      member: { id: `${conversationId}-${bob.id}`, readSeq: '1', user: { id: bob.id } },
      conversation: { id: conversationId, unreadCount: 0 },
    });
  });

  it('of a status has the message and the conversation', async () => {
    const statuses = alice.subscribe(
      'subscription { messageStatusChanged { status message { id status readCount } conversation { id } } }',
    );
    // A ping-pong on the same socket: the subscription is active before the message is read.
    const marker = alice.subscribe('{ viewer { user { id } } }');
    await marker.until(({ isComplete }) => isComplete);
    const { conversationId, id } = await alice.send({ userId: bob.id }, 'hello');
    await ack(bob, { status: 'READ', messageIds: [id] });
    await statuses.until(({ values }) => values.some(({ status }) => status === 'READ'), 'READ');
    expect(statuses.values.at(-1)).toEqual({
      status: 'READ',
      message: { id, status: 'READ', readCount: 1 },
      conversation: { id: conversationId },
    });
  });

  it('of presence has the user, whose presence is also theirs in any answer', async () => {
    await alice.send({ userId: bob.id }, 'hello');
    await bob.send({ userId: alice.id }, 'hello');
    await bob.ask('mutation { heartbeat { headSeq } }');
    const events = alice.subscribe(
      'subscription ($ids: [ID!]) { presenceChanged(userIds: $ids) { user { id username } status } }',
      { ids: [bob.id] },
    );
    await events.until(({ values }) => values.at(-1)?.status === 'ONLINE', 'ONLINE, once the two are contacts');
    const { username } = bob.session.user;
    expect(events.values.at(-1)).toEqual({ user: { id: bob.id, username }, status: 'ONLINE' });
    const query = 'query ($id: ID!) { user(by: { id: $id }) { presence { userId status } } }';
    expect((await alice.ask(query, { id: bob.id })).user.presence).toEqual({ userId: bob.id, status: 'ONLINE' });
    const stranger = await server.user();
    expect((await stranger.ask(query, { id: bob.id })).user.presence).toEqual({ userId: bob.id, status: 'UNKNOWN' });
  });
});

describe('a conversation', () => {
  const query = `query ($id: ID!) { conversation(id: $id) { createdAt lastActivityAt peer { id }
    viewerMember { id role joinedAt joinedSeq conversation { id } } lastMessage { sentAt } } }`;
  const see = async (user: TestUser, id: string) => (await user.ask(query, { id })).conversation;

  it('has the other user as its peer, and the viewer in a notebook', async () => {
    const { conversationId } = await alice.send({ userId: bob.id }, 'hello');
    const [atAlice, atBob] = [await see(alice, conversationId), await see(bob, conversationId)];
    expect([atAlice.peer, atBob.peer]).toEqual([{ id: bob.id }, { id: alice.id }]);
    expect(atAlice.viewerMember).toEqual({
      id: `${conversationId}-${alice.id}`,
      role: 'MEMBER',
      joinedAt: atAlice.createdAt,
      joinedSeq: '0',
      conversation: { id: conversationId },
    });
    const notebook = await alice.send({ userId: alice.id }, 'note');
    expect((await see(alice, notebook.conversationId)).peer).toEqual({ id: alice.id });
  });

  it('is as old as its last message that the viewer can see', async () => {
    const group = await createGroup(alice, [bob]);
    const sent = await alice.send({ conversationId: group }, 'hello');
    expect(await see(bob, group)).toMatchObject({ peer: null, lastActivityAt: sent.sentAt });
    const leave = 'mutation ($c: ID!) { leaveGroup(input: { conversationId: $c }) { conversation { id } } }';
    await bob.ask(leave, { c: group });
    await alice.send({ conversationId: group }, 'after bob has left');
    const left = await see(bob, group);
    expect(left.viewerMember).toBeNull();
    expect(left.lastActivityAt).toBe(left.lastMessage.sentAt);
    expect((await see(alice, group)).lastActivityAt >= left.lastActivityAt).toBe(true);
  });

  it('has members who joined with the message that says so, and pages of messages', async () => {
    const group = await createGroup(alice, []);
    await alice.send({ conversationId: group }, 'one');
    const add = `mutation ($c: ID!, $u: [ID!]!) {
      addMembers(input: { conversationId: $c, userIds: $u }) { conversation {
        members { nodes { user { id } joinedAt } } messages(first: 3) { nodes { seq sentAt } } } } }`;
    const { conversation } = (await alice.ask(add, { c: group, u: [bob.id] })).addMembers;
    const [founded, , added] = conversation.messages.nodes;
    expect(conversation.members.nodes).toEqual([
      { user: { id: alice.id }, joinedAt: founded.sentAt },
      { user: { id: bob.id }, joinedAt: added.sentAt },
    ]);
    const newest = 'query ($id: ID!) { conversation(id: $id) { messages(last: 1) { nodes { seq } } } }';
    expect((await alice.ask(newest, { id: group })).conversation.messages.nodes).toEqual([{ seq: '3' }]);
  });

  it('gives a changed role back with its member', async () => {
    const group = await createGroup(alice, [bob]);
    const change = `mutation ($c: ID!, $u: ID!) { setMemberRole(input: { conversationId: $c, userId: $u, role: ADMIN }) {
      member { id role } conversation { viewerMember { role } } } }`;
    expect((await alice.ask(change, { c: group, u: bob.id })).setMemberRole).toEqual({
      member: { id: `${group}-${bob.id}`, role: 'ADMIN' },
      conversation: { viewerMember: { role: 'OWNER' } },
    });
  });
});

it('a truncated backlog leads to the conversation whose messages it stands for', async () => {
  await using small = await startServer({ FAN_OUT_ON_WRITE_MAX_MEMBERS: '0', BACKLOG_MAX: '2' });
  const [owner, reader] = [await small.user(), await small.user()];
  const group = await createGroup(owner, [reader]);
  for (const text of ['one', 'two', 'three']) await owner.send({ conversationId: group }, text);
  const query = `{ offlineMessages(afterSeq: 0) { truncated { conversationId fromSeq toSeq
    conversation { id messages(first: 2) { nodes { seq } } } } } }`;
  const { truncated } = (await reader.ask(query)).offlineMessages;
  expect(truncated).toMatchObject([
    {
      conversationId: group,
      fromSeq: '1',
      conversation: { id: group, messages: { nodes: [{ seq: '1' }, { seq: '2' }] } },
    },
  ]);
});

describe('a device', () => {
  it('comes with its session, and is listed with the others, the current one marked', async () => {
    const logIn = `mutation ($input: LogInInput!) { logIn(input: $input) { session {
      accessToken deviceId device { id name isCurrent createdAt lastUsedAt } user { id presence { status } } } } }`;
    const input = { username: alice.session.user.username, password: 'correct horse', deviceName: 'Phone' };
    const { session } = (await server.post(logIn, { input })).data?.logIn ?? {};
    expect(session).toMatchObject({
      device: { id: session.deviceId, name: 'Phone', isCurrent: true },
      user: { id: alice.id, presence: { status: 'UNKNOWN' } },
    });
    const list = '{ viewer { devices { id name isCurrent } } }';
    const devices = async (token: string) => (await server.post(list, {}, token)).data?.viewer.devices;
    const [first, second] = [alice.session.deviceId, session.deviceId];
    expect(await devices(session.accessToken)).toEqual(
      expect.arrayContaining([
        { id: second, name: 'Phone', isCurrent: true },
        { id: first, name: null, isCurrent: false },
      ]),
    );
    await server.post('mutation { logOut { deviceId } }', {}, session.accessToken);
    expect(await devices(alice.session.accessToken)).toEqual([{ id: first, name: null, isCurrent: true }]);
  });
});
