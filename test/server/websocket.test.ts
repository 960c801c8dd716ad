/** The protocol graphql-transport-ws: the ends of operations and sockets, which must not affect other clients. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeCodes } from '../../src/domain/errors.ts';
import { eventually, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { connect, RawSocket } from '../support/raw-socket.ts';

let server: TestServer;
let alice: TestUser;
let bob: TestUser;
beforeAll(async () => {
  server = await startServer({ REQUEST_MAX_BYTES: '20000' });
  [alice, bob] = [await server.user(), await server.user()];
});
afterAll(() => server[Symbol.asyncDispose]());

const live = 'subscription { messageReceived { __typename ... on MessageReceived { message { text } } } }';

/** A socket of Bob's with a running stream. */
async function connectLive(id = 'live'): Promise<RawSocket> {
  const socket = await connect(server, bob.session.accessToken);
  socket.send({ type: 'subscribe', id, payload: { query: live } });
  await socket.until((message) => message.id === id);
  return socket;
}

/** Sends Bob a message, and waits until each socket has shown it. */
async function expectLive(...sockets: RawSocket[]): Promise<void> {
  const text = crypto.randomUUID();
  await alice.send({ userId: bob.id }, text);
  for (const socket of sockets) await socket.until(({ payload }) => JSON.stringify(payload ?? '').includes(text));
}

async function gauge(name: string): Promise<number> {
  const page = await fetch(`${server.url}/metrics`).then((response) => response.text());
  const lines = page.split('\n').filter((line) => line.startsWith(`heliograph_${name}`) && !line.startsWith('#'));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('an operation that fails', () => {
  it.each([
    ['no GraphQL', 'subscription {', 'GRAPHQL_PARSE_FAILED'],
    ['nothing of this schema', 'subscription { weather }', 'GRAPHQL_VALIDATION_FAILED'],
    ['more than may be asked', `{ viewer { user { ${'a: id '.repeat(61)} } } }`, 'QUERY_TOO_COMPLEX'],
    [
      'a position that is not there',
      'subscription { messageReceived(afterSeq: "999999") { __typename } }',
      'CURSOR_AHEAD',
    ],
    ['somebody else’s conversation', 'subscription { receiptChanged(conversationId: "1") { userId } }', 'NOT_FOUND'],
  ])('ends alone: %s', async (_what, query, code) => {
    const [socket, other] = [await connectLive(), await connectLive()];
    const { errors } = await socket.ask(query);
    expect(errors?.[0]?.extensions.code).toBe(code);
    await expectLive(socket, other);
    await Promise.all([socket.close(), other.close()]);
  });

  it('before it runs is an `error` message, and nothing follows it', async () => {
    const socket = await connect(server);
    socket.send({ type: 'subscribe', id: 'bad', payload: { query: '{' } });
    expect(await socket.until(({ id }) => id === 'bad')).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'GRAPHQL_PARSE_FAILED', retryable: false } }],
    });
    await socket.ask('{ __typename }');
    expect(socket.messages.filter(({ id }) => id === 'bad')).toHaveLength(1);
    await socket.close();
  });

  it('does not keep its id, nor its place among the operations of the socket', async () => {
    const socket = await connect(server);
    for (let times = 0; times < 70; times += 1)
      socket.send({ type: 'subscribe', id: `${times}`, payload: { query: '{' } });
    await socket.until(({ id }) => id === '69');
    socket.send({ type: 'subscribe', id: '69', payload: { query: '{ __typename }' } });
    await socket.until(({ id, type }) => id === '69' && type === 'next');
    await socket.close();
  });
});

