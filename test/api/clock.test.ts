import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGroup, holesIn, numbers, offline } from '../support/actions.ts';
import { type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { lastingSecret, lastingUser } from '../support/lasting-session.ts';

const at = (text: string) => Date.parse(text);
const januaryEnd = at('2026-02-01T00:00:00.000Z');

const startedAt = at('2026-01-20T12:00:00.000Z');

let now = startedAt;
/** What the clock showed at the last look, and the milliseconds of the monotonic clock. */
let seen = startedAt;
let passed = 0;
/** How far the clock jumps forth and back with every look at it. */
let flickerMs = 0;
let looks = 0;
let server: TestServer;
beforeAll(async () => {
  const clock = () => {
    looks += 1;
    seen = looks % 3 === 0 ? now + flickerMs : now;
    return seen;
  };
  // The time passes until the latest that the clock has shown, which is then set back or is right.
  const elapsed = () => {
    passed = Math.max(passed, seen - startedAt);
    return passed;
  };
  server = await startServer({ JWT_SECRET: lastingSecret }, clock, elapsed);
});
afterAll(() => server[Symbol.asyncDispose]());

const user = (): Promise<TestUser> => lastingUser(server);

async function historyOf(reader: TestUser, conversationId: string): Promise<Json[]> {
  const nodes: Json[] = [];
  for (let after: string | null = null, isMore = true; isMore; ) {
    const { history }: Json = await reader.ask(
      `query ($c: ID!, $after: String) { history(conversationId: $c, first: 500, after: $after) {
        nodes { id seq kind text sentAt senderId clientMessageId } pageInfo { hasNextPage endCursor } } }`,
      { c: conversationId, after },
    );
    nodes.push(...history.nodes);
    after = history.pageInfo.endCursor;
    isMore = history.pageInfo.hasNextPage;
  }
  return nodes;
}

function expectOneLog(nodes: readonly Json[]): void {
  expect(nodes.map(({ seq }) => seq)).toEqual(numbers(1, nodes.length));
  const sentAts = nodes.map(({ sentAt }) => sentAt);
  expect(sentAts).toEqual([...sentAts].sort());
  expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length);
  expect(new Set(nodes.map((node) => `${node.senderId}/${node.clientMessageId}`)).size).toBe(nodes.length);
}

/** The months' tables, each with the conversation's numbers in it, and nothing of another month. The server is stopped for it, and started again. */
async function tablesOf(conversationId: string): Promise<Map<string, string[]>> {
  await server.heliograph[Symbol.asyncDispose]();
  const database = new DatabaseSync(join(server.dataDir, 'messages.db'), { readOnly: true });
  const names = database
    .prepare("SELECT name FROM sqlite_schema WHERE name GLOB 'message_????_??' ORDER BY name")
    .all();
  const found = new Map<string, string[]>();
  for (const { name } of names) {
    const rows = database
      .prepare(
        `SELECT CAST(conversation_id AS TEXT) AS id, seq, sent_at FROM ${name} WHERE sender_id IS NOT NULL ORDER BY seq`,
      )
      .all() as { id: string; seq: number; sent_at: number }[];
    const months = new Set(rows.map(({ sent_at }) => new Date(sent_at).toISOString().slice(0, 7).replace('-', '_')));
    expect([...months].map((month) => `message_${month}`)).toEqual(rows.length > 0 ? [name] : []);
    const seqs = rows.filter(({ id }) => id === conversationId).map(({ seq }) => String(seq));
    if (seqs.length > 0) found.set(name as string, seqs);
  }
  database.close();
  await server.restart();
  return found;
}

