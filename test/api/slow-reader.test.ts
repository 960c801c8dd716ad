import type { Socket } from 'node:net';
import { type Client, createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { numbers, otherDevice } from '../support/actions.ts';
import { Events, eventually, type Json, startServer, streamQuery, type TestUser } from '../support/heliograph.ts';

/** Far more than the system keeps between two ends of a connection, and the server for one socket. */
const messages = 120;
const text = 'x'.repeat(250_000);

/** Only tests let time pass: on a busy machine, a device would be given up while messages are still being sent to it. */
const startedAt = Date.now();
let passed = 1_000;
let server: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  const env = { TEXT_MAX_BYTES: '262144', REQUEST_MAX_BYTES: '1048576' };
  server = await startServer(
    env,
    () => startedAt + passed,
    () => passed,
  );
});
afterAll(() => server[Symbol.asyncDispose]());

/** A device whose reading can be stopped below everything that would answer for it. */
class Sleeper implements AsyncDisposable {
  readonly events = new Events();
  closeCode: number | null = null;
  private socket: WebSocket | null = null;
  private readonly client: Client;

  constructor({ session }: TestUser) {
    const keep = (socket: WebSocket) => {
      this.socket = socket;
    };
    this.client = createClient({
      url: server.wsUrl,
      webSocketImpl: class extends WebSocket {
        constructor(url: string, protocol: string) {
          super(url, protocol);
          keep(this);
        }
      },
      retryAttempts: 0,
      connectionParams: { Authorization: `Bearer ${session.accessToken}` },
      on: {
        closed: (event) => {
          this.closeCode = (event as { code: number }).code;
        },
      },
    });
    this.client.subscribe(
      { query: streamQuery },
      {
        next: (answer) => this.events.add(answer as Json),
        error: (error) => this.events.fail(error),
        complete: () => this.events.complete(),
      },
    );
  }

  get tcp(): Socket {
    return (this.socket as unknown as { _socket: Socket })._socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.tcp?.resume();
    await this.client.dispose();
  }
}

async function metric(name: string): Promise<number> {
  const page = await (await fetch(`${server.url}/metrics`)).text();
  const line = page.split('\n').find((one) => one.startsWith(`${name} `) || one.startsWith(`${name}{field="messageRe`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

const eventsSent = () => metric('heliograph_events_sent_total');
const inboxSeqs = (events: Events): string[] => events.messages.map(({ inboxSeq }) => inboxSeq);

/** Sends much to a user one of whose devices sleeps while the other reads. Returns how many events the sleeper was sent. */
async function sendWhileAsleep(alice: TestUser, bob: TestUser): Promise<number> {
  await using awake = new Sleeper(await otherDevice(server, bob));
  await awake.events.until(({ values }) => values.length > 0);
  const before = await eventsSent();
  const { headSeq } = awake.events.values[0];
  const wanted = Number(headSeq) + messages;
  for (let index = 0; index < messages; index += 10) {
    await Promise.all(Array.from({ length: 10 }, () => alice.send({ userId: bob.id }, text)));
  }
  // The other device has got all of it: what the sleeper was not sent by now is held back from it.
  await awake.events.until(() => awake.events.messages.at(-1)?.inboxSeq === String(wanted));
  const toAwake = awake.events.messages.filter(({ inboxSeq }) => Number(inboxSeq) > Number(headSeq)).length;
  return (await eventsSent()) - before - toAwake;
}

it('holds back events for a device that does not read, and delivers all of them when it reads again', async () => {
  const [alice, bob] = [await server.user(), await server.user()];
  await using sleeper = new Sleeper(bob);
  await sleeper.events.until(({ values }) => values.length > 0);
  sleeper.tcp.pause();
  expect(await sendWhileAsleep(alice, bob)).toBeLessThan(messages / 2);
  sleeper.tcp.resume();
  await alice.send({ userId: bob.id }, 'marker');
  await sleeper.events.until(({ texts }) => texts.at(-1) === 'marker');
  expect(inboxSeqs(sleeper.events)).toEqual(numbers(1, messages + 1));
  expect(sleeper.closeCode).toBeNull();
});

it('closes the socket of a device that does not read for long with 1013, and a resume brings the rest', async () => {
  const [alice, bob] = [await server.user(), await server.user()];
  await using sleeper = new Sleeper(bob);
  await sleeper.events.until(({ values }) => values.length > 0);
  sleeper.tcp.pause();
  const closedBefore = await metric('heliograph_slow_readers_total');
  await sendWhileAsleep(alice, bob);
  passed += 11_000;
  await eventually(async () => (await metric('heliograph_slow_readers_total')) > closedBefore, 'a close');
  sleeper.tcp.resume();
  await eventually(() => sleeper.closeCode !== null, 'the close to be read');
  expect(sleeper.closeCode).toBe(1013);
  const got = inboxSeqs(sleeper.events);
  const last = got.at(-1) ?? '0';
  expect(got).toEqual(numbers(1, Number(last)));
  expect(Number(last)).toBeLessThan(messages);

  const resumed = await bob.stream(last).until(({ messages: rest }) => rest.at(-1)?.inboxSeq === String(messages));
  expect(inboxSeqs(resumed)).toEqual(numbers(Number(last) + 1, messages));
});
