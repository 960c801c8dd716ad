/** The process is frozen for a while, like in a stopped virtual machine, and then continues normally. */
import { expect, it, vi } from 'vitest';
import { countUp, readInbox } from '../support/faults.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/heliograph.ts';
import { Sends } from '../support/sends.ts';
import { ServerProcess } from '../support/server-process.ts';

// Processes are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

// A client has half of it to answer a ping, also on a busy machine.
const leaseTtlMs = 4_000;

it('a server frozen under load resumes every stream, and knows the connected users', async () => {
  using folder = temporaryFolder();
  await using server = new ServerProcess({
    DATA_DIR: folder.path,
    STORE_TIMEOUT_MS: '500',
    LEASE_TTL_MS: String(leaseTtlMs),
  });
  await server.start();
  const [alice, bob, carol] = [await server.user('alice'), await server.user('bob'), await server.user('carol')];
  await alice.send({ userId: carol.id }, 'hello');
  // Presence is visible once both have sent.
  for (const other of [bob, carol]) await other.send({ userId: alice.id }, 'hello back');
  const { conversationId } = await alice.send({ userId: bob.id }, 'hello');
  const seen = bob.stream('0');
  const carols = carol.stream('0');
  const presence = alice.subscribe('subscription ($u: [ID!]) { presenceChanged(userIds: $u) { userId status } }', {
    u: [bob.id, carol.id],
  });
  const last = (userId: string) => presence.values.findLast((one) => one.userId === userId)?.status;
  await seen.until(({ messages }) => messages.length === 2);
  await carols.until(({ messages }) => messages.length === 2);
  await presence.until(() => last(bob.id) === 'ONLINE' && last(carol.id) === 'ONLINE', 'both online');

  const sends = new Sends();
  const traffic = countUp(4).map(() => sends.keepSending(alice, { conversationId }));
  for (const _ of countUp(2)) {
    await sends.more(50);
    server.signal('SIGSTOP');
    // Longer than a lease, and than any call to a store may take.
    await new Promise((resolve) => setTimeout(resolve, leaseTtlMs + 700));
    // Carol leaves while nobody is there to notice it.
    await carol.close();
    server.signal('SIGCONT');
    await sends.more(50);
  }
  sends.stop();
  await Promise.all(traffic);
  await sends.resend();

  const count = sends.answered.size + 2;
  await seen.until(({ messages }) => messages.length >= count, 'all messages');
  expect(seen.error).toBeNull();
  expect(bob.closes).toEqual([]);
  expect(seen.messages.map(({ inboxSeq }) => inboxSeq)).toEqual(countUp(count));
  expect(seen.messages.map(({ message }) => message.seq)).toEqual(countUp(count));
  const byClientId = new Map(seen.messages.map(({ message }) => [message.clientMessageId, message]));
  for (const [clientMessageId, { id, seq, text }] of sends.answered)
    expect(byClientId.get(clientMessageId)).toMatchObject({ id, seq, text });
  expect((await readInbox(bob)).length).toBe(count);

  await presence.until(() => last(bob.id) === 'ONLINE' && last(carol.id) === 'OFFLINE', 'carol gone, bob there');
  await eventually(async () => {
    const query = 'query ($u: [ID!]!) { presence(userIds: $u) { status } }';
    const statuses = (await alice.ask(query, { u: [bob.id, carol.id] })).presence.map(
      ({ status }: { status: string }) => status,
    );
    return statuses.join() === 'ONLINE,OFFLINE';
  }, 'the same presence when asked');
  expect(await server.ready()).toMatchObject({ status: 200, body: { degraded: [] } });
});
