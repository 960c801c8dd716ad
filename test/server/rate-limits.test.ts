/** Rate limits: one allowance and the same error for both transports. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeCodes } from '../../src/domain/errors.ts';
import {
  addressOperations,
  anonymousOperations,
  costPerPoint,
  handshakes,
  userOperations,
} from '../../src/server/admission.ts';
import { logInRule } from '../../src/services/accounts/log-in-attempts.ts';
import { registerLimit } from '../../src/services/accounts/password-accounts.ts';
import { sendLimit } from '../../src/services/messages/message-service.ts';
import { type Answer, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { statusOfUpgrade } from '../support/raw-http.ts';
import { connect, RawSocket } from '../support/raw-socket.ts';
import { bothTransports, type Transport } from '../support/transports.ts';

// Only tests advance the clock, so that allowances do not refill by themselves.
let now = 1_000;
const scale = 0.01;
const operationsMax = userOperations.points * scale;
const addressMax = addressOperations.points * scale;
const anonymousMax = anonymousOperations.points * scale;
const sendsMax = sendLimit.points * scale;

let server: TestServer;
let alice: TestUser;
let bob: TestUser;
let both: [Transport, Transport];
beforeAll(async () => {
  server = await startServer(
    { RATE_LIMIT_SCALE: String(scale), TRUST_PROXY: '1', ACCESS_TOKEN_TTL_S: '86400' },
    Date.now,
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
    'apollo-require-preflight': '1',
    ...(authorization === undefined ? {} : { authorization }),
  });
  async function codeOverHttp(headers: Record<string, string>, query = '{__typename}'): Promise<unknown> {
    const response = await fetch(`${server.url}/graphql?query=${query}`, { headers });
    const { errors } = (await response.json()) as Answer;
    return errors?.[0]?.extensions.code;
  }

  it('has one allowance for all that come from it, signed in or not, over both transports', async () => {
    const tokens: (string | undefined)[] = [undefined];
    for (let count = 0; count * operationsMax < addressMax; count += 1) {
      now += registerLimit.windowMs;
      tokens.push((await server.user()).session.accessToken);
    }
    const socket = await connect(server, tokens[1], from('10.0.0.1'));
    let count = 0;
    for (const token of tokens) {
      const max = token === undefined ? anonymousMax : operationsMax;
      for (let own = 0; own < max && count < addressMax; own += 1) {
        if (token === tokens[1] && own % 2 === 0) expect(isFine(await socket.ask('{ __typename }'))).toBe(true);
        else {
          const headers = from('10.0.0.1', token === undefined ? undefined : `Bearer ${token}`);
          expect(await codeOverHttp(headers)).toBeUndefined();
        }
        count += 1;
      }
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

  it('has a small share without a session, over both transports', async () => {
    const socket = await connect(server, undefined, from('10.0.0.4'));
    for (let count = 0; count < anonymousMax; count += 2) {
      expect(await codeOverHttp(from('10.0.0.4'))).toBeUndefined();
      expect(isFine(await socket.ask('{ __typename }'))).toBe(true);
    }
    expect(await codeOverHttp(from('10.0.0.4'))).toBe('RATE_LIMITED');
    expect((await socket.ask('{ __typename }')).errors?.[0]?.extensions).toMatchObject({
      limit: 'anonymousOperations',
    });
    expect(await codeOverHttp(from('10.0.0.4', `Bearer ${bob.session.accessToken}`))).toBeUndefined();
    await socket.close();
  });

  it('that tries tokens out is counted, too', async () => {
    for (let count = 0; count < anonymousMax; count += 1)
      expect(await codeOverHttp(from('10.0.0.3', 'Bearer no.such.token'), '{viewer{ user {id} }}')).toBe(
        'UNAUTHENTICATED',
      );
    expect(await codeOverHttp(from('10.0.0.3', 'Bearer no.such.token'), '{viewer{ user {id} }}')).toBe('RATE_LIMITED');
  });
});

it('a large operation counts for more, on both transports', async () => {
  const nodes = '{ nodes { conversationId text sentAt } }';
  const query = `{ history(conversationId: "1", first: 500) ${nodes} more: history(conversationId: "1", first: 500) ${nodes} }`;
  // 500 × 3 fields twice, and what is around them.
  const points = 1 + Math.floor(3_004 / costPerPoint);
  expect(points).toBe(2);
  let count = 0;
  for (;;) {
    const answer = await (both[count % 2] as Transport).ask(query);
    if (answer.errors?.[0]?.extensions.code === 'RATE_LIMITED') break;
    count += 1;
  }
  expect(count).toBe(operationsMax / points);
});

describe('handshakes', () => {
  const max = handshakes.points * scale;

  it('of one address are bounded, and come back with time', async () => {
    for (let count = 0; count < max; count += 1)
      expect(await statusOfUpgrade(server.wsUrl, { 'x-forwarded-for': '10.0.1.1' })).toBe(101);
    expect(await statusOfUpgrade(server.wsUrl, { 'x-forwarded-for': '10.0.1.1' })).toBe(429);
    expect(await statusOfUpgrade(server.wsUrl, { 'x-forwarded-for': '10.0.1.2' })).toBe(101);
    now += handshakes.windowMs;
    expect(await statusOfUpgrade(server.wsUrl, { 'x-forwarded-for': '10.0.1.1' })).toBe(101);
  });

  it('with invalid tokens count tenfold, and are counted for operators', async () => {
    for (let count = 0; count < max / 10; count += 1) {
      const socket = await RawSocket.open(server, { 'x-forwarded-for': '10.0.1.3' });
      expect(await socket.init({ Authorization: 'Bearer no.such.token' })).toBe(closeCodes.forbidden.code);
    }
    expect(await statusOfUpgrade(server.wsUrl, { 'x-forwarded-for': '10.0.1.3' })).toBe(429);
    const page = await fetch(`${server.url}/metrics`).then((response) => response.text());
    expect(page).toContain(`heliograph_tokens_refused_total{transport="ws"} ${max / 10}`);
    expect(page).toContain('heliograph_limits_hit_total{limit="handshakes"} 2');
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
