/** Looking something up by its key, and the viewer's own data. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ack, createGroup } from '../support/actions.ts';
import { startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
let alice: TestUser;
let bob: TestUser;

beforeAll(async () => {
  server = await startServer();
  [alice, bob] = [await server.user(), await server.user()];
});
afterAll(() => server[Symbol.asyncDispose]());

describe('a look-up by key', () => {
  const lookUps = `query ($user: ID!, $name: String!, $conversation: ID!, $message: ID!) {
    user(by: { id: $user }) { id } named: user(by: { username: $name }) { id }
    conversation(id: $conversation) { id } message(id: $message) { id } }`;

  it('finds what is there for the viewer', async () => {
    const sent = await alice.send({ userId: bob.id }, 'hello');
    const conversation = sent.conversationId;
    const name = bob.session.user.username.toUpperCase();
    expect(await alice.ask(lookUps, { user: bob.id, name, conversation, message: sent.id })).toEqual({
      user: { id: bob.id },
      named: { id: bob.id },
      conversation: { id: conversation },
      message: { id: sent.id },
    });
  });

  const nothing = { user: null, named: null, conversation: null, message: null };
  it.each(['1', '', "' OR 1=1 --", '\0', '9'.repeat(40)])('answers null without an error for %j', async (id) => {
    const variables = { user: id, name: id, conversation: id, message: id };
    expect(await alice.post(lookUps, variables)).toEqual({ data: nothing });
  });

  it('answers the same for what is hidden from the viewer', async () => {
    const carol = await server.user();
    const sent = await alice.send({ userId: bob.id }, 'between us');
    const variables = { user: '1', name: '', conversation: sent.conversationId, message: sent.id };
    expect(await carol.post(lookUps, variables)).toEqual({ data: nothing });
  });
});

describe('the viewer', () => {
  const viewer = '{ viewer { user { id username } inboxHeadSeq unreadCount unreadConversationCount } }';

  it('counts what is unread over all conversations, and knows the inbox head', async () => {
    const dave = await server.user();
    const group = await createGroup(alice, [bob, dave]);
    await alice.send({ conversationId: group }, 'one');
    await alice.send({ conversationId: group }, 'two');
    const { conversationId } = await bob.send({ userId: dave.id }, 'three');
    const { id, username } = dave.session.user;
    const user = { id, username };
    expect((await dave.ask(viewer)).viewer).toEqual({
      user,
      inboxHeadSeq: '4',
      unreadCount: 3,
      unreadConversationCount: 2,
    });
    await ack(dave, { status: 'READ', upTo: [{ conversationId: group, seq: 3 }] });
    expect((await dave.ask(viewer)).viewer).toMatchObject({ unreadCount: 1, unreadConversationCount: 1 });
    await ack(dave, { status: 'READ', upTo: [{ conversationId, seq: 1 }] });
    expect((await dave.ask(viewer)).viewer).toMatchObject({ unreadCount: 0, unreadConversationCount: 0 });
  });

  it('alone has private fields: a user has the public ones only', async () => {
    const { __type } = await alice.ask('{ __type(name: "User") { fields { name } } }');
    expect(__type.fields.map(({ name }: { name: string }) => name).sort()).toEqual([
      'avatarUrl',
      'createdAt',
      'displayName',
      'externalId',
      'id',
      'presence',
      'username',
    ]);
  });

  it('is null without a session', async () => {
    expect(await server.post(viewer)).toEqual({ data: { viewer: null } });
  });
});

it('a heartbeat says whether the client has missed something', async () => {
  const erin = await server.user();
  await alice.send({ userId: erin.id }, 'one');
  const beat = 'mutation ($position: Seq) { heartbeat(input: { position: $position }) { headSeq hasMissed } }';
  expect((await erin.ask(beat, { position: 0 })).heartbeat).toEqual({ headSeq: '1', hasMissed: true });
  expect((await erin.ask(beat, { position: 1 })).heartbeat).toEqual({ headSeq: '1', hasMissed: false });
  expect((await erin.ask('mutation { heartbeat { hasMissed } }')).heartbeat).toEqual({ hasMissed: null });
});
