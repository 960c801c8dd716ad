/** The machine's clock is set ahead while the server runs, or while it does not. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGroup } from '../support/actions.ts';
import { type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { lastingSecret, lastingUser } from '../support/lasting-session.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const startedAt = Date.parse('2026-01-20T12:00:00.000Z');

/** Milliseconds that have passed, and by how much the wall clock is ahead. */
const time = { passed: 0, aheadMs: 0 };
const rightTime = () => startedAt + time.passed;
const wallTime = () => rightTime() + time.aheadMs;

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ JWT_SECRET: lastingSecret }, wallTime, () => time.passed);
});
beforeEach(() => {
  time.aheadMs = 0;
  time.passed += minute;
});
afterAll(() => server[Symbol.asyncDispose]());

async function timesIn(reader: TestUser, conversationId: string): Promise<number[]> {
  const { history }: Json = await reader.ask(
    'query ($c: ID!) { history(conversationId: $c, first: 100) { nodes { sentAt } } }',
    { c: conversationId },
  );
  return history.nodes.map(({ sentAt }: Json) => Date.parse(sentAt));
}

describe('a clock that was ahead once', () => {
  it('leaves the times of a conversation right', async () => {
    const [alice, bob] = [await lastingUser(server), await lastingUser(server)];
    const right = [rightTime()];
    const { conversationId } = await alice.send({ userId: bob.id }, 'right');
    time.aheadMs = 5 * 365 * day;
    right.push(rightTime());
    await bob.send({ conversationId }, 'ahead');
    time.passed += 10 * minute;
    right.push(rightTime());
    await alice.send({ conversationId }, 'still ahead');
    time.aheadMs = 0;
    time.passed += minute;
    right.push(rightTime());
    await bob.send({ conversationId }, 'right again');
    expect(await timesIn(alice, conversationId)).toEqual(right);
  });

  it('leaves the times of a conversation right that was begun under it', async () => {
    const [alice, bob] = [await lastingUser(server), await lastingUser(server)];
    time.aheadMs = 40 * day;
    const group = await createGroup(alice, [bob]);
    time.aheadMs = 0;
    time.passed += minute;
    await bob.send({ conversationId: group }, 'right');
    expect(await timesIn(alice, group)).toEqual([rightTime() - minute, rightTime()]);
  });

  it('does not hide a message from look-ups by id, or from a resend', async () => {
    const [alice, bob] = [await lastingUser(server), await lastingUser(server)];
    time.aheadMs = 40 * day;
    const input = { to: { userId: bob.id }, text: 'ahead', clientMessageId: randomUUID() };
    const first = (await alice.sendRaw(input)).data?.sendMessage.sentMessage;
    time.aheadMs = 0;
    const { message }: Json = await bob.ask('query ($id: ID!) { message(id: $id) { seq text } }', { id: first.id });
    expect(message).toMatchObject({ seq: '1', text: 'ahead' });
    const { data } = await alice.sendRaw(input);
    expect(data?.sendMessage).toMatchObject({ deduplicated: true, sentMessage: { id: first.id } });
  });

  it('is reported in the log', async () => {
    const alice = await lastingUser(server);
    const count = server.logLines.length;
    time.aheadMs = 40 * day;
    await alice.send({ userId: alice.id }, 'ahead');
    const lines = server.logLines.slice(count).filter(({ what }) => what === 'clock');
    expect(lines.map((line) => line.error?.message)).toEqual([expect.stringContaining(`forward by ${40 * day} ms`)]);
  });
});

describe('a clock that stays where it was set to', () => {
  it('is believed after an hour', async () => {
    const [alice, bob] = [await lastingUser(server), await lastingUser(server)];
    time.aheadMs = 20 * day;
    const { conversationId } = await alice.send({ userId: bob.id }, 'not yet');
    const first = rightTime();
    time.passed += 61 * minute;
    await alice.send({ conversationId }, 'believed');
    expect(await timesIn(bob, conversationId)).toEqual([first, wallTime()]);
    await server.restart();
  });

  it('is believed at the next start', async () => {
    const [alice, bob] = [await lastingUser(server), await lastingUser(server)];
    time.aheadMs = 20 * day;
    await server.restart();
    const { conversationId } = await alice.send({ userId: bob.id }, 'believed');
    expect(await timesIn(bob, conversationId)).toEqual([wallTime()]);
    time.aheadMs = 0;
    await server.restart();
  });

  it('is reported at the next start if it was wrong', async () => {
    time.aheadMs = 100 * day;
    await server.restart();
    const alice = await lastingUser(server);
    await alice.send({ userId: alice.id }, 'ahead');
    const month = new Date(wallTime()).toISOString().slice(0, 7);
    const count = server.logLines.length;
    await server.whileStopped(async () => {
      time.aheadMs = 0;
    });
    const lines = server.logLines.slice(count).filter(({ what }) => what === 'clock');
    expect(lines.map((line) => line.error?.message)).toEqual([
      `the clock has not reached ${month}, in which messages are stored`,
    ]);
  });
});
