/** Another program holds the message store's files: the server answers in time, keeps its clients, and continues when they are free. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { codeOf, countUp, lockDatabase, overSocket, readInbox, within } from '../support/faults.ts';
import { temporaryFolder } from '../support/folders.ts';
import { type Answer, eventually, type TestUser } from '../support/heliograph.ts';
import { ServerProcess } from '../support/server-process.ts';

// Processes are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Far more than `STORE_TIMEOUT_MS`, far less than for ever: a call may need the store more than once. */
const boundMs = 10_000;
const sendMutation = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  deduplicated sentMessage { id seq status text clientMessageId } } }`;

const folder = temporaryFolder();
const server = new ServerProcess({ DATA_DIR: folder.path, STORE_TIMEOUT_MS: '600' });
let alice: TestUser;
let bob: TestUser;

beforeAll(async () => {
  await server.start();
  [alice, bob] = [await server.user('alice'), await server.user('bob')];
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const draft = (text: string) => ({ to: { userId: bob.id }, text, clientMessageId: randomUUID() });
const isReady = async () => (await server.ready()).status === 200;
const degraded = async () => (await server.post('{ server { degraded } }')).data?.server.degraded;

describe.each(['IMMEDIATE', 'EXCLUSIVE'] as const)('while journal.db is locked (%s)', (how) => {
  it('refuses sends that it cannot store in time, keeps its sockets, and stores every resend once afterwards', async () => {
    const healthy = await alice.send({ userId: bob.id }, 'healthy');
    const conversationId = healthy.conversationId as string;
    const seen = bob.stream('0');
    await seen.until(({ texts }) => texts.includes('healthy'));
    expect(await server.ready()).toMatchObject({ status: 200, body: { degraded: [] } });

    const drafts = [...countUp(20)].map((n) => draft(`${how} ${n}`));
    {
      using _lock = lockDatabase(folder.path, 'journal.db', how);
      const asked: Promise<Answer>[] = drafts.map((input, index) =>
        index % 2 === 0 ? alice.sendRaw(input) : overSocket(alice, sendMutation, { input }),
      );
      const acked = bob.post('mutation ($i: AckMessagesInput!) { ackMessages(input: $i) { ackedSeq } }', {
        i: { status: 'READ', upTo: [{ conversationId, seq: healthy.seq }] },
      });
      const readings = [
        bob.post('{ offlineMessages(afterSeq: "0") { nextSeq } }'),
        bob.post('query ($c: ID!) { history(conversationId: $c, last: 5) { nodes { text } } }', { c: conversationId }),
        bob.post('mutation { heartbeat { headSeq } }'),
        bob.post('{ viewer { user { username } } conversations { nodes { unreadCount } } }'),
      ];
      const codes = (await within(boundMs, Promise.all(asked), 'a send')).map(codeOf);
      expect(new Set(codes)).toEqual(new Set(['UNAVAILABLE']));
      expect(codeOf(await within(boundMs, acked, 'an acknowledgement'))).toBe('UNAVAILABLE');
      for (const answer of await within(boundMs, Promise.all(readings), 'a query'))
        expect([null, 'UNAVAILABLE']).toContain(codeOf(answer));

      expect(await within(boundMs, server.ready(), '/readyz')).toMatchObject({
        status: 503,
        body: { status: 'degraded', degraded: ['message-store'] },
      });
      expect(await degraded()).toEqual(['message-store']);
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    }
    await eventually(isReady, 'ready again', boundMs);
    expect(await degraded()).toEqual([]);

    const resent = await Promise.all(drafts.map((input) => alice.sendRaw(input)));
    expect(resent.map(({ data }) => data?.sendMessage.sentMessage.status)).toEqual(drafts.map(() => 'SENT'));
    const marker = await alice.send({ userId: bob.id }, `${how} marker`);
    await seen.until(({ texts }) => texts.includes(`${how} marker`));
    // The same stream as before: it was never ended, and has each message once. 1000 is a client that had nothing more to ask.
    expect(seen.error).toBeNull();
    expect([...alice.closes, ...bob.closes].filter((code) => code !== 1000)).toEqual([]);
    expect(seen.messages.map(({ inboxSeq }) => inboxSeq)).toEqual(countUp(seen.messages.length));
    expect(seen.texts.filter((text) => text.startsWith(how)).sort()).toEqual(
      [...drafts.map(({ text }) => text), `${how} marker`].sort(),
    );
    expect(seen.messages.at(-1)?.message).toMatchObject({ id: marker.id, seq: marker.seq });
    const inbox = await readInbox(bob);
    expect(inbox.map(({ message }) => message.id)).toEqual(seen.messages.map(({ message }) => message.id));
    seen.stop();
    expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(
      /heliograph_faults_total\{what="store thread"\} [1-9]/,
    );
  });
});

describe('while messages.db is locked', () => {
  it('continues to send and read from the journal, even after a crash', async () => {
    const seen = bob.stream();
    await seen.until(({ values }) => values.length > 0);
    const before = (await readInbox(bob)).length;
    {
      using _lock = lockDatabase(folder.path, 'messages.db', 'EXCLUSIVE');
      for (const n of countUp(30))
        expect(await alice.send({ userId: bob.id }, `held ${n}`)).toMatchObject({ status: 'SENT' });
      await seen.until(({ texts }) => texts.includes('held 30'));
      expect((await readInbox(bob)).length).toBe(before + 30);
      expect(await server.ready()).toMatchObject({ status: 200 });
      await server.end('SIGKILL');
    }
    await server.start();
    const inbox = await readInbox(bob);
    expect(inbox.map(({ inboxSeq }) => inboxSeq)).toEqual(countUp(before + 30));
    expect(inbox.slice(-30).map(({ message }) => message.text)).toEqual(countUp(30).map((n) => `held ${n}`));
  });
});

describe.each(['journal.db', 'messages.db'])('when it is to end while %s is locked', (name) => {
  it('ends in time, and the next start has everything', async () => {
    const before = (await readInbox(bob)).length;
    {
      using lock = lockDatabase(folder.path, 'messages.db', 'IMMEDIATE');
      for (const n of countUp(10)) await alice.send({ userId: bob.id }, `${name} ${n}`);
      if (name === 'journal.db') lock[Symbol.dispose]();
      using _other = name === 'journal.db' ? lockDatabase(folder.path, name, 'IMMEDIATE') : null;
      expect(await within(boundMs, server.end('SIGTERM'), 'SIGTERM')).toBe(0);
    }
    await server.start();
    const inbox = await readInbox(bob);
    expect(inbox.map(({ inboxSeq }) => inboxSeq)).toEqual(countUp(before + 10));
    expect(inbox.slice(-10).map(({ message }) => message.text)).toEqual(countUp(10).map((n) => `${name} ${n}`));
  });
});