describe('a conversation over the end of a month', () => {
  it('continues in the next month’s table with the next number', async () => {
    now = at('2026-01-31T23:59:59.998Z');
    const [alice, bob] = [await user(), await user()];
    let conversationId = '';
    for (const ms of [0, 1, 1, 1, 1, 30 * 24 * 60 * 60 * 1000]) {
      now += ms;
      ({ conversationId } = await alice.send({ userId: bob.id }, 'text'));
    }
    const nodes = await historyOf(bob, conversationId);
    expectOneLog(nodes);
    expect(nodes.map(({ sentAt }) => sentAt)).toEqual([
      '2026-01-31T23:59:59.998Z',
      '2026-01-31T23:59:59.999Z',
      '2026-02-01T00:00:00.000Z',
      '2026-02-01T00:00:00.001Z',
      '2026-02-01T00:00:00.002Z',
      '2026-03-03T00:00:00.002Z',
    ]);
    expect(await tablesOf(conversationId)).toEqual(
      new Map([
        ['message_2026_01', ['1', '2']],
        ['message_2026_02', ['3', '4', '5']],
        ['message_2026_03', ['6']],
      ]),
    );
    expect(await historyOf(alice, conversationId)).toEqual(nodes);
    expect((await offline(bob, '2', 3)).entries.map(({ message }: Json) => message.seq)).toEqual(['3', '4', '5']);
  });

  it('never goes back in time with the clock', async () => {
    now = januaryEnd - 2_000;
    const [alice, bob] = [await user(), await user()];
    const to = { userId: bob.id };
    const sent: Json[] = [];
    for (const offset of [-1_000, 1_000, -1_000, 5_000, -86_400_000, 0, 4_000, 6_000, -2_592_000_000, 7_000]) {
      now = januaryEnd + offset;
      sent.push(await alice.send(to, `${offset}`));
    }
    expect(sent.map(({ seq }) => seq)).toEqual(numbers(1, 10));
    const offsets = sent.map(({ sentAt }) => at(sentAt) - januaryEnd);
    expect(offsets).toEqual([-1_000, 1_000, 1_000, 5_000, 5_000, 5_000, 5_000, 6_000, 6_000, 7_000]);
    expectOneLog(await historyOf(bob, sent[0].conversationId));
  });

  it('answers a resend over it with the first message, to and fro, and over a restart', async () => {
    now = januaryEnd - 60_000;
    const [alice, bob] = [await user(), await user()];
    const inputs = numbers(1, 3).map((text) => ({ to: { userId: bob.id }, text, clientMessageId: randomUUID() }));
    const first: Json[] = [];
    for (const input of inputs) first.push((await alice.sendRaw(input)).data?.sendMessage.sentMessage);
    const resendAll = async () => {
      const answers = await Promise.all(inputs.map((input) => alice.sendRaw(input)));
      for (const [index, { data }] of answers.entries()) {
        expect(data?.sendMessage).toMatchObject({ deduplicated: true, sentMessage: { id: first[index].id } });
        expect(data?.sendMessage.sentMessage).toMatchObject({ seq: first[index].seq, sentAt: first[index].sentAt });
      }
      const conflict = await alice.sendRaw({ ...inputs[0], text: 'something else' });
      expect(conflict.errors?.[0]?.extensions.code).toBe('ID_CONFLICT');
    };
    now = januaryEnd + 60_000;
    await resendAll();
    await alice.send({ userId: bob.id }, 'in February');
    await resendAll();
    await server.restart();
    await resendAll();
    now = januaryEnd - 3_600_000;
    await resendAll();
    now = at('2026-03-01T06:00:00.000Z');
    await alice.send({ userId: bob.id }, 'in March');
    await resendAll();
    expect((await historyOf(bob, first[0].conversationId)).map(({ text }) => text)).toEqual([
      '1',
      '2',
      '3',
      'in February',
      'in March',
    ]);
  });
});

it('a clock that jumps with every look at it leaves each message in its month', async () => {
  const [alice, bob] = [await user(), await user()];
  now = januaryEnd - 1_000;
  const groups = await Promise.all(numbers(1, 8).map(() => createGroup(alice, [bob])));
  // What is decided by one look is written by another, a month apart; each group crosses the end of two months.
  flickerMs = 30 * 24 * 60 * 60 * 1000;
  for (let round = 0; round < 4; round += 1) {
    if (round === 2) now = at('2026-02-28T12:00:00.000Z');
    await Promise.all(
      groups.flatMap((conversationId) => [alice, bob].map((sender) => sender.send({ conversationId }, 'text'))),
    );
  }
  flickerMs = 0;
  for (const group of groups) {
    const nodes = await historyOf(bob, group);
    expect(nodes).toHaveLength(9);
    expectOneLog(nodes);
  }
  expect([...(await tablesOf(groups[0] ?? '')).values()].flat()).toEqual(numbers(1, 9));
});

