/** Users who sign in at an identity provider, as its tokens are taken on both transports. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Answer, eventually, startServer, type TestServer } from '../support/heliograph.ts';
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts';
import { connect, tryToConnect } from '../support/raw-socket.ts';

const whoAmI = '{ viewer { user { id username displayName } } }';
const newName = () => `u${randomUUID().slice(0, 8)}`;
const codeOf = (answer: Answer) => answer.errors?.[0]?.extensions.code ?? 'OK';
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const seconds = () => Math.floor(Date.now() / 1000);

let provider: IdentityProvider;
let server: TestServer;
beforeAll(async () => {
  provider = await startIdentityProvider();
  server = await startServer(provider.env);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

afterEach(() => {
  vi.useRealTimers();
});

/** How a token is taken over HTTP and over WebSocket. */
async function standing(token: string, at = server): Promise<unknown[]> {
  return [codeOf(await at.post(whoAmI, {}, token)), await tryToConnect(at, bearer(token))];
}
const good = ['OK', 'connection_ack'];
const refused = ['UNAUTHENTICATED', 4403];

describe('a user of an identity provider', () => {
  it('is made at first sight, once, however many requests come first', async () => {
    const username = newName();
    const token = await provider.sign({ sub: randomUUID(), preferred_username: username, name: 'Ada L.' });
    const overHttp = Array.from({ length: 4 }, () => server.post(whoAmI, {}, token));
    const overSocket = Array.from({ length: 4 }, async () => {
      const socket = await connect(server, token);
      const answer = await socket.ask(whoAmI);
      await socket.close();
      return answer;
    });
    const viewers = (await Promise.all([...overHttp, ...overSocket])).map(({ data }) => data?.viewer?.user);
    expect(viewers[0]).toEqual({ id: expect.stringMatching(/^\d+$/), username, displayName: 'Ada L.' });
    expect(new Set(viewers.map(({ id }) => id)).size).toBe(1);
    const byName = await server.post(
      'query ($n: String!) { user(by: { username: $n }) { id } }',
      { n: username },
      token,
    );
    expect(byName.data?.user.id).toBe(viewers[0].id);
  });

  it('is found by the subject of the provider', async () => {
    const sub = randomUUID();
    const token = await provider.sign({ sub, preferred_username: newName() });
    const query = 'query ($sub: String!) { user(by: { externalId: $sub }) { id externalId } viewer { user { id } } }';
    const { data } = await server.post(query, { sub }, token);
    expect(data?.user).toEqual({ id: data?.viewer.user.id, externalId: sub });
    expect((await server.post(query, { sub: randomUUID() }, token)).data?.user).toBeNull();
  });

  it('is a separate user for each subject, regardless of the name, and can send messages', async () => {
    const name = newName();
    const tokens = [];
    for (const _ of 'ab') tokens.push(await provider.sign({ sub: randomUUID(), preferred_username: name }));
    const [ada, bob] = await Promise.all(
      tokens.map(async (token) => (await server.post(whoAmI, {}, token)).data?.viewer?.user),
    );
    expect([ada.id, ada.username]).not.toEqual([bob.id, bob.username]);
    const [toBob, toAda] = [await connect(server, tokens[1]), await connect(server, tokens[0])];
    const query = 'subscription { messageReceived { ... on MessageReceived { message { text sender { id } } } } }';
    toBob.send({ type: 'subscribe', id: 'live', payload: { query } });
    await toBob.until(({ id }) => id === 'live');
    const send = `mutation ($id: ID!, $key: ID!) {
      sendMessage(input: { to: { userId: $id }, clientMessageId: $key, text: "hello" }) { sentMessage { status } } }`;
    const sent = await toAda.ask(send, { id: bob.id, key: randomUUID() });
    expect(sent.data?.sendMessage.sentMessage.status).toBe('SENT');
    const text = await toBob.until(({ payload }) => JSON.stringify(payload ?? null).includes('hello'));
    expect(text.payload).toEqual({ data: { messageReceived: { message: { text: 'hello', sender: { id: ada.id } } } } });
    for (const socket of [toAda, toBob]) await socket.close();
  });

  it('is refused with a token for another audience, an expired one, or one without a subject', async () => {
    const sub = randomUUID();
    for (const claims of [
      { aud: 'another service' },
      { aud: undefined },
      { iss: 'https://another.example' },
      { exp: seconds() - 31 },
      { exp: undefined },
      { sub: undefined },
    ]) {
      expect(await standing(await provider.sign({ sub, ...claims }))).toEqual(refused);
    }
    expect(await standing(await provider.sign({ sub }))).toEqual(good);
    expect(await standing(await provider.sign({ sub, aud: ['another service', 'heliograph'] }))).toEqual(good);
  });

  it('cannot register, log in or refresh, and gets an explanation', async () => {
    const nobody = await connect(server);
    for (const query of [
      `mutation { register(input: { username: "${newName()}", password: "correct horse" }) { session { deviceId } } }`,
      `mutation { logIn(input: { username: "${newName()}", password: "correct horse" }) { session { deviceId } } }`,
      'mutation { refreshSession(input: { refreshToken: "x" }) { session { deviceId } } }',
    ]) {
      for (const answer of [await server.post(query), await nobody.ask(query)]) {
        expect(answer.errors?.[0]?.extensions).toEqual({ code: 'FORBIDDEN', retryable: false });
        expect(answer.errors?.[0]?.message).toContain('identity provider');
      }
    }
    await nobody.close();
  });
});

