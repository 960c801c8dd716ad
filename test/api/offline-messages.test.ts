import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ack, createGroup, numbers, offline, offlineQuery } from '../support/actions.ts';
import { type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { areEmbedded } from '../support/server-stores.ts';

const pageSizeMax = 7;

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ PAGE_SIZE_MAX: String(pageSizeMax) });
});
afterAll(() => server[Symbol.asyncDispose]());

const seqs = (page: Json): string[] => page.entries.map(({ inboxSeq }: Json) => inboxSeq);

/** Bob, with 20 entries from a direct conversation and a group in turns. */
async function inboxOf20(): Promise<[TestUser, TestUser]> {
  const [alice, bob] = [await server.user(), await server.user()];
  const conversationId = await createGroup(alice, [bob]);
  for (let index = 2; index <= 20; index += 1) {
    await alice.send(index % 2 ? { conversationId } : { userId: bob.id }, `m${index}`);
  }
  return [alice, bob];
}

describe('offlineMessages', () => {
  it('returns the entries strictly after a number, oldest first, with the next number', async () => {
    const [, bob] = await inboxOf20();
    expect(seqs(await offline(bob, '0', 7))).toEqual(numbers(1, 7));
    const page = await offline(bob, '13', 3);
    expect(page).toMatchObject({ nextSeq: '16', headSeq: '20', hasMore: true, truncated: [] });
    expect(seqs(page)).toEqual(['14', '15', '16']);
    expect(await offline(bob, '13', 7)).toMatchObject({ nextSeq: '20', headSeq: '20', hasMore: false });
    expect(await offline(bob, '12', 7)).toMatchObject({ nextSeq: '19', hasMore: true });
    expect(await offline(bob, '20', 7)).toEqual({
      entries: [],
      nextSeq: '20',
      headSeq: '20',
      hasMore: false,
      truncated: [],
    });
  });

  it('returns every entry once with any page size', async () => {
    const [, bob] = await inboxOf20();
    const whole: Json[] = [];
    for (let first = 1; first <= pageSizeMax; first += 1) {
      const entries: Json[] = [];
      let calls = 0;
      for (let afterSeq = '0', hasMore = true; hasMore; calls += 1) {
        const page = await offline(bob, afterSeq, first);
        entries.push(...page.entries);
        ({ nextSeq: afterSeq, hasMore } = page);
      }
      expect(entries.map(({ inboxSeq }) => inboxSeq)).toEqual(numbers(1, 20));
      expect(calls).toBe(Math.ceil(20 / first));
      if (first === 1) whole.push(...entries);
      expect(entries).toEqual(whole);
    }
  });

  it('has no gap and no repeat while others send', async () => {
    const [alice, bob] = await inboxOf20();
    const seen: string[] = [];
    const sending = Promise.all(
      numbers(1, 8).map(async (number) => {
        for (let index = 0; index < 10; index += 1) await alice.send({ userId: bob.id }, number);
      }),
    );
    for (let afterSeq = '0'; seen.length < 100; ) {
      const page = await offline(bob, afterSeq, 1 + Math.floor(Math.random() * pageSizeMax));
      expect(BigInt(page.headSeq)).toBeGreaterThanOrEqual(BigInt(page.nextSeq));
      seen.push(...seqs(page));
      afterSeq = page.nextSeq;
    }
    await sending;
    expect(seen).toEqual(numbers(1, 100));
  });

  it('immediately shows messages that were answered SENT', async () => {
    const [alice, bob] = [await server.user(), await server.user()];
    for (const seq of numbers(1, 20)) {
      await alice.send({ userId: bob.id }, seq);
      expect(await offline(bob, String(Number(seq) - 1), 1)).toMatchObject({ headSeq: seq, nextSeq: seq });
    }
  });

  it('is the same on every call, regardless of acknowledgements', async () => {
    const [, bob] = await inboxOf20();
    const before = await offline(bob, '3', 5);
    await ack(bob, { status: 'READ', upToInboxSeq: '20' });
    expect(await offline(bob, '3', 5)).toEqual(before);
  });

  it('refuses a page size that is not 1 to pageSizeMax, and a number past the head', async () => {
    const [, bob] = await inboxOf20();
    for (const first of [0, -1, pageSizeMax + 1, 2_147_483_647]) {
      expect(await bob.fails(offlineQuery, { afterSeq: '0', first })).toBe('BAD_USER_INPUT');
    }
    for (const afterSeq of ['21', '9007199254740993']) {
      const { errors, data } = await bob.post(offlineQuery, { afterSeq, first: 1 });
      expect(errors?.[0]?.extensions).toEqual({ code: 'CURSOR_AHEAD', retryable: false, headSeq: '20' });
      expect(errors?.[0]?.message).toContain(afterSeq);
      expect(data).toEqual({ offlineMessages: null });
    }
    for (const afterSeq of ['-1', '1.0', '01', 'x', '', 1.5, null]) {
      expect(await bob.fails(offlineQuery, { afterSeq, first: 1 }), String(afterSeq)).toBe('BAD_USER_INPUT');
    }
  });
});

