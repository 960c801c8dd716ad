/** The process stands still while messages are being stored: each that is stored reaches its readers, though its sender got an error. */
import { expect, it, vi } from 'vitest';
import { countUp, readInbox } from '../support/faults.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually, type TestUser } from '../support/heliograph.ts';
import { Sends } from '../support/sends.ts';
import { ServerProcess } from '../support/server-process.ts';

// Processes are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const storeTimeoutMs = 500;
const triesMax = 5;

it('messages stored after their deadline are delivered at once, with and without a resend', async () => {
  using folder = temporaryFolder();
  await using server = new ServerProcess({ DATA_DIR: folder.path, STORE_TIMEOUT_MS: String(storeTimeoutMs) });
  await server.start();
  const hub = await server.user('hub');
  const senders: TestUser[] = [];
  for (const n of countUp(25)) senders.push(await server.user(`user${n}`));
  for (const sender of senders) await sender.send({ userId: hub.id }, 'hello');
  const stream = await hub.stream('0').until(({ messages }) => messages.length === senders.length);

  /** Each conversation's last message is one that was on its way when the process stopped: nothing later brings it along. */
  async function sendThroughStop(): Promise<Sends[]> {
    const started = senders.map(() => new Sends());
    const traffic = senders.map((sender, index) => started[index]?.keepSending(sender, { userId: hub.id }));
    await Promise.all(started.map((one) => one.more(2)));
    server.signal('SIGSTOP');
    for (const one of started) one.stop();
    // Longer than any call to a store may take.
    await new Promise((resolve) => setTimeout(resolve, storeTimeoutMs * 3));
    server.signal('SIGCONT');
    await Promise.all(traffic);
    return started;
  }

  let sends: Sends[] = [];
  const unknown = () => sends.reduce((sum, one) => sum + one.unknown.size, 0);
  // A process may stop at a moment when no call to the store is under way.
  for (let tries = 0; unknown() === 0 && tries < triesMax; tries += 1) {
    sends = await sendThroughStop();
  }
  expect(unknown()).toBeGreaterThan(0);

  // Of two that got an error, one sends again.
  await Promise.all(sends.filter((_, index) => index % 2 === 0).map((one) => one.resend()));
  const last = 'query ($id: ID!) { conversation(id: $id) { lastMessage { id seq } } }';
  const { conversations } = await hub.ask('{ conversations(first: 50) { nodes { id } } }');
  await eventually(async () => {
    const stored: string[] = [];
    for (const { id } of conversations.nodes) stored.push((await hub.ask(last, { id })).conversation.lastMessage.id);
    const seen = new Set(stream.messages.map(({ message }) => message.id));
    const pulled = new Set((await readInbox(hub, 'id')).map(({ message }) => message.id));
    return stored.every((id) => seen.has(id) && pulled.has(id));
  }, 'the last message of each conversation in the stream and in the inbox');
  expect(stream.error).toBeNull();
});
