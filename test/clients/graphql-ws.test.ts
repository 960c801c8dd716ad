import type { Client } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Session } from '../../examples/clients/session.ts';
import { createSocketClient, type Place, streamSubscription } from '../../examples/clients/socket.ts';
import { closeCodes, DomainError } from '../../src/domain/errors.ts';
import type { EventSource } from '../../src/pubsub/event-source.ts';
import type { StreamEvent } from '../../src/services/stream/stream-service.ts';
import { freePort } from '../support/free-port.ts';
import { type Answer, Events, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
let now = Date.now();
const opened: Client[] = [];

beforeAll(async () => {
  server = await startServer({ PORT: await freePort() }, () => now);
});
afterEach(async () => {
  for (const client of opened.splice(0)) await client.dispose();
});
afterAll(() => server[Symbol.asyncDispose]());

interface Connection {
  readonly client: Client;
  readonly place: Place;
  readonly closes: number[];
  readonly tokens: string[];
  readonly connections: number;
  /** Drops the connection as a lost network does: without a closing handshake. */
  cut(): void;
  /** While it is held, the client does not come back. */
  hold(): () => void;
}

function connect(session: Session, lastSeq = '0'): Connection {
  const place = { lastSeq };
  const [closes, tokens]: [number[], string[]] = [[], []];
  let socket: WebSocket | null = null;
  let connections = 0;
  let gate: Promise<void> = Promise.resolve();
  const client = createSocketClient(session, place, {
    webSocketImpl: class extends WebSocket {
      override send(data: string) {
        const message = JSON.parse(data) as { type: string; payload: { Authorization: string } };
        if (message.type === 'connection_init') tokens.push(message.payload.Authorization.replace('Bearer ', ''));
        super.send(data);
      }
    },
    retryWait: () => gate.then(() => new Promise((resolve) => setTimeout(resolve, 20))),
    on: {
      connected: (ws) => {
        socket = ws as WebSocket;
        connections += 1;
      },
      closed: (event) => closes.push((event as { code: number }).code),
    },
  });
  opened.push(client);
  return {
    client,
    place,
    closes,
    tokens,
    get connections() {
      return connections;
    },
    cut: () => socket?.terminate(),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}

function stream({ client }: Connection): Events {
  const events = new Events();
  client.subscribe(
    { query: streamSubscription, variables: { afterSeq: null } },
    {
      next: (answer) => events.add(answer as Answer),
      error: (error) => events.fail(error),
      complete: () => events.complete(),
    },
  );
  return events;
}

const unavailable = () => new DomainError('UNAVAILABLE', 'A store does not answer.');
const isReady = ({ values }: Events) => values.some(({ __typename }) => __typename === 'StreamReady');
const readies = ({ values }: Events) => values.filter(({ __typename }) => __typename === 'StreamReady').length;
const numbers = ({ messages }: Events) => messages.map(({ inboxSeq }) => inboxSeq);

/** A sender, and a reader whose client is the library's own. */
async function pair(): Promise<[TestUser, Session]> {
  const [alice, bob] = [await server.user(), await server.user()];
  return [alice, new Session(server.url, bob.session)];
}

describe("graphql-ws's own client", () => {
  it('reconnects after a restart, and resumes after its last message', async () => {
    const [alice, bob] = await pair();
    const connection = connect(bob);
    const events = await stream(connection).until(isReady);
    await alice.send({ userId: bob.userId }, 'one');
    await events.until(({ texts }) => texts.length === 1);
    const letBack = connection.hold();
    await server.restart();
    await alice.send({ userId: bob.userId }, 'while away');
    letBack();
    await events.until(({ texts }) => texts.length === 2);
    await alice.send({ userId: bob.userId }, 'live again');
    await events.until(({ texts }) => texts.length === 3);
    expect(events.texts).toEqual(['one', 'while away', 'live again']);
    expect(numbers(events)).toEqual(['1', '2', '3']);
    expect(events.values.filter(({ __typename }) => __typename === 'StreamReady')).toEqual([
      { __typename: 'StreamReady', startSeq: '0', headSeq: '0' },
      { __typename: 'StreamReady', startSeq: '1', headSeq: '2' },
    ]);
    expect(connection.closes[0]).toBe(closeCodes.serviceRestart.code);
  });

  it.each<[string, (source: EventSource<StreamEvent>) => EventSource<StreamEvent>]>([
    ['refuses to start its stream', () => ({ open: () => Promise.reject(unavailable()) })],
    [
      'ends its stream after a message',
      (source) => ({
        open: (sink) =>
          source.open({
            ...sink,
            push(event) {
              const hasRoom = sink.push(event);
              if (event.type === 'MessageReceived') sink.fail(unavailable());
              return hasRoom;
            },
          }),
      }),
    ],
  ])('subscribes again when the server %s for the moment', async (_what, breaking) => {
    const [alice, bob] = await pair();
    const { streams } = server.heliograph.services;
    const open = streams.open.bind(streams);
    let attempts = 0;
    const spy = vi.spyOn(streams, 'open').mockImplementation((viewer, afterSeq) => {
      attempts += 1;
      const source = open(viewer, afterSeq);
      return attempts > 3 ? source : breaking(source);
    });
    await alice.send({ userId: bob.userId }, 'one');
    const connection = connect(bob);
    const events = stream(connection);
    await events.until(({ texts }) => texts.length === 1);
    await alice.send({ userId: bob.userId }, 'two');
    await events.until(({ texts }) => texts.includes('two'));
    expect([events.error, events.texts, numbers(events)]).toEqual([null, ['one', 'two'], ['1', '2']]);
    expect(connection.connections).toBe(1);
    spy.mockRestore();
  });

  it('passes the errors of a query on to its caller', async () => {
    const [, bob] = await pair();
    const { accounts } = server.heliograph.services;
    const spy = vi.spyOn(accounts, 'getUsers').mockRejectedValue(unavailable());
    const results: Answer[] = [];
    for await (const result of connect(bob).client.iterate({ query: '{ viewer { user { username } } }' }))
      results.push(result as Answer);
    expect(results[0]?.errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE' } }]);
    spy.mockRestore();
  });

  it('keeps trying while the server is down', async () => {
    const [alice, bob] = await pair();
    const connection = connect(bob);
    const events = await stream(connection).until(isReady);
    // Nothing holds it back here: it meets a server that drains, then none, then the next one.
    await server.restart();
    await alice.send({ userId: bob.userId }, 'after the restart');
    await events.until(({ texts }) => texts.length === 1);
    expect([events.error, numbers(events)]).toEqual([null, ['1']]);
  });

  it('misses and repeats nothing when its connection is cut in the middle of traffic', async () => {
    const [alice, bob] = await pair();
    const connection = connect(bob);
    const events = await stream(connection).until(isReady);
    const count = 60;
    for (let index = 1; index <= count; index += 1) {
      await alice.send({ userId: bob.userId }, `line ${index}`);
      if (index % 15 !== 0) continue;
      connection.cut();
      // The next cut is to hit a stream that is live again.
      if (index % 30 === 0) await events.until(() => readies(events) > index / 30, 'return');
    }
    await events.until(({ messages }) => messages.length >= count);
    await alice.send({ userId: bob.userId }, 'marker');
    await events.until(({ texts }) => texts.at(-1) === 'marker');
    expect(numbers(events)).toEqual(Array.from({ length: count + 1 }, (_, index) => String(index + 1)));
    expect(connection.place.lastSeq).toBe(String(count + 1));
    expect(connection.closes.every((code) => code === 1006)).toBe(true);
    expect(connection.connections).toBeGreaterThan(2);
  });

  it('shows a message of a large group once, although a reconnect brings it again with its number', async () => {
    await using largeGroups = await startServer({ FAN_OUT_ON_WRITE_MAX_MEMBERS: '1' });
    const [alice, bob] = [await largeGroups.user(), await largeGroups.user()];
    const input = { title: 'Large', memberIds: [bob.id] };
    const { createGroup } = await alice.ask(
      'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { conversation { id } } }',
      { input },
    );
    const connection = connect(new Session(largeGroups.url, bob.session));
    const events = await stream(connection).until(isReady);
    const { lastSeq } = connection.place;
    await alice.send({ conversationId: createGroup.conversation.id }, 'seen live');
    await events.until(({ texts }) => texts.includes('seen live'));
    expect(numbers(events).at(-1)).toBeNull();
    const letBack = connection.hold();
    connection.cut();
    // The position before the message, whatever the stream has reported since then.
    connection.place.lastSeq = lastSeq;
    letBack();
    await events.until(() => readies(events) === 2, 'return');
    await alice.send({ userId: bob.id }, 'marker');
    await events.until(({ texts }) => texts.includes('marker'));
    expect(events.texts.filter((text) => ['seen live', 'marker'].includes(text))).toEqual(['seen live', 'marker']);
    // The reconnect did bring it again: the marker's number follows the message's.
    const [, { startSeq }] = events.values.filter(({ __typename }) => __typename === 'StreamReady');
    expect(BigInt(numbers(events).at(-1)) - BigInt(startSeq)).toBeGreaterThan(1n);
    await connection.client.dispose();
  });

  it('requests a new token after 4403, and reconnects with it', async () => {
    const [, bob] = await pair();
    const connection = connect(bob);
    const events = await stream(connection).until(isReady);
    const { accessToken } = bob;
    now += 16 * 60_000;
    await events.until(() => readies(events) === 2, 'return');
    expect(connection.closes).toEqual([closeCodes.forbidden.code]);
    expect(connection.tokens).toEqual([accessToken, bob.accessToken]);
    expect(bob.accessToken).not.toBe(accessToken);
    const carol = await server.user();
    await carol.send({ userId: bob.userId }, 'still here');
    await events.until(({ texts }) => texts.length === 1);
    expect(numbers(events)).toEqual(['1']);
  });

  it('takes an expired token it starts with for a reason to renew, not to fail', async () => {
    const [, bob] = await pair();
    const { accessToken } = bob;
    now += 16 * 60_000;
    const connection = connect(bob);
    await stream(connection).until(isReady);
    expect(connection.tokens).toEqual([accessToken, bob.accessToken]);
  });

  it('ends when the session was ended, because the user must sign in again', async () => {
    const bob = await server.user();
    const connection = connect(new Session(server.url, bob.session));
    const events = await stream(connection).until(isReady);
    await bob.ask('mutation { logOut { deviceId } }');
    await events.until(({ error }) => error !== null);
    expect(connection.closes[0]).toBe(closeCodes.forbidden.code);
    expect(events.error).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('gets a mistake as an error of its operation, on a socket that stays', async () => {
    const [alice, bob] = await pair();
    const connection = connect(bob);
    const events = await stream(connection).until(isReady);
    const code = await new Promise((resolve) => {
      connection.client.subscribe(
        { query: 'subscription { messageReceived(afterSeq: "7") { __typename } }' },
        {
          next: ({ errors }) => resolve(errors?.[0]?.extensions?.code),
          error: (errors) => resolve((errors as Answer['errors'])?.[0]?.extensions.code),
          complete: () => resolve('complete'),
        },
      );
    });
    expect(code).toBe('CURSOR_AHEAD');
    await alice.send({ userId: bob.userId }, 'on the same socket');
    await events.until(({ texts }) => texts.length === 1);
    expect([connection.connections, connection.closes]).toEqual([1, []]);
  });
});

describe('the close codes of the catalogue', () => {
  it.each(Object.values(closeCodes))('$code: $reconnect ($meaning)', async ({ code, reconnect }) => {
    // A server that closes the first socket with the code: whether there is a second one is up to the client.
    const peer = new WebSocketServer({ port: 0, handleProtocols: () => 'graphql-transport-ws' });
    let sockets = 0;
    peer.on('connection', (ws) => {
      sockets += 1;
      const isFirst = sockets === 1;
      ws.once('message', () => (isFirst ? ws.close(code) : ws.send('{"type":"connection_ack"}')));
    });
    const session = new Session(server.url, (await server.user()).session);
    const { accessToken } = session;
    const { port } = peer.address() as { port: number };
    const client = createSocketClient(
      session,
      { lastSeq: '0' },
      { url: `ws://127.0.0.1:${port}`, webSocketImpl: WebSocket, retryWait: async () => {} },
    );
    opened.push(client);
    const outcome = await new Promise((resolve) => {
      client.on('connected', () => resolve('returned'));
      client.subscribe(
        { query: streamSubscription },
        { next: () => {}, error: () => resolve('ended'), complete: () => resolve('ended') },
      );
    });
    expect(outcome).toBe(reconnect === 'no' ? 'ended' : 'returned');
    expect(session.accessToken !== accessToken).toBe(reconnect === 'new token');
    await client.dispose();
    for (const ws of peer.clients) ws.terminate();
    peer.close();
  });
});