it.skipIf(!areEmbedded)('numbers are exact beyond 2^53, on the way in and out', async () => {
  const shift = 9_007_199_254_740_990n;
  const at = (number: bigint) => String(shift + number);
  const [alice, bob] = [await server.user(), await server.user()];
  const { conversationId } = await alice.send({ userId: bob.id }, 'm1');
  for (const text of ['m2', 'm3']) await alice.send({ conversationId }, text);
  // As after 2^53 messages: the numbers of this conversation, and of bob's inbox, are raised behind the server's back.
  await server.heliograph[Symbol.asyncDispose]();
  const database = new DatabaseSync(join(server.dataDir, 'messages.db'));
  const [month] = database.prepare("SELECT name FROM sqlite_schema WHERE name GLOB 'message_????_??'").all();
  const change = (sql: string, key: string) => database.prepare(sql).run(shift, BigInt(key));
  change(`UPDATE ${month?.name} SET seq = seq + ? WHERE conversation_id = ?`, conversationId);
  change('UPDATE inbox_run SET seq = seq + ? WHERE user_id = ?', bob.id);
  for (const column of ['from_seq', 'to_seq']) {
    change(`UPDATE inbox_run SET ${column} = ${column} + ? WHERE conversation_id = ?`, conversationId);
  }
  // The first run stands for all that was before.
  database.exec(`UPDATE inbox_run SET seq = 1, from_seq = 1 WHERE user_id = ${bob.id} AND from_seq = ${at(1n)}`);
  database.close();
  await server.restart();

  expect((await alice.send({ conversationId }, 'm4')).seq).toBe(at(4n));
  expect((await alice.send({ conversationId }, 'm5')).seq).toBe(at(5n));
  const page = await offline(bob, at(2n), 7);
  expect(page).toMatchObject({ nextSeq: at(5n), headSeq: at(5n) });
  expect(page.entries.map(({ inboxSeq, message }: Json) => [inboxSeq, message.seq, message.text])).toEqual([
    [at(3n), at(3n), 'm3'],
    [at(4n), at(4n), 'm4'],
    [at(5n), at(5n), 'm5'],
  ]);
  expect(await bob.fails(offlineQuery, { afterSeq: at(6n), first: 1 })).toBe('CURSOR_AHEAD');
  expect(await ack(bob, { status: 'READ', upToInboxSeq: at(3n) })).toEqual({
    ackedSeq: at(3n),
    conversations: [{ id: conversationId, deliveredSeq: at(3n), readSeq: at(3n), unreadCount: 2 }],
  });
  expect(await ack(bob, { status: 'READ', upTo: [{ conversationId, seq: at(5n) }] })).toMatchObject({
    ackedSeq: at(5n),
  });
  const stream = await bob.stream(at(3n)).until(({ texts }) => texts.length === 2);
  await alice.send({ conversationId }, 'm6');
  await stream.until(({ texts }) => texts.length === 3);
  expect(stream.values[0]).toMatchObject({ startSeq: at(3n), headSeq: at(5n) });
  expect(stream.messages.map(({ inboxSeq }) => inboxSeq)).toEqual([at(4n), at(5n), at(6n)]);
  const history =
    'query ($c: ID!, $b: String) { history(conversationId: $c, last: 2, before: $b) { edges { cursor node { seq } } } }';
  const newest = (await bob.ask(history, { c: conversationId })).history.edges;
  const older = (await bob.ask(history, { c: conversationId, b: newest[0].cursor })).history.edges;
  expect([...older, ...newest].map(({ node }: Json) => node.seq)).toEqual([3n, 4n, 5n, 6n].map(at));
});
