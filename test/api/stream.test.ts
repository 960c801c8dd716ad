import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ack, createGroup, numbers, otherDevice } from '../support/actions.ts';
import { type Events, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ OPERATIONS_PER_SOCKET_MAX: '1000' });
});
afterAll(() => server[Symbol.asyncDispose]());

const inboxSeqs = (events: Events): string[] => events.messages.map(({ inboxSeq }) => inboxSeq);
const isReady = ({ values }: Events) => values.length > 0;

async function pair(): Promise<[TestUser, TestUser]> {
  return [await server.user(), await server.user()];
}

async function sendMany(from: TestUser, to: { userId: string } | { conversationId: string }, count: number) {
  for (let index = 1; index <= count; index += 1) await from.send(to, `m${index}`);
}

describe('the start of a stream', () => {
  it('first reports its start and the end of its backlog', async () => {
    const [alice, bob] = await pair();
    await sendMany(alice, { userId: bob.id }, 5);
    const stream = await bob.stream('2').until(({ texts }) => texts.length === 3);
    expect(stream.values[0]).toEqual({ __typename: 'StreamReady', startSeq: '2', headSeq: '5' });
    expect(stream.values.slice(1).map(({ inboxSeq, message }) => [inboxSeq, message.text])).toEqual([
      ['3', 'm3'],
      ['4', 'm4'],
      ['5', 'm5'],
    ]);
  });

  it('is this device’s acknowledged position by default', async () => {
    const [alice, bob] = await pair();
    await sendMany(alice, { userId: bob.id }, 4);
    const laptop = await otherDevice(server, bob);
    await bob.stream('0').until(({ texts }) => texts.length === 4);
    await ack(bob, { status: 'DELIVERED', upToInboxSeq: '3' });
    const [onPhone, onLaptop, asked] = [bob.stream(), laptop.stream(), bob.stream('1')];
    await onPhone.until(({ texts }) => texts.length === 1);
    await onLaptop.until(({ texts }) => texts.length === 4);
    await asked.until(({ texts }) => texts.length === 3);
    expect([onPhone, onLaptop, asked].map(({ values }) => values[0].startSeq)).toEqual(['3', '0', '1']);
    expect([onPhone, onLaptop, asked].map(inboxSeqs)).toEqual([['4'], numbers(1, 4), numbers(2, 4)]);
    await laptop.close();
  });

  it('may be the head, and never past it', async () => {
    const [alice, bob] = await pair();
    await sendMany(alice, { userId: bob.id }, 2);
    const atHead = await bob.stream('2').until(isReady);
    for (const afterSeq of ['3', '9007199254740993', '999999999999999999999999999999']) {
      const ahead = await bob.stream(afterSeq).until(({ isComplete }) => isComplete);
      expect(ahead.answers).toMatchObject([
        { errors: [{ extensions: { code: 'CURSOR_AHEAD', retryable: false, headSeq: '2' } }] },
      ]);
    }
    // The stream beside them on the same socket has not noticed.
    await alice.send({ userId: bob.id }, 'm3');
    await atHead.until(({ texts }) => texts.length === 1);
    expect(inboxSeqs(atHead)).toEqual(['3']);
    expect(bob.closes).toEqual([]);
  });
});

describe('a stream', () => {
  it('delivers one sender’s messages in order over all conversations', async () => {
    const [alice, bob] = await pair();
    const group = await createGroup(alice, [bob]);
    const stream = await bob.stream('0').until(({ values }) => values.length === 2);
    const targets = [{ userId: bob.id }, { conversationId: group }];
    for (let index = 0; index < 20; index += 1) await alice.send(targets[index % 2] ?? { userId: bob.id }, `m${index}`);
    await stream.until(({ messages }) => messages.length === 21);
    expect(inboxSeqs(stream)).toEqual(numbers(1, 21));
    for (const parity of [0, 1]) {
      const texts = stream.texts.filter((text) => text.startsWith('m') && Number(text.slice(1)) % 2 === parity);
      expect(texts).toEqual(Array.from({ length: 10 }, (_, index) => `m${index * 2 + parity}`));
    }
  });

  it('brings everything to each device of a user, own sends included', async () => {
    const [alice, bob] = await pair();
    const laptop = await otherDevice(server, bob);
    const streams = [bob.stream(), laptop.stream(), alice.stream()];
    for (const stream of streams) await stream.until(isReady);
    await Promise.all([
      sendMany(alice, { userId: bob.id }, 10),
      sendMany(bob, { userId: alice.id }, 10),
      sendMany(laptop, { userId: alice.id }, 10),
    ]);
    for (const stream of streams) await stream.until(({ messages }) => messages.length === 30);
    for (const stream of streams) expect(inboxSeqs(stream)).toEqual(numbers(1, 30));
    const ids = streams.map(({ messages }) => messages.map(({ message }) => message.id));
    expect(ids[1]).toEqual(ids[0]);
    expect(ids[2]).toEqual(ids[0]);
    await laptop.close();
  });

  it('ends when it is stopped, and leaves the others of its socket alone', async () => {
    const [alice, bob] = await pair();
    const [stopped, kept] = [bob.stream(), bob.stream()];
    await Promise.all([stopped.until(isReady), kept.until(isReady)]);
    stopped.stop();
    // Answered over the same socket, so the stop has been read.
    const marker = bob.subscribe('{ viewer { user { id } } }');
    await marker.until(({ isComplete }) => isComplete);
    await alice.send({ userId: bob.id }, 'after');
    await kept.until(({ texts }) => texts.length === 1);
    expect(stopped.texts).toEqual([]);
  });
});

