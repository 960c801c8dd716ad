/** A member who is removed and added again keeps the messages of the first stay, and sees none that were sent in between. */
import { expect, it } from 'vitest';
import { createGroup, offline } from '../support/actions.ts';
import { type Json, startServer, type TestUser } from '../support/heliograph.ts';

const change = (verb: string) =>
  `mutation ($c: ID!, $u: [ID!]!) { ${verb}(input: { conversationId: $c, userIds: $u }) { conversation { id } } }`;
const historyQuery = `query ($c: ID!, $first: Int, $after: String, $last: Int, $before: String) {
  history(conversationId: $c, first: $first, after: $after, last: $last, before: $before) {
    nodes { id seq text } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

const page = async (user: TestUser, variables: object): Promise<Json> =>
  (await user.ask(historyQuery, variables)).history;
const seqs = ({ nodes }: Json): number[] => nodes.map(({ seq }: Json) => Number(seq));

// Fanned out on write, and on read.
it.each(['100', '1'])('in history, by id, as replies and in the inbox (%s)', async (onWriteMaxMembers) => {
  await using server = await startServer({ FAN_OUT_ON_WRITE_MAX_MEMBERS: onWriteMaxMembers });
  const [owner, bob, carol] = [await server.user(), await server.user(), await server.user()];
  const c = await createGroup(owner, [bob, carol]); // 1
  const send = (text: string) => owner.send({ conversationId: c }, text);
  const early = await send('first stay'); // 2
  await owner.ask(change('removeMembers'), { c, u: [bob.id] }); // 3
  const between = await send('while bob is away'); // 4
  await owner.ask(change('addMembers'), { c, u: [bob.id] }); // 5
  await send('second stay'); // 6
  await owner.ask(change('removeMembers'), { c, u: [bob.id] }); // 7
  await send('away again'); // 8
  await owner.ask(change('addMembers'), { c, u: [bob.id] }); // 9
  await send('third stay'); // 10
  const visible = [1, 2, 3, 5, 6, 7, 9, 10];

  expect(seqs(await page(bob, { c, first: 50 }))).toEqual(visible);
  expect(seqs(await page(carol, { c, first: 50 }))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  for (const size of [1, 2, 3, 5]) {
    const forwards: number[] = [];
    for (let after: string | null = null, isMore = true; isMore; ) {
      const read: Json = await page(bob, { c, first: size, after });
      forwards.push(...seqs(read));
      expect(read.pageInfo.hasPreviousPage).toBe(after !== null);
      after = read.pageInfo.endCursor;
      isMore = read.pageInfo.hasNextPage;
    }
    expect(forwards).toEqual(visible);
    let backwards: number[] = [];
    for (let before: string | null = null, isMore = true; isMore; ) {
      const read: Json = await page(bob, { c, last: size, before });
      backwards = [...seqs(read), ...backwards];
      expect(read.pageInfo.hasNextPage).toBe(before !== null);
      before = read.pageInfo.startCursor;
      isMore = read.pageInfo.hasPreviousPage;
    }
    expect(backwards).toEqual(visible);
  }

  const byId = 'query ($id: ID!) { message(id: $id) { text } }';
  expect((await bob.ask(byId, { id: early.id })).message.text).toBe('first stay');
  expect(await bob.ask(byId, { id: between.id })).toEqual({ message: null });
  const reply = await bob.send({ conversationId: c }, 'about that', { replyToId: early.id });
  expect(reply.seq).toBe('11');
  const toHidden = await bob.sendRaw({
    to: { conversationId: c },
    text: 'x',
    clientMessageId: crypto.randomUUID(),
    replyToId: between.id,
  });
  expect(toHidden.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  const inbox = (await offline(bob, '0')).entries.map(({ message }: Json) => Number(message.seq));
  expect(inbox).toEqual([...visible, 11]);
});