describe('a clock that is set to and fro over months while many send, and send again', () => {
  it('makes no hole, no double, and no step back in time', async () => {
    now = at('2026-01-25T12:00:00.000Z');
    const users = [await user(), await user(), await user()] as const;
    const [alice, bob, carol] = users;
    const group = await createGroup(alice, [bob, carol]);
    const { conversationId: direct } = await bob.send({ userId: alice.id }, 'first');
    let stream = await alice.stream('0').until(({ messages }) => messages.length === 2);
    const seen: Json[] = [];
    const answered = new Map<string, Json>();
    const past: { sender: TestUser; input: { to: object; clientMessageId: string; text: string } }[] = [];
    const expectSame = (key: string, message: Json) => {
      const known = answered.get(key);
      if (known === undefined) answered.set(key, message);
      else expect({ ...message, status: null }).toEqual({ ...known, status: null });
    };
    for (let round = 0; round < 30; round += 1) {
      now = at('2026-01-25T12:00:00.000Z') + Math.floor(Math.random() * 45 * 24 * 60 * 60 * 1000);
      const fresh = numbers(1, 6).map((number, index) => {
        const to = index % 2 ? { conversationId: group } : { conversationId: direct };
        const sender = users[index % 2 ? index % 3 : (index / 2) % 2] ?? alice;
        return { sender, input: { to, clientMessageId: randomUUID(), text: `${round}/${number}` } };
      });
      // Some at once for the second time, and some of any earlier round.
      const again = [
        ...fresh.slice(0, 2),
        ...numbers(1, 4).flatMap(() => past[Math.floor(Math.random() * past.length)] ?? []),
      ];
      const sends = [...fresh, ...again].sort(() => Math.random() - 0.5);
      const sending = sends.map(async ({ sender, input }) => {
        const { data, errors } = await sender.sendRaw(input);
        expect(errors).toBeUndefined();
        expectSame(`${sender.id}/${input.clientMessageId}`, data?.sendMessage.sentMessage);
      });
      now += Math.floor((Math.random() - 0.5) * 10 * 24 * 60 * 60 * 1000);
      await Promise.all(sending);
      past.push(...fresh);
      if (round === 14) {
        await stream.until(({ messages }) => seen.length + messages.length >= 2 + past.length);
        expect(holesIn(stream)).toEqual([]);
        seen.push(...stream.messages);
        await alice.close();
        await server.restart();
        stream = await alice.stream(seen.at(-1)?.inboxSeq).until(({ values }) => values.length > 0);
      }
    }
    const total = 2 + past.length;
    await stream.until(({ messages }) => seen.length + messages.length >= total);
    expect(holesIn(stream)).toEqual([]);
    seen.push(...stream.messages);
    expect(seen.map(({ inboxSeq }) => inboxSeq)).toEqual(numbers(1, total));

    const logs = [await historyOf(alice, group), await historyOf(alice, direct)];
    for (const log of logs) expectOneLog(log);
    const stored = new Map(logs.flat().map((node) => [`${node.senderId}/${node.clientMessageId}`, node]));
    expect(stored.size).toBe(total);
    for (const [key, { id, seq, sentAt, text }] of answered) {
      expect(stored.get(key)).toMatchObject({ id, seq, sentAt, text });
    }
    expect(new Set(seen.map(({ message }) => message.id))).toEqual(new Set(logs.flat().map(({ id }) => id)));
    const tables = await tablesOf(group);
    expect([...tables.values()].flat()).toEqual(numbers(1, logs[0]?.length ?? 0));
  });
});
