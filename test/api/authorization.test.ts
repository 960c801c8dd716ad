/** What a token, a bad one or none at all gets, on both transports. */

import { createHmac } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sessionlessFields } from '../../src/resolvers/context.ts';
import { type Answer, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { connect, RawSocket, tryToConnect } from '../support/raw-socket.ts';

const secret = 'only the server knows this secret';
const whoAmI = '{ viewer { user { id } } }';
const version = '{ server { version } }';
const unauthenticated = { code: 'UNAUTHENTICATED', retryable: false };

let server: TestServer;
let bob: TestUser;
beforeAll(async () => {
  server = await startServer({ JWT_SECRET: secret });
  bob = await server.user();
});
afterAll(() => server[Symbol.asyncDispose]());

async function post(query: string, headers: Record<string, string>): Promise<{ status: number; body: Answer }> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  return { status: response.status, body: (await response.json()) as Answer };
}

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

/** Bob's own claims, signed anew. */
function sign(key = secret, over: object = {}): Promise<string> {
  const claims = { ...claimsOf(bob.session.accessToken), ...over };
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(Buffer.from(key));
}

/** Bob's own claims with a header that says how little it takes. */
function forge(alg: string): string {
  const [, claims] = bob.session.accessToken.split('.');
  const content = `${Buffer.from(JSON.stringify({ alg })).toString('base64url')}.${claims}`;
  return `${content}.${alg === 'none' ? '' : createHmac('sha512', secret).update(content).digest('base64url')}`;
}

describe('a token', () => {
  it('counts when it is made with the secret and in force', async () => {
    const token = await sign();
    expect((await server.post(whoAmI, {}, token)).data?.viewer.user.id).toBe(bob.id);
    const socket = await connect(server, token);
    expect((await socket.ask(whoAmI)).data?.viewer.user.id).toBe(bob.id);
    await socket.close();
  });

  it.each<[string, () => string | Promise<string>]>([
    ['garbage', () => 'garbage'],
    ['three parts of garbage', () => 'a.b.c'],
    ['not signed', () => forge('none')],
    ['signed in another way', () => forge('HS512')],
    ['signed with another secret', () => sign('another secret of the right length')],
    ["another issuer's", () => sign(secret, { iss: 'somebody' })],
    ["another audience's", () => sign(secret, { aud: 'somebody' })],
    ['over', () => sign(secret, { exp: 1_000_000_000 })],
    ['of a device that never was', () => sign(secret, { did: '404' })],
    ['of a session that never was', () => sign(secret, { sid: '404' })],
    ['cut short', () => bob.session.accessToken.slice(0, -2)],
  ])('that is %s is refused, but where none is needed', async (_what, make) => {
    const authorization = `Bearer ${await make()}`;
    // Statuses as GraphQL over HTTP has them for a request that is not executed.
    for (const [accept, status] of [
      ['application/json', 200],
      ['application/graphql-response+json', 400],
    ] as const) {
      const answer = await post(whoAmI, { accept, authorization });
      expect(answer.status).toBe(status);
      expect(answer.body.errors?.map(({ extensions }) => extensions)).toEqual([unauthenticated]);
      expect(answer.body.data).toBeUndefined();
    }
    expect((await post(version, { authorization })).body.data?.server.version).toBe('test');
    expect(await tryToConnect(server, { Authorization: authorization })).toBe(4403);
  });

  it('that has ended does not keep its client from signing in again', async () => {
    const carol = await server.user();
    const authorization = `Bearer ${carol.session.accessToken}`;
    const { refreshToken } = carol.session;
    const refresh = `mutation { refreshSession(input: { refreshToken: "${refreshToken}" }) { session { accessToken } } }`;
    await carol.ask('mutation { logOut { deviceId } }');
    expect((await post(refresh, { authorization })).body.errors?.[0]?.message).toMatch(
      /expired or was revoked; log in/,
    );
    const logIn = `mutation { logIn(input: { username: "${carol.session.user.username}", password: "correct horse" }) { session {
      user { id } } } }`;
    expect((await post(logIn, { authorization })).body.data?.logIn.session.user.id).toBe(carol.id);
    // One field that needs a session, and the whole document does.
    expect((await post(`{ server { version } viewer { user { id } } }`, { authorization })).body.data).toBeUndefined();
  });

  it.each(['Basic Ym9iOnB3', 'Bearer', 'Bearer two tokens', 'token'])('is not found in "%s"', async (authorization) => {
    const { body } = await post(whoAmI, { authorization });
    expect(body.errors?.[0]?.extensions).toEqual(unauthenticated);
    expect(await tryToConnect(server, { authorization })).toBe(4403);
  });

  it('is found regardless of the case of its header', async () => {
    const { accessToken } = bob.session;
    for (const payload of [
      { authorization: `Bearer ${accessToken}` },
      { AUTHORIZATION: `bearer ${accessToken}` },
      { aUtHoRiZaTiOn: `BEARER ${accessToken}`, more: [1] },
      { headers: { Authorization: `Bearer ${accessToken}` } },
    ]) {
      const socket = await RawSocket.open(server);
      expect(await socket.init(payload)).toBe('connection_ack');
      expect((await socket.ask(whoAmI)).data?.viewer.user.id).toBe(bob.id);
      await socket.close();
    }
    expect((await post(whoAmI, { AUTHORIZATION: `bearer ${accessToken}` })).body.data?.viewer.user.id).toBe(bob.id);
  });
});

