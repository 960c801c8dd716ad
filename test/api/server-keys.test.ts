/** The server's own entries have keys that no client can take beforehand. */
import { expect, it } from 'vitest';
import { snowflakeEpochMs } from '../../src/domain/snowflake.ts';
import { createGroup, offline } from '../support/actions.ts';
import { eventually, startServer, type TestUser } from '../support/heliograph.ts';

const texts = async (user: TestUser) =>
  (await offline(user, '0')).entries.map(({ message }: { message: { text: string } }) => message.text);

/** The ids that a server makes in one millisecond, given one that it made before. */
function idsOf(at: number, known: string): string[] {
  const worker = (BigInt(known) >> 12n) & 1023n;
  const first = (BigInt(at - snowflakeEpochMs) << 22n) | (worker << 12n);
  return Array.from({ length: 16 }, (_, counter) => (first + BigInt(counter)).toString());
}

it('a member who sends with predicted ids stops neither a group nor the server', async () => {
  const time = { now: Date.UTC(2026, 5, 10) };
  await using server = await startServer({}, () => time.now);
  const [owner, bob, mallory] = [await server.user(), await server.user(), await server.user()];
  const group = await createGroup(owner, [bob, mallory]);
  const leavingAt = time.now + 500;
  for (const clientMessageId of idsOf(leavingAt, group)) {
    await mallory.send({ userId: mallory.id }, 'a note to myself', { clientMessageId });
    await mallory.sendRaw({ to: { conversationId: group }, text: 'a guess', clientMessageId });
  }
  time.now = leavingAt;

  const leave = 'mutation ($id: ID!) { leaveGroup(input: { conversationId: $id }) { conversation { memberCount } } }';
  await mallory.ask(leave, { id: group });
  const { id } = await owner.send({ conversationId: group }, 'after mallory has left');
  await eventually(async () => (await texts(bob)).includes('after mallory has left'), 'bob gets the next message');
  expect(await mallory.ask('query ($id: ID!) { message(id: $id) { id } }', { id })).toEqual({ message: null });
  await server.restart();
  expect((await owner.send({ conversationId: group }, 'after the restart')).status).toBe('SENT');
  await eventually(
    async () => (await texts(bob)).includes('after the restart'),
    'bob gets a message after the restart',
  );
});

it('refuses a clientMessageId of the form that the server keeps for itself', async () => {
  await using server = await startServer();
  const [owner, bob] = [await server.user(), await server.user()];
  const conversationId = await createGroup(owner, [bob]);
  const entry = 'query ($id: ID!) { history(conversationId: $id, first: 1) { nodes { kind clientMessageId } } }';
  const [created] = (await owner.ask(entry, { id: conversationId })).history.nodes;
  expect(created).toMatchObject({ kind: 'SYSTEM', clientMessageId: expect.stringMatching(/^server:/) });
  const answer = await owner.sendRaw({
    to: { conversationId },
    text: 'as the server',
    clientMessageId: created.clientMessageId,
  });
  expect(answer.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
});
