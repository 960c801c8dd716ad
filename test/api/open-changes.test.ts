/** Changes of members that a crash left open: none of them keeps the server from starting, or a group from going on. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createGroup, offline } from '../support/actions.ts';
import { eventually, type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

const add =
  'mutation ($c: ID!, $u: [ID!]!) { addMembers(input: { conversationId: $c, userIds: $u }) { conversation { memberCount } } }';
const entries = `query ($c: ID!) { history(conversationId: $c, first: 50) {
  nodes { id seq kind text systemEvent { kind } } } }`;
const faults = 'heliograph_faults_total{what="membership change"}';

let server: TestServer;
let owner: TestUser;
let bob: TestUser;
let carol: TestUser;
let group: string;
beforeEach(async () => {
  server = await startServer();
  [owner, bob, carol] = [await server.user(), await server.user(), await server.user()];
  group = await createGroup(owner, [bob]);
});
afterEach(() => server[Symbol.asyncDispose]());

const historyOf = async (user: TestUser): Promise<Json[]> => (await user.ask(entries, { c: group })).history.nodes;
const textsOf = async (user: TestUser) =>
  (await offline(user, '0')).entries.map(({ message }: { message: { text: string } }) => message.text);
const faultCount = async () => {
  const page = await (await fetch(`${server.url}/metrics`)).text();
  const line = page.split('\n').find((one) => one.startsWith(faults));
  return Number(line?.slice(faults.length) ?? 0);
};

/** Stops the server, changes its directory as a crash might have left it, and starts the server again. */
async function restartAfter(crash: (directory: DatabaseSync) => void): Promise<void> {
  await server.heliograph[Symbol.asyncDispose]();
  const directory = new DatabaseSync(join(server.dataDir, 'directory.db'));
  crash(directory);
  directory.close();
  await server.restart();
}

function record(directory: DatabaseSync, change: { id: string; actorId: string; event: object; at: number }): void {
  directory
    .prepare(
      'INSERT INTO membership_changes (id, conversation_id, actor_id, event, at, claimed_until) VALUES (?, ?, ?, ?, ?, ?)',
    )
    .run(BigInt(change.id), BigInt(group), BigInt(change.actorId), JSON.stringify(change.event), change.at, 0);
}

const openChanges = (directory: DatabaseSync) =>
  directory.prepare('SELECT count(*) AS n FROM membership_changes').get()?.n;

it('one that is in the log is settled as it is, although its words are others by now', async () => {
  await owner.ask(add, { c: group, u: [carol.id] });
  const [, added] = await historyOf(owner);
  await restartAfter((directory) => {
    // Written to the log, not settled; and everybody has another name since.
    directory.prepare('DELETE FROM members WHERE user_id = ?').run(BigInt(carol.id));
    directory.exec(`UPDATE conversations SET version = 1, member_count = 2 WHERE kind = 'GROUP'`);
    directory.exec(`UPDATE users SET display_name = 'somebody else'`);
    const event = { kind: 'MEMBERS_ADDED', userIds: [carol.id] };
    record(directory, { id: added.id, actorId: owner.id, event, at: Date.now() });
  });
  expect((await owner.send({ conversationId: group }, 'after the restart')).status).toBe('SENT');
  await eventually(async () => (await textsOf(carol)).includes('after the restart'), 'carol gets the next message');
  expect((await historyOf(owner)).map(({ id }) => id).slice(0, 2)).toContain(added.id);
  expect(await historyOf(carol)).toMatchObject([{ id: added.id, text: added.text }, { text: 'after the restart' }]);
  await restartAfter((directory) => expect(openChanges(directory)).toBe(0));
});

it('one that only the log knows is settled by the first who needs the members', async () => {
  await owner.ask(add, { c: group, u: [carol.id] });
  await restartAfter((directory) => {
    directory.prepare('DELETE FROM members WHERE user_id = ?').run(BigInt(carol.id));
    directory.exec(`UPDATE conversations SET version = 1, member_count = 2 WHERE kind = 'GROUP'`);
  });
  await owner.send({ conversationId: group }, 'to all three');
  await eventually(async () => (await textsOf(carol)).includes('to all three'), 'carol gets the next message');
});

it('one that can never succeed is dropped and reported, and the group goes on', async () => {
  await restartAfter((directory) => {
    // Carol is no member: she cannot have added anybody.
    const event = { kind: 'MEMBERS_ADDED', userIds: [carol.id] };
    record(directory, { id: '1', actorId: carol.id, event, at: Date.now() });
  });
  expect(await faultCount()).toBeGreaterThan(0);
  expect((await owner.send({ conversationId: group }, 'still here')).status).toBe('SENT');
  await eventually(async () => (await textsOf(bob)).includes('still here'), 'bob gets the next message');
  expect((await owner.ask(add, { c: group, u: [carol.id] })).addMembers.conversation.memberCount).toBe(3);
  expect((await historyOf(owner)).map(({ systemEvent }) => systemEvent?.kind ?? null)).toEqual([
    'GROUP_CREATED',
    null,
    'MEMBERS_ADDED',
  ]);
});

it('one whose caller got an error long ago is not made at a later start', async () => {
  const hourAgo = Date.now() - 60 * 60 * 1000;
  await restartAfter((directory) => {
    const event = { kind: 'MEMBERS_REMOVED', userIds: [bob.id] };
    record(directory, { id: '1', actorId: owner.id, event, at: hourAgo });
  });
  expect(await faultCount()).toBe(1);
  await bob.send({ conversationId: group }, 'I am still a member');
  expect((await historyOf(bob)).map(({ kind }) => kind)).toEqual(['SYSTEM', 'USER']);
  await restartAfter((directory) => expect(openChanges(directory)).toBe(0));
});

it('one that was just recorded is made', async () => {
  await restartAfter((directory) => {
    const event = { kind: 'MEMBERS_ADDED', userIds: [carol.id] };
    record(directory, { id: '1', actorId: owner.id, event, at: Date.now() });
  });
  expect((await historyOf(carol)).map(({ systemEvent }) => systemEvent?.kind)).toEqual(['MEMBERS_ADDED']);
});

it('records that cannot be read are reported, and change nothing else', async () => {
  await restartAfter((directory) => {
    directory.exec(`INSERT INTO membership_changes (id, conversation_id, actor_id, event, at, claimed_until)
      VALUES (1, 404, ${owner.id}, 'not JSON', 0, 0)`);
  });
  expect((await owner.ask(add, { c: group, u: [carol.id] })).addMembers.conversation.memberCount).toBe(3);
});
