/** Limits on clients: sizes, operations, sockets and time. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeCodes } from '../../src/domain/errors.ts';
import { eventually, type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { statusOfUpgrade } from '../support/raw-http.ts';
import { connect, RawSocket } from '../support/raw-socket.ts';

const requestMaxBytes = 3_000;
const [operationsMax, perUserMax, perAddressMax, socketsMax, subscriptionsMax] = [4, 3, 4, 6, 6];

let server: TestServer;
let alice: TestUser;
beforeAll(async () => {
  server = await startServer({
    REQUEST_MAX_BYTES: String(requestMaxBytes),
    TEXT_MAX_BYTES: String(requestMaxBytes / 2),
    OPERATIONS_PER_SOCKET_MAX: String(operationsMax),
    SOCKETS_PER_USER_MAX: String(perUserMax),
    SOCKETS_PER_ADDRESS_MAX: String(perAddressMax),
    SOCKETS_MAX: String(socketsMax),
    SUBSCRIPTIONS_PER_USER_MAX: String(subscriptionsMax),
    TRUST_PROXY: '1',
  });
  alice = await server.user();
});
afterAll(() => server[Symbol.asyncDispose]());

/** An address as a proxy reports it. */
const from = (address: string) => ({ 'x-forwarded-for': address });
const signedIn = (address: string) => connect(server, alice.session.accessToken, from(address));

async function limitsHit(limit: string): Promise<number> {
  const page = await fetch(`${server.url}/metrics`).then((response) => response.text());
  return Number(new RegExp(`heliograph_limits_hit_total\\{limit="${limit}"\\} (\\d+)`).exec(page)?.[1] ?? 0);
}

