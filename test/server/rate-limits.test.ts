/** Rate limits: one allowance and the same error for both transports. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addressOperations, userOperations } from '../../src/server/admission.ts';
import { logInRule } from '../../src/services/accounts/log-in-attempts.ts';
import { registerLimit } from '../../src/services/accounts/password-accounts.ts';
import { sendLimit } from '../../src/services/messages/message-service.ts';
import { type Answer, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { connect } from '../support/raw-socket.ts';
import { bothTransports, type Transport } from '../support/transports.ts';

// Only tests advance the clock, so that allowances do not refill by themselves.
let now = Date.parse('2026-03-10T12:00:00Z');
const scale = 0.01;
const operationsMax = userOperations.points * scale;
const addressMax = addressOperations.points * scale;
const sendsMax = sendLimit.points * scale;

let server: TestServer;
let alice: TestUser;
let bob: TestUser;
let both: [Transport, Transport];
beforeAll(async () => {
  server = await startServer(
    { RATE_LIMIT_SCALE: String(scale), TRUST_PROXY: '1', ACCESS_TOKEN_TTL_S: '86400' },
    () => now,
  );
  alice = await server.user();
  now += registerLimit.windowMs;
  bob = await server.user();
  both = await bothTransports(server, alice.session.accessToken);
});
beforeEach(() => {
  now += 60_000;
});
afterAll(async () => {
  for (const transport of both) await transport[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Asks by turns over the two transports until one refuses: how often that went well, and the refusal of each. */
async function askUntilRefused([http, ws]: [Transport, Transport], query: () => [string, object?]) {
  let count = 0;
  for (;;) {
    const answer = await (count % 2 === 0 ? http : ws).ask(...query());
    if (answer.errors !== undefined) {
      await expectSameRefusal([http, ws], query, answer);
      return { count, refusal: answer.errors[0]?.extensions };
    }
    count += 1;
    if (count > 1_000) throw new Error('nobody refused');
  }
}

/** Both transports refuse with the same error, except for the time to retry, which differs for each caller. */
async function expectSameRefusal(transports: [Transport, Transport], query: () => [string, object?], first: Answer) {
  const withoutMoment = ({ errors }: Answer) =>
    (errors ?? []).map(({ message, path, extensions: { retryAfterMs: _moment, ...extensions } }) => ({
      message: message.replace(/\d+ ms/, 'N ms'),
      path,
      extensions,
    }));
  for (const transport of transports)
    expect(withoutMoment(await transport.ask(...query()))).toEqual(withoutMoment(first));
}

const isFine = ({ errors }: Answer) => errors === undefined;

it('a user’s operations are counted together, and allowed again after the stated time', async () => {
  const { count, refusal } = await askUntilRefused(both, () => ['{ viewer { user { id } } }']);
  expect(count).toBe(operationsMax);
  expect(refusal).toEqual({
    code: 'RATE_LIMITED',
    retryable: true,
    limit: 'operations',
    retryAfterMs: userOperations.windowMs / operationsMax,
  });
  // Others are not held up, and no subscription is let through either.
  expect(isFine(await bob.post('{ viewer { user { id } } }'))).toBe(true);
  const subscription = await both[1].ask('subscription { messageReceived { __typename } }');
  expect(subscription.errors?.[0]?.extensions.code).toBe('RATE_LIMITED');

  now += Number(refusal?.retryAfterMs);
  expect(isFine(await both[1].ask('{ viewer { user { id } } }'))).toBe(true);
  expect((await both[0].ask('{ viewer { user { id } } }')).errors?.[0]?.extensions.code).toBe('RATE_LIMITED');
});

it('a refused operation closes no socket, and ends no subscription', async () => {
  const socket = await connect(server, alice.session.accessToken);
  const query = 'subscription { messageReceived { __typename ... on MessageReceived { message { text } } } }';
  socket.send({ type: 'subscribe', id: 'live', payload: { query } });
  await socket.until(({ id }) => id === 'live');
  await askUntilRefused(both, () => ['{ __typename }']);
  expect((await socket.ask('{ __typename }')).errors?.[0]?.extensions.code).toBe('RATE_LIMITED');
  await bob.send({ userId: alice.id }, 'still there?');
  await socket.until((message) => message.id === 'live' && JSON.stringify(message).includes('still there?'));
  await socket.close();
});

describe('an address', () => {
  const from = (address: string, authorization?: string) => ({
    'x-forwarded-for': address,
    ...(authorization === undefined ? {} : { authorization }),
  });
  async function codeOverHttp(headers: Record<string, string>, query = '{__typename}'): Promise<unknown> {
    const response = await fetch(`${server.url}/graphql?query=${query}`, { headers });
    const { errors } = (await response.json()) as Answer;
    return errors?.[0]?.extensions.code;
  }

  it('has one allowance for all that come from it, signed in or not, over both transports', async () => {
    const socket = await connect(server, undefined, from('10.0.0.1'));
    for (let count = 0; count < addressMax; count += 2) {
      expect(await codeOverHttp(from('10.0.0.1'))).toBeUndefined();
      expect(isFine(await socket.ask('{ __typename }'))).toBe(true);
    }
    expect(await codeOverHttp(from('10.0.0.1'))).toBe('RATE_LIMITED');
    expect((await socket.ask('{ __typename }')).errors?.[0]?.extensions).toMatchObject({
      code: 'RATE_LIMITED',
      limit: 'addressOperations',
    });
    expect(await codeOverHttp(from('10.0.0.1', `Bearer ${bob.session.accessToken}`))).toBe('RATE_LIMITED');
    expect(await codeOverHttp(from('10.0.0.2'))).toBeUndefined();
    await socket.close();
  });

  it('that tries tokens out is counted, too', async () => {
    for (let count = 0; count < addressMax; count += 1)
      expect(await codeOverHttp(from('10.0.0.3', 'Bearer no.such.token'), '{viewer{ user {id} }}')).toBe(
        'UNAUTHENTICATED',
      );
    expect(await codeOverHttp(from('10.0.0.3', 'Bearer no.such.token'), '{viewer{ user {id} }}')).toBe('RATE_LIMITED');
  });
});

describe('a service’s own limit', () => {
  it('is shared by the transports: sends of a user', async () => {
    const mutation = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { sentMessage { id } } }';
    const input = () => ({ to: { userId: bob.id }, text: 'x', clientMessageId: crypto.randomUUID() });
    const { count, refusal } = await askUntilRefused(both, () => [mutation, { input: input() }]);
    expect(count).toBe(sendsMax);
    expect(refusal).toEqual({
      code: 'RATE_LIMITED',
      retryable: true,
      limit: 'sends',
      retryAfterMs: Math.ceil(sendLimit.windowMs / sendsMax),
    });
  });

  it('is shared by the transports: guesses of a password', async () => {
    const query = `mutation { logIn(input: { username: "${bob.session.user.username}", password: "guess guess" }) { session { deviceId } } }`;
    const codes: unknown[] = [];
    for (const transport of [...both, both[0]]) {
      const [error] = (await transport.ask(query)).errors ?? [];
      codes.push(error?.extensions.limit ?? error?.extensions.code);
    }
    expect(Math.round(logInRule.free * scale)).toBeLessThan(1);
    expect(codes).toEqual(['UNAUTHENTICATED', 'logIn', 'logIn']);
  });
});