describe('a device of an identity provider', () => {
  it('logs out alone, until it signs in at the provider again', async () => {
    const sub = randomUUID();
    const phone = await provider.sign({ sub, sid: 'phone' });
    const laptop = await connect(server, await provider.sign({ sub, sid: 'laptop' }));
    const socket = await connect(server, phone);
    expect((await server.post('mutation { logOut { deviceId } }', {}, phone)).data).toMatchObject({
      logOut: { deviceId: expect.any(String) },
    });
    expect(await socket.closed).toBe(4403);
    expect(await standing(phone)).toEqual(refused);
    expect(codeOf(await laptop.ask(whoAmI))).toBe('OK');

    const anew = await provider.sign({ sub, sid: 'phone', iat: seconds() + 1 });
    expect(await standing(anew)).toEqual(good);
    // What was logged out does not come back with it.
    expect(await standing(phone)).toEqual(refused);
    await server.restart();
    expect(await standing(phone)).toEqual(refused);
    expect(await standing(anew)).toEqual(good);
    await laptop.closed;
  });

  it('is closed with 4403 when its token ends', async () => {
    let aheadMs = 0;
    await using timed = await startServer(provider.env, () => Date.now() + aheadMs);
    const token = await provider.sign({ sub: randomUUID(), exp: seconds() + 60 });
    const socket = await connect(timed, token);
    // The provider's clock may be 30 s behind.
    aheadMs = 85_000;
    expect(await standing(token, timed)).toEqual(good);
    aheadMs = 91_000;
    expect(await socket.closed).toBe(4403);
    expect(await standing(token, timed)).toEqual(refused);
  });
});

describe('an identity provider', () => {
  it('may change its keys: new ones count, and tokens of withdrawn ones do not', async () => {
    let aheadMs = 0;
    await using own = await startServer(provider.env, Date.now, () => performance.now() + aheadMs);
    const sub = randomUUID();
    const unseen = await provider.sign({ sub, sid: 'unseen' });
    expect(await standing(await provider.sign({ sub }), own)).toEqual(good);
    await provider.rotate();
    const rotated = await provider.sign({ sub });
    // Unknown keys are asked for at most every half minute, so that made-up ones do not become requests.
    aheadMs = 31_000;
    expect(await standing(rotated, own)).toEqual(good);
    expect(await standing(unseen, own)).toEqual(refused);
  });

  it('that is unavailable for a day keeps its users signed in, and accepts new ones', async () => {
    await using own = await startServer(provider.env, () => Date.now());
    expect(await standing(await provider.sign({ sub: randomUUID() }), own)).toEqual(good);
    provider.isAway = true;
    // Every clock in the process, those of libraries too.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 24 * 3_600_000 });
    expect(await standing(await provider.sign({ sub: randomUUID() }), own)).toEqual(good);
    provider.isAway = false;
  });

  it('with two keys that have no id has its tokens accepted', async () => {
    await using unnamed = await startIdentityProvider({ hasKeyIds: false });
    await using own = await startServer(unnamed.env);
    await unnamed.add();
    expect(await standing(await unnamed.sign({ sub: randomUUID() }), own)).toEqual(good);
  });

  it("has its other applications' tokens, and tokens that are not access tokens, refused", async () => {
    for (const claims of [{ aud: 'other' }, { iss: 'https://other.example' }, { typ: 'ID' }, { at_hash: 'x' }])
      expect(await standing(await provider.sign({ sub: randomUUID(), ...claims }))).toEqual(refused);
    await using open = await startServer({ ...provider.env, JWT_AUDIENCE: '*', JWT_SCOPE: 'chat' });
    expect(await standing(await provider.sign({ sub: randomUUID(), aud: 'other', scope: 'chat' }), open)).toEqual(good);
    expect(await standing(await provider.sign({ sub: randomUUID(), aud: 'other' }), open)).toEqual(refused);
  });

  it('that is unavailable is logged and counted', async () => {
    await using own = await startServer(provider.env);
    provider.isAway = true;
    await own.post(whoAmI, {}, await provider.sign({ sub: randomUUID() }));
    provider.isAway = false;
    const lines = own.logLines.filter(({ what }) => what === 'identity-provider');
    expect(lines).toEqual([expect.objectContaining({ 'log.level': 'error' })]);
    const metrics = await (await fetch(`${own.url}/metrics`)).text();
    expect(metrics).toContain('heliograph_faults_total{what="identity-provider"} 1');
  });

  it('that is unavailable makes its tokens wait instead of fail, and affects no other user', async () => {
    await using own = await startServer({ ...provider.env, JWT_SECRET: 's'.repeat(32), PASSWORD_SIGN_IN: 'true' });
    const local = await own.user();
    provider.isAway = true;
    const token = await provider.sign({ sub: randomUUID() });
    const answer = await own.post(whoAmI, {}, token);
    expect(answer.errors?.[0]?.extensions).toEqual({ code: 'UNAVAILABLE', retryable: true });
    // To come back with the same token: a client that is told 4403 would ask for a new one.
    expect(await tryToConnect(own, bearer(token))).toBe(1013);
    expect(await standing('not a token', own)).toEqual(refused);
    expect(await standing(local.session.accessToken, own)).toEqual(good);
    provider.isAway = false;
    await eventually(async () => (await tryToConnect(own, bearer(token))) === 'connection_ack');
    expect(await standing(token, own)).toEqual(good);
  });
});