async function liveSubscriptions(): Promise<number> {
  const page = await fetch(`${server.url}/metrics`).then((response) => response.text());
  const counts = [...page.matchAll(/^heliograph_live_subscriptions\{[^}]*\} (\d+)/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** A request of exactly so many bytes. */
function padded(bytes: number, message: (query: string) => object): string {
  const query = '{ __typename } #';
  return JSON.stringify(message(query + 'x'.repeat(bytes - JSON.stringify(message(query)).length)));
}

async function untilEmpty(): Promise<void> {
  await eventually(() => server.heliograph.server.socketCount === 0);
}

describe('the size of a request', () => {
  it('over HTTP may be all that is allowed, and not one byte more', async () => {
    const post = (body: string) =>
      fetch(`${server.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const statuses: number[] = [];
    for (const bytes of [requestMaxBytes, requestMaxBytes + 1])
      statuses.push((await post(padded(bytes, (query) => ({ query })))).status);
    expect(statuses).toEqual([200, 413]);
  });

  it('over WebSocket too', async () => {
    const socket = await connect(server);
    const message = (query: string) => ({ type: 'subscribe', id: '1', payload: { query } });
    socket.ws.send(padded(requestMaxBytes, message));
    expect((await socket.until(({ id }) => id === '1')).type).toBe('next');
    socket.ws.send(padded(requestMaxBytes + 1, message));
    expect(await socket.closed).toBe(closeCodes.messageTooBig.code);
  });
});

describe('the operations of a socket', () => {
  const live = (id: number) => ({
    type: 'subscribe',
    id: `live${id}`,
    payload: { query: 'subscription { messageReceived { __typename ... on MessageReceived { message { text } } } }' },
  });

  it('are bounded: one more is OVERLOADED, ends nothing, and may come when another has ended', async () => {
    const [socket, other] = [await signedIn('10.0.0.1'), await signedIn('10.0.0.1')];
    for (let id = 0; id < operationsMax; id += 1) {
      socket.send(live(id));
      await socket.until((message) => message.id === `live${id}`);
    }
    for (const query of ['{ __typename }', 'subscription { receiptChanged { userId } }']) {
      const { errors } = await socket.ask(query);
      expect(errors?.[0]?.extensions).toEqual({ code: 'OVERLOADED', retryable: true, max: operationsMax });
    }
    expect(await limitsHit('operationsPerSocket')).toBe(2);
    expect(await other.ask('{ __typename }')).toEqual({ data: { __typename: 'Query' } });

    await alice.send({ userId: alice.id }, 'note');
    for (let id = 0; id < operationsMax; id += 1)
      await socket.until((message) => message.id === `live${id}` && JSON.stringify(message).includes('note'));

    socket.send({ type: 'complete', id: 'live0' });
    await eventually(async () => (await socket.ask('{ __typename }')).errors === undefined);
    await Promise.all([socket.close(), other.close()]);
  });

  it('are bounded in a burst, too', async () => {
    const socket = await signedIn('10.0.0.1');
    for (let id = 0; id < 2 * operationsMax; id += 1) socket.send(live(id));
    for (let id = 0; id < 2 * operationsMax; id += 1) await socket.until((message) => message.id === `live${id}`);
    expect(socket.messages.filter(({ type }) => type === 'error')).toHaveLength(operationsMax);
    await socket.close();
  });
});

describe('the subscriptions of a user', () => {
  it('are bounded over all sockets: one more is OVERLOADED, others continue, and room is given back', async () => {
    const live = (id: string) => ({
      type: 'subscribe',
      id,
      payload: { query: 'subscription { messageStatusChanged { status } }' },
    });
    const sockets = [await signedIn('10.0.0.1'), await signedIn('10.0.0.2')] as const;
    for (let count = 0; count < subscriptionsMax; count += 1)
      sockets[count % 2 === 0 ? 0 : 1].send(live(`live${count}`));
    await eventually(async () => (await liveSubscriptions()) === subscriptionsMax);
    sockets[0].send(live('refused'));
    const { type, payload } = await sockets[0].until(({ id }) => id === 'refused');
    expect([type, (payload as Json)[0].extensions]).toEqual([
      'error',
      { code: 'OVERLOADED', retryable: true, max: subscriptionsMax },
    ]);
    expect(await limitsHit('subscriptionsPerUser')).toBe(1);
    const bob = await server.user();
    const other = await connect(server, bob.session.accessToken, from('10.0.0.3'));
    other.send(live('other'));
    expect((await sockets[1].ask('{ __typename }')).errors).toBeUndefined();

    // Two give way: one that its client completes, and those of a socket that is gone.
    sockets[0].send({ type: 'complete', id: 'live0' });
    await sockets[1].close();
    await eventually(async () => (await liveSubscriptions()) === subscriptionsMax / 2);
    const again = await signedIn('10.0.0.2');
    for (let count = 0; count < subscriptionsMax / 2; count += 1) again.send(live(`again${count}`));
    await eventually(async () => (await liveSubscriptions()) === subscriptionsMax);
    expect(await limitsHit('subscriptionsPerUser')).toBe(1);
    await Promise.all([sockets[0].close(), other.close(), again.close()]);
    await eventually(async () => (await liveSubscriptions()) === 0);
  });
});

describe('sockets', () => {
  it('of one user are bounded: one more is closed with 1013, until another one closes', async () => {
    const [first, ...others] = [
      await signedIn('10.0.0.1'),
      await signedIn('10.0.0.2'),
      await signedIn('10.0.0.1'),
    ] as const;
    const refused = await RawSocket.open(server, from('10.0.0.2'));
    expect(await refused.init({ authorization: `Bearer ${alice.session.accessToken}` })).toBe(
      closeCodes.tryAgainLater.code,
    );
    expect(await limitsHit('socketsPerUser')).toBe(1);
    for (const socket of [first, ...others])
      expect((await socket.ask('{ viewer { user { id } } }')).data).toBeDefined();

    await first.close();
    await eventually(() => server.heliograph.server.socketCount === 2);
    await using stack = new AsyncDisposableStack();
    for (const socket of [await signedIn('10.0.0.2'), ...others]) stack.defer(() => socket.close());
  });

  it('of one address are bounded: one more is answered 429, others come in', async () => {
    await untilEmpty();
    const sockets: RawSocket[] = [];
    for (let count = 0; count < perAddressMax; count += 1)
      sockets.push(await connect(server, undefined, from('10.0.0.1')));
    expect(await statusOfUpgrade(server.wsUrl, from('10.0.0.1'))).toBe(429);
    expect(await statusOfUpgrade(server.wsUrl, from('10.0.0.2'))).toBe(101);
    expect(await limitsHit('socketsPerAddress')).toBe(1);
    await Promise.all(sockets.map((socket) => socket.close()));
    await untilEmpty();
    expect(await statusOfUpgrade(server.wsUrl, from('10.0.0.1'))).toBe(101);
  });

  it('of all users are bounded: one more is answered with 503, and HTTP continues', async () => {
    await untilEmpty();
    const sockets: RawSocket[] = [];
    for (let count = 0; count < socketsMax; count += 1)
      sockets.push(await connect(server, undefined, from(`10.0.1.${count}`)));
    expect(await statusOfUpgrade(server.wsUrl, from('10.0.0.3'))).toBe(503);
    expect(await limitsHit('sockets')).toBe(1);
    expect(await server.post('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
    await Promise.all(sockets.map((socket) => socket.close()));
  });

  it('may stay open without a token, and use fields that need none', async () => {
    const socket = await connect(server);
    expect((await socket.ask('{ server { operationsPerSocketMax } }')).data).toEqual({
      server: { operationsPerSocketMax: operationsMax },
    });
    socket.ws.terminate();
    await once(socket.ws, 'close');
  });
});