/** `viewer` answers null; with a token that is no longer valid it is refused. */
const withoutSession = [...sessionlessFields, 'viewer'];
const withSession: Record<string, string> = {
  user: '{ user(by: { id: "1" }) { id } }',
  users: '{ users(search: "a") { nodes { id } } }',
  node: '{ node(id: "1") { id } }',
  nodes: '{ nodes(ids: ["1"]) { id } }',
  conversation: '{ conversation(id: "1") { id } }',
  conversations: '{ conversations { nodes { id } } }',
  message: '{ message(id: "1") { id } }',
  offlineMessages: '{ offlineMessages(afterSeq: "0") { headSeq } }',
  history: '{ history(conversationId: "1") { nodes { id } } }',
  presence: '{ presence(userIds: ["1"]) { status } }',
  updateProfile: 'mutation { updateProfile(input: {}) { user { id } } }',
  logOut: 'mutation { logOut { deviceId } }',
  changePassword:
    'mutation { changePassword(input: { currentPassword: "a", newPassword: "b" }) { viewer { user { id } } } }',
  revokeDevice: 'mutation { revokeDevice(input: { deviceId: "1" }) { viewer { user { id } } } }',
  openDirectConversation: 'mutation { openDirectConversation(input: { userId: "1" }) { conversation { id } } }',
  createGroup: 'mutation { createGroup(input: { title: "t", memberIds: [] }) { conversation { id } } }',
  addMembers: 'mutation { addMembers(input: { conversationId: "1", userIds: ["1"] }) { conversation { id } } }',
  removeMembers: 'mutation { removeMembers(input: { conversationId: "1", userIds: ["1"] }) { conversation { id } } }',
  updateGroup: 'mutation { updateGroup(input: { conversationId: "1" }) { conversation { id } } }',
  setMemberRole:
    'mutation { setMemberRole(input: { conversationId: "1", userId: "1", role: ADMIN }) { conversation { id } } }',
  leaveGroup: 'mutation { leaveGroup(input: { conversationId: "1" }) { conversation { id } } }',
  sendMessage:
    'mutation { sendMessage(input: { to: { userId: "1" }, clientMessageId: "c", text: "t" }) { deduplicated } }',
  ackMessages: 'mutation { ackMessages(input: { status: READ, upToInboxSeq: "0" }) { ackedSeq } }',
  heartbeat: 'mutation { heartbeat { headSeq } }',
  messageReceived: 'subscription { messageReceived { __typename } }',
  receiptChanged: 'subscription { receiptChanged { readSeq } }',
  messageStatusChanged: 'subscription { messageStatusChanged { status } }',
  presenceChanged: 'subscription { presenceChanged { status } }',
};

describe('without a session', () => {
  let nobody: RawSocket;
  beforeAll(async () => {
    nobody = await connect(server);
  });
  afterAll(() => nobody.close());

  it('every operation is known here, by name, to need one or not', async () => {
    const fields = '{ fields { name } }';
    const { data } = await server.post(
      `{ __schema { queryType ${fields} mutationType ${fields} subscriptionType ${fields} } }`,
    );
    const roots = Object.values(data?.__schema as Record<string, { fields: { name: string }[] }>);
    const names = roots.flatMap((root) => root.fields.map(({ name }) => name));
    expect(names.sort()).toEqual([...Object.keys(withSession), ...withoutSession].sort());
  });

  it.each(Object.entries(withSession))('%s is refused', async (name, query) => {
    const answer = await nobody.ask(query);
    expect(answer.errors).toMatchObject([{ path: [name], extensions: unauthenticated }]);
    if (query.startsWith('subscription')) return;
    const overHttp = await server.post(query);
    expect(overHttp.errors).toMatchObject([{ path: [name], extensions: unauthenticated }]);
    expect(overHttp.data ?? { [name]: null }).toEqual({ [name]: null });
  });

  it('the server field is still answered', async () => {
    expect((await server.post(version)).data).toEqual({ server: { version: 'test' } });
    expect(await nobody.ask(version)).toEqual({ data: { server: { version: 'test' } } });
  });

  it('later fields of the document are answered separately', async () => {
    const answer = await nobody.ask('{ conversation(id: "1") { id } server { version } }');
    expect(answer.data).toEqual({ conversation: null, server: { version: 'test' } });
    expect(answer.errors?.map(({ path }) => path)).toEqual([['conversation']]);
  });
});

describe('a socket that has not said connection_init', () => {
  it.each([whoAmI, version, 'subscription { messageReceived { __typename } }', '{ no document'])(
    'is closed with 4401 when it asks %s',
    async (query) => {
      const socket = await RawSocket.open(server);
      socket.send({ type: 'subscribe', id: '1', payload: { query } });
      expect(await socket.closed).toBe(4401);
      expect(socket.messages).toEqual([]);
    },
  );
});
