/** MongoDB is killed, frozen, slow or loses its primary under load: no message is lost, doubled or moved, and every call ends in time. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ackMutation } from '../support/actions.ts';
import { codeOf, countUp, readInbox, within } from '../support/faults.ts';
import { temporaryFolder } from '../support/folders.ts';
import { type Events, eventually, type TestUser } from '../support/heliograph.ts';
import { Sends } from '../support/sends.ts';
import { ServerProcess } from '../support/server-process.ts';
import { mongoRequirement, startMongod, startReplicaSet } from '../support/servers/mongodb.ts';

// Servers are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const storeTimeoutMs = 1_500;
/** A busy machine answers a little after the deadline. */
const answerMaxMs = storeTimeoutMs + 3_000;
const kills = Number(process.env.KILLS ?? 3);

interface Traffic {
  readonly server: ServerProcess;
  readonly alice: TestUser;
  readonly bob: TestUser;
  readonly conversationId: string;
  readonly stream: Events;
  readonly sends: Sends;
  /** Ends the sends, resends those without an answer, and compares everything that can be read with the answers. */
  check(): Promise<void>;
}

/** Alice sends to Bob without a pause, four messages at a time; Bob has a live stream. */
async function startTraffic(stack: AsyncDisposableStack, mongoUrl: string): Promise<Traffic> {
  const folder = stack.use(temporaryFolder());
  const server = stack.use(
    new ServerProcess({ DATA_DIR: folder.path, MONGO_URL: mongoUrl, STORE_TIMEOUT_MS: String(storeTimeoutMs) }),
  );
  await server.start();
  const [alice, bob] = [await server.user('alice'), await server.user('bob')];
  const { conversationId } = await alice.send({ userId: bob.id }, 'hello');
  const stream = await bob.stream('0').until(({ messages }) => messages.length === 1);
  const sends = new Sends();
  const sending = countUp(4).map(() => sends.keepSending(alice, { conversationId }));
  return {
    server,
    alice,
    bob,
    conversationId,
    stream,
    sends,
    async check() {
      sends.stop();
      await Promise.all(sending);
      await sends.resend();
      const count = sends.answered.size + 1;
      await stream.until(({ messages }) => messages.length >= count, 'all messages', 30_000);
      expect(stream.error).toBeNull();
      expect(bob.closes).toEqual([]);
      const inbox = await readInbox(bob);
      for (const entries of [stream.messages, inbox]) {
        expect(entries.map(({ inboxSeq }) => inboxSeq)).toEqual(countUp(count));
        expect(entries.map(({ message }) => message.seq)).toEqual(countUp(count));
        const byClientId = new Map(entries.map(({ message }) => [message.clientMessageId, message]));
        for (const [clientMessageId, { id, seq, text }] of sends.answered)
          expect(byClientId.get(clientMessageId)).toMatchObject({ id, seq, text });
      }
      await isReady(server);
    },
  };
}

async function isReady(server: ServerProcess): Promise<void> {
  await eventually(async () => (await server.ready()).status === 200, 'ready', 30_000);
}

/** Every kind of call that needs the store is answered in time, and says what is missing. */
async function expectUnavailable({ server, alice, bob, conversationId }: Traffic): Promise<void> {
  const calls = {
    send: alice.sendRaw({ to: { conversationId }, text: 'meanwhile', clientMessageId: 'meanwhile' }),
    acknowledgement: bob.post(ackMutation, { input: { status: 'READ', upTo: [{ conversationId, seq: '1' }] } }),
    sync: bob.post('{ offlineMessages(afterSeq: "0", first: 10) { entries { inboxSeq } } }'),
  };
  const answers = await Promise.all(
    Object.entries(calls).map(async ([name, call]) => [name, codeOf(await within(answerMaxMs, call, name))]),
  );
  expect(Object.fromEntries(answers)).toEqual({
    send: 'UNAVAILABLE',
    acknowledgement: 'UNAVAILABLE',
    sync: 'UNAVAILABLE',
  });
  expect(await server.ready()).toMatchObject({ status: 503, body: { degraded: ['message-store'] } });
  // Calls that do not need the store still work.
  expect(await within(answerMaxMs, alice.ask('{ viewer { user { id } } }'), 'viewer')).toBeDefined();
}

describe.skipIf(mongoRequirement.program === null)(`a server on MongoDB${mongoRequirement.note}`, () => {
  let stack: AsyncDisposableStack;
  beforeEach(() => {
    stack = new AsyncDisposableStack();
  });
  afterEach(() => stack.disposeAsync());

  it(`loses, doubles and moves nothing when mongod is killed (${kills} kills)`, async () => {
    const mongod = stack.use(await startMongod());
    const traffic = await startTraffic(stack, mongod.url());
    for (const round of countUp(kills)) {
      await traffic.sends.more(30);
      await mongod.program.end('SIGKILL');
      if (round === '1') await expectUnavailable(traffic);
      await mongod.program.start();
      await traffic.sends.more(30);
    }
    await traffic.check();
  });

  it('answers in time while mongod is frozen, and goes on when it is not', async () => {
    const mongod = stack.use(await startMongod());
    const traffic = await startTraffic(stack, mongod.url());
    for (const round of countUp(2)) {
      await traffic.sends.more(30);
      mongod.program.signal('SIGSTOP');
      if (round === '1') await expectUnavailable(traffic);
      else await eventually(async () => (await traffic.server.ready()).status === 503, 'not ready', 30_000);
      mongod.program.signal('SIGCONT');
      await traffic.sends.more(30);
    }
    await traffic.check();
  });

  it('answers in time while mongod is slow', async () => {
    const mongod = stack.use(await startMongod({ args: ['--setParameter', 'enableTestCommands=1'] }));
    const traffic = await startTraffic(stack, mongod.url());
    await traffic.sends.more(30);
    const data = {
      failCommands: ['insert', 'find', 'update', 'findAndModify', 'aggregate'],
      blockConnection: true,
      blockTimeMS: storeTimeoutMs * 3,
    };
    await mongod.command({ configureFailPoint: 'failCommand', mode: 'alwaysOn', data });
    await expectUnavailable(traffic);
    await mongod.command({ configureFailPoint: 'failCommand', mode: 'off' });
    await traffic.sends.more(30);
    await traffic.check();
  });

  it('goes on when the primary steps down', async () => {
    const mongod = stack.use(await startMongod());
    const traffic = await startTraffic(stack, mongod.url());
    for (const _ of countUp(2)) {
      await traffic.sends.more(30);
      await mongod.command({ replSetStepDown: 2, secondaryCatchUpPeriodSecs: 0, force: true });
      await traffic.sends.more(30);
    }
    await traffic.check();
  });

  it('goes on with another primary when the primary of three is killed', async () => {
    const set = stack.use(await startReplicaSet(3));
    const traffic = await startTraffic(stack, set.url());
    await traffic.sends.more(30);
    const killed = await set.primary();
    await killed.program.end('SIGKILL');
    await traffic.sends.more(60);
    await killed.program.start();
    await traffic.sends.more(30);
    await traffic.check();
  });
});