describe('what is no message of the protocol closes its own socket only', () => {
  const subscribe = (payload: unknown, id: unknown = '1') => JSON.stringify({ type: 'subscribe', id, payload });
  it.each<[what: string, closeName: keyof typeof closeCodes, frames: (string | Buffer)[]]>([
    ['a binary frame', 'badRequest', [Buffer.from('{"type":"ping"}')]],
    ['no JSON', 'badRequest', ['{"type":']],
    ['a list', 'badRequest', ['[]']],
    ['null', 'badRequest', ['null']],
    ['no type', 'badRequest', ['{}']],
    ['an unknown type', 'badRequest', ['{"type":"start"}']],
    ['a type of JavaScript', 'badRequest', ['{"type":"__proto__"}']],
    ['a server’s message', 'badRequest', ['{"type":"connection_ack"}']],
    ['a server’s answer', 'badRequest', ['{"type":"next","id":"1","payload":{}}']],
    ['a number for an id', 'badRequest', [subscribe({ query: '{ __typename }' }, 1)]],
    ['an empty id', 'badRequest', [subscribe({ query: '{ __typename }' }, '')]],
    ['no query', 'badRequest', [subscribe({})]],
    ['a list for a query', 'badRequest', [subscribe({ query: [] })]],
    ['a list for variables', 'badRequest', [subscribe({ query: '{ __typename }', variables: [] })]],
    ['JSON nested past the stack', 'badRequest', ['['.repeat(19_000)]],
    ['an id in use', 'subscriberExists', [subscribe({ query: live }), subscribe({ query: '{ __typename }' })]],
    ['a second connection_init', 'tooManyRequests', ['{"type":"connection_init"}']],
    ['more than may be', 'messageTooBig', [`{"type":"ping","payload":{"a":"${'x'.repeat(20_000)}"}}`]],
  ])('%s: %s', async (_what, closeName, frames) => {
    const [socket, other] = [await connectLive('mine'), await connectLive()];
    for (const frame of frames) socket.ws.send(frame);
    expect(await socket.closed).toBe(closeCodes[closeName].code);
    await expectLive(other);
    await other.close();
  });

  it.each([
    ['one byte more than may be', 'x'.repeat(129)],
    ['more bytes than may be, in few characters', '🌻'.repeat(33)],
    ['10,000 bytes', 'x'.repeat(10_000)],
    ['half a character', '\ud83d'],
  ])('an operation id of %s: badRequest', async (_what, id) => {
    const [socket, other] = [await connectLive('mine'), await connectLive()];
    socket.send({ type: 'subscribe', id, payload: { query: '{ __typename }' } });
    expect(await socket.closed).toBe(closeCodes.badRequest.code);
    expect(socket.messages.filter((message) => message.id === id)).toEqual([]);
    await expectLive(other);
    await other.close();
  });

  it('a long operation id that is in use: subscriberExists, and no fault of the server', async () => {
    const id = '🌻'.repeat(32);
    const socket = await connectLive(id);
    socket.send({ type: 'subscribe', id, payload: { query: '{ __typename }' } });
    expect(await socket.closed).toBe(closeCodes.subscriberExists.code);
    expect(server.logLines.filter((line) => line['log.level'] === 'error')).toEqual([]);
  });

  it('an operation before the acknowledgement: unauthorized', async () => {
    const socket = await RawSocket.open(server);
    socket.ws.send(subscribe({ query: '{ __typename }' }));
    expect(await socket.closed).toBe(closeCodes.unauthorized.code);
  });

  it('a bad token: forbidden', async () => {
    for (const Authorization of ['Bearer no.such.token', 'Basic YTpi', 5, { a: 1 }]) {
      const socket = await RawSocket.open(server);
      const reason = once(socket.ws, 'close').then(([, text]) => String(text));
      expect(await socket.init({ Authorization })).toBe(closeCodes.forbidden.code);
      expect(await reason).toBe(closeCodes.forbidden.meaning);
    }
  });

  it('gives reasons that fit into a close frame', () => {
    for (const { meaning } of Object.values(closeCodes)) expect(Buffer.byteLength(meaning)).toBeLessThanOrEqual(123);
  });
});

describe('a socket', () => {
  it('takes names of JavaScript for ids', async () => {
    const socket = await connect(server);
    for (const id of ['__proto__', 'constructor', 'toString', '\0', 'x'.repeat(128), '🌻'.repeat(32)]) {
      socket.send({ type: 'subscribe', id, payload: { query: '{ __typename }' } });
      await socket.until((message) => message.id === id && message.type === 'complete');
    }
    await socket.close();
  });

  it('answers a ping with a pong, and lets a complete for nothing pass', async () => {
    const socket = await connect(server);
    socket.send({ type: 'complete', id: 'nothing' });
    socket.send({ type: 'pong' });
    socket.send({ type: 'ping', payload: { a: 1 } });
    expect(await socket.until(({ type }) => type === 'pong')).toEqual({ type: 'pong', payload: { a: 1 } });
    await socket.close();
  });

  it('that asks for much and reads nothing is not read from either', async () => {
    const socket = await connect(server);
    socket.ws.pause();
    const ping = JSON.stringify({ type: 'ping', payload: { a: 'x'.repeat(15_000) } });
    // Far more than the kernel's buffers and the server's own limit: the rest stays with the client.
    for (let times = 0; times < 2_000; times += 1) socket.ws.send(ping);
    await eventually(async () => {
      const before = socket.ws.bufferedAmount;
      for (let times = 0; times < 20; times += 1) await server.post('{ __typename }');
      return socket.ws.bufferedAmount === before;
    }, 'the end of reading');
    expect(socket.ws.bufferedAmount).toBeGreaterThan(10_000_000);
    socket.ws.terminate();
    await socket.closed;
  });

  it.each([
    ['closed', (socket: RawSocket) => socket.close()],
    [
      'cut',
      async (socket: RawSocket) => {
        socket.ws.terminate();
        await socket.closed;
      },
    ],
  ])('that is %s amid its subscriptions releases them all', async (_how, end) => {
    await eventually(async () => (await gauge('live_sockets')) === 0);
    const sockets = [await connectLive(), await connectLive()];
    for (const socket of sockets) {
      socket.send({ type: 'subscribe', id: 'r', payload: { query: 'subscription { receiptChanged { userId } }' } });
      socket.send({ type: 'subscribe', id: 'q', payload: { query: '{ viewer { user { id } } }' } });
      await socket.until(({ id }) => id === 'q');
    }
    expect([await gauge('live_sockets'), await gauge('live_subscriptions')]).toEqual([2, 4]);
    for (const socket of sockets) await end(socket);
    await eventually(async () => (await gauge('live_sockets')) + (await gauge('live_subscriptions')) === 0);
  });

  it('releases a subscription that the client completes, and sends no more of it', async () => {
    await eventually(async () => (await gauge('live_sockets')) === 0);
    const socket = await connectLive();
    socket.send({ type: 'complete', id: 'live' });
    await eventually(async () => (await gauge('live_subscriptions')) === 0);
    const before = socket.messages.length;
    await alice.send({ userId: bob.id }, 'unheard');
    await socket.ask('{ __typename }');
    expect(socket.messages.slice(before).filter(({ id, type }) => id === 'live' && type === 'next')).toEqual([]);
    await socket.close();
  });
});