describe('resuming', () => {
  it('has no gap and no repeat after any position, while others continue to send', async () => {
    const [alice, carol, bob] = [await server.user(), await server.user(), await server.user()];
    const group = await createGroup(alice, [bob, carol]);
    await Promise.all([
      sendMany(alice, { userId: bob.id }, 15),
      sendMany(carol, { conversationId: group }, 15),
      sendMany(bob, { conversationId: group }, 9),
    ]);
    const sending = Promise.all([
      sendMany(alice, { conversationId: group }, 30),
      sendMany(carol, { userId: bob.id }, 30),
    ]);
    const streams = numbers(0, 40).map((cut) => bob.stream(cut));
    await sending;
    const all = await bob.stream('0').until(({ messages }) => messages.length === 100);
    for (const [cut, stream] of streams.entries()) {
      await stream.until(({ messages }) => messages.length >= 100 - cut, `all after ${cut}`);
    }
    // What follows everything shows that nothing came twice before it.
    await alice.send({ userId: bob.id }, 'marker');
    for (const stream of [...streams, all]) await stream.until(({ texts }) => texts.at(-1) === 'marker');
    streams.forEach((stream, cut) => {
      expect(stream.values[0]).toMatchObject({ __typename: 'StreamReady', startSeq: String(cut) });
      expect(inboxSeqs(stream)).toEqual(numbers(cut + 1, 101));
      expect(stream.texts).toEqual(all.texts.slice(cut));
    });
  });

  it('has no gap and no repeat when the connection is cut again and again at random', async () => {
    const [alice, carol, bob] = [await server.user(), await server.user(), await server.user()];
    const group = await createGroup(alice, [bob, carol]);
    let isSending = true;
    let sent = 1; // The message that says the group was created.
    const senders = [alice, carol].map(async (sender, index) => {
      for (let count = 0; isSending && count < 1_000; count += 1) {
        await sender.send(count % 3 === 0 ? { userId: bob.id } : { conversationId: group }, `${index}/${count}`);
        sent += 1;
      }
    });

    async function readWithCuts(device: TestUser, cuts: number): Promise<string[]> {
      const seen: string[] = [];
      for (let cut = 0; cut <= cuts; cut += 1) {
        const stream = device.stream(seen.at(-1) ?? '0');
        const wanted = Math.floor(Math.random() * 6);
        await stream.until(({ messages }) => messages.length >= wanted);
        // A client that goes at once, even before StreamReady, or only stops its subscription, counts too.
        if (cut % 3 === 0) stream.stop();
        else await device.close();
        seen.push(...inboxSeqs(stream));
      }
      return seen;
    }

    const devices = [bob, await otherDevice(server, bob), await otherDevice(server, bob)];
    const seen = await Promise.all(devices.map((device) => readWithCuts(device, 60)));
    isSending = false;
    await Promise.all(senders);
    for (const [index, device] of devices.entries()) {
      const before = seen[index] ?? [];
      const rest = device.stream(before.at(-1) ?? '0');
      await rest.until(({ messages }) => messages.length >= sent - before.length);
      expect([...before, ...inboxSeqs(rest)]).toEqual(numbers(1, sent));
      await device.close();
    }
  });
});

describe('a quiet stream', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('sends its position at least every 25 s', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await using quiet = await startServer();
    const [alice, bob] = [await quiet.user(), await quiet.user()];
    await alice.send({ userId: bob.id }, 'before');
    const stream = await bob.stream().until(({ texts }) => texts.length === 1);
    for (const expected of [1, 2, 3]) {
      vi.advanceTimersByTime(25_000);
      await stream.until(({ values }) => values.length >= 2 + expected, `heartbeat ${expected}`);
    }
    expect(new Set(stream.values.slice(2).map(({ __typename, position }) => `${__typename} ${position}`))).toEqual(
      new Set(['StreamHeartbeat 1']),
    );
  });
});
