/** Another program holds `directory.db`: running conversations continue, and a missing answer never grants access. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { codeOf, countUp, lockDatabase, readInbox, within } from '../support/faults.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually, type TestUser } from '../support/heliograph.ts';
import { ServerProcess } from '../support/server-process.ts';

// Processes are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const boundMs = 10_000;
const folder = temporaryFolder();
const server = new ServerProcess({ DATA_DIR: folder.path, STORE_TIMEOUT_MS: '600' });
let alice: TestUser;
let bob: TestUser;
let carol: TestUser;
let groupId: string;

const group =
  'mutation ($t: String!, $m: [ID!]!) { createGroup(input: { title: $t, memberIds: $m }) { conversation { id } } }';
const add =
  'mutation ($c: ID!, $u: [ID!]!) { addMembers(input: { conversationId: $c, userIds: $u }) { conversation { memberCount } } }';
const membersOf =
  'query ($c: ID!) { conversation(id: $c) { memberCount members { nodes { user { id } joinedSeq } } } }';

beforeAll(async () => {
  await server.start();
  [alice, bob, carol] = [await server.user('alice'), await server.user('bob'), await server.user('carol')];
  groupId = (await alice.ask(group, { t: 'three', m: [bob.id] })).createGroup.conversation.id;
  await alice.send({ conversationId: groupId }, 'healthy');
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe('while directory.db is locked', () => {
  it('keeps conversations going, refuses changes in time, and is whole when it is free', async () => {
    const seen = bob.stream('0');
    await seen.until(({ texts }) => texts.includes('healthy'));
    {
      using _lock = lockDatabase(folder.path, 'directory.db', 'EXCLUSIVE');
      const changes = [
        alice.post(add, { c: groupId, u: [carol.id] }),
        alice.post(group, { t: 'new', m: [bob.id] }),
        server.post(
          'mutation { register(input: { username: "dave", password: "correct horse" }) { session { accessToken } } }',
        ),
        server.post(
          'mutation { logIn(input: { username: "bob", password: "correct horse" }) { session { accessToken } } }',
        ),
        carol.sendRaw({ to: { userId: bob.id }, text: 'a new conversation', clientMessageId: 'c1' }),
        // More than get their turn in time.
        ...countUp(30).map((n) => alice.post(group, { t: `waiting ${n}`, m: [bob.id] })),
      ];
      for (const n of countUp(20))
        expect(await within(boundMs, alice.send({ conversationId: groupId }, `text ${n}`), 'a send')).toMatchObject({
          status: 'SENT',
        });
      await seen.until(({ texts }) => texts.includes('text 20'));
      const codes = (await within(boundMs, Promise.all(changes), 'a change')).map(codeOf);
      expect(codes).toEqual(changes.map(() => 'UNAVAILABLE'));
      expect(await within(boundMs, server.ready(), '/readyz')).toMatchObject({
        status: 503,
        body: { degraded: ['directory'] },
      });
      expect((await server.post('{ server { degraded } }')).data?.server.degraded).toEqual(['directory']);
    }
    await eventually(async () => (await server.ready()).status === 200, 'ready again', boundMs);

    // Refused changes may or may not have been made. After a retry, each exists once.
    await eventually(async () => codeOf(await alice.post(add, { c: groupId, u: [carol.id] })) === null, 'the change');
    const { conversation } = await alice.ask(membersOf, { c: groupId });
    expect(conversation.memberCount).toBe(3);
    const [first, ...more] = (await readInbox(bob, 'id text systemEvent { kind users { id } }')).filter(
      ({ message }) => message.systemEvent?.kind === 'MEMBERS_ADDED',
    );
    expect(first?.message.systemEvent.users).toEqual([{ id: carol.id }]);
    expect(more).toEqual([]);
    await server.user('dave');
    await carol.send({ userId: bob.id }, 'a new conversation', { clientMessageId: 'c1' });
    const last = await alice.send({ conversationId: groupId }, 'last');
    await seen.until(({ texts }) => texts.includes('last') && texts.includes('a new conversation'));
    expect(seen.error).toBeNull();
    expect(bob.closes).toEqual([]);
    expect(seen.messages.map(({ inboxSeq }) => inboxSeq)).toEqual(countUp(seen.messages.length));
    expect((await readInbox(carol)).map(({ message }) => message.id)).toContain(last.id);
    expect((await readInbox(carol)).map(({ message }) => message.text)).not.toContain('text 20');

    // However many calls failed, the log has a line for the beginning and one for the end, and one for each kind of failure.
    const lines = server.stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    const ofComponent = lines.filter(({ component }) => component === 'directory').map(({ message }) => message);
    expect(ofComponent).toEqual(['component unavailable', 'component available again']);
    const failures = lines.filter(({ message }) => message === 'background task failed');
    const kinds = failures.map(({ what, error }) => `${what} ${error.message.split('\n')[0]}`);
    expect(kinds).toEqual([...new Set(kinds)]);
    const page = await (await fetch(`${server.url}/metrics`)).text();
    const counted = Number(/^heliograph_faults_total\{what="directory"\} (\d+)$/m.exec(page)?.[1]);
    expect(counted).toBeGreaterThan(failures.filter(({ what }) => what === 'directory').length);
  });
});
