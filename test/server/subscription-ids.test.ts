/** Operation ids that are taken, let go and taken again, as fast as a client can write. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeCodes } from '../../src/domain/errors.ts';
import { eventually, type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { connect, type RawSocket } from '../support/raw-socket.ts';

const query = `subscription { messageReceived { __typename ... on MessageReceived { message { text } } } }`;
const subscribe = (id: string) => ({ type: 'subscribe', id, payload: { query } });
const complete = (id: string) => ({ type: 'complete', id });

describe('an operation id', () => {
  let server: TestServer;
  let alice: TestUser;
  let bob: TestUser;
  beforeAll(async () => {
    server = await startServer();
    [alice, bob] = [await server.user(), await server.user()];
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** Sends all messages to the server in one write, so that none of them waits for the effect of an earlier one. */
  function writeAtOnce(socket: RawSocket, messages: readonly object[]): void {
    const { _socket: stream } = socket.ws as unknown as { _socket: { cork(): void; uncork(): void } };
    stream.cork();
    for (const message of messages) socket.send(message);
    stream.uncork();
  }

  const liveSubscriptions = async (field = 'messageReceived') => {
    const page = await (await fetch(`${server.url}/metrics`)).text();
    return Number(new RegExp(`^heliograph_live_subscriptions\\{field="${field}"\\} (\\d+)`, 'm').exec(page)?.[1] ?? 0);
  };
  const textsAt = ({ messages }: RawSocket, id: string) =>
    messages
      .filter((message) => message.id === id)
      .flatMap(({ payload }) => (payload as Json)?.data?.messageReceived?.message?.text ?? []);

  it('is free again once its subscription is completed, in the same write even', async () => {
    const socket = await connect(server, bob.session.accessToken);
    writeAtOnce(socket, [subscribe('a'), complete('a'), subscribe('b'), complete('b'), subscribe('b')]);
    await eventually(async () => (await liveSubscriptions()) === 1, 'one subscription');
    await alice.send({ userId: bob.id }, 'once');
    await eventually(() => textsAt(socket, 'b').includes('once'), 'the message');
    expect([textsAt(socket, 'a'), textsAt(socket, 'b')]).toEqual([[], ['once']]);
    await socket.close();
    await eventually(async () => (await liveSubscriptions()) === 0, 'no subscription');
  });

  it('that was completed while its subscription was opening leaves nothing behind under the next', async () => {
    const socket = await connect(server, bob.session.accessToken);
    // The first is open at once, the second asks the store.
    const quick = {
      type: 'subscribe',
      id: 'a',
      payload: { query: 'subscription { messageStatusChanged { status } }' },
    };
    writeAtOnce(socket, [quick, complete('a'), subscribe('a')]);
    await socket.until(({ id, payload }) => id === 'a' && JSON.stringify(payload).includes('StreamReady'));
    await eventually(async () => (await liveSubscriptions('messageStatusChanged')) === 0, 'the end of the first');
    expect(await liveSubscriptions()).toBe(1);
    await socket.close();
    await eventually(async () => (await liveSubscriptions()) === 0, 'no subscription');
  });

  it('that a live subscription has closes the socket that uses it for another', async () => {
    for (const second of [subscribe('a'), { type: 'subscribe', id: 'a', payload: { query: '{ __typename }' } }]) {
      const socket = await connect(server, bob.session.accessToken);
      socket.send(subscribe('a'));
      await socket.until(({ id }) => id === 'a');
      socket.send(second);
      expect(await socket.closed).toBe(closeCodes.subscriberExists.code);
    }
    await eventually(async () => (await liveSubscriptions()) === 0, 'no subscription');
  });

  it('comes and goes at random without a subscription left behind, or a message twice', async () => {
    const socket = await connect(server, bob.session.accessToken);
    const ids = ['a', 'b', 'c', 'd'];
    const live = new Set<string>();
    for (let round = 0; round < 40; round += 1) {
      const messages = Array.from({ length: 1 + Math.floor(Math.random() * 8) }, () => {
        const id = ids[Math.floor(Math.random() * ids.length)] as string;
        if (live.delete(id)) return complete(id);
        live.add(id);
        return subscribe(id);
      });
      writeAtOnce(socket, messages);
      if (Math.random() < 0.3) await alice.send({ userId: bob.id }, `round ${round}`);
    }
    await eventually(async () => (await liveSubscriptions()) === live.size, 'as many as are live');
    const text = randomUUID();
    await alice.send({ userId: bob.id }, text);
    for (const id of ids) {
      if (live.has(id)) await eventually(() => textsAt(socket, id).includes(text), `the message at ${id}`);
      expect(textsAt(socket, id).filter((one) => one === text).length).toBe(live.has(id) ? 1 : 0);
    }
    await socket.close();
    await eventually(async () => (await liveSubscriptions()) === 0, 'no subscription');
  });
});
