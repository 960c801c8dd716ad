/** The disk fills up: new writes are refused, acknowledged ones stay, and the server continues when there is space again. */
import { randomUUID } from 'node:crypto';
import { afterAll, expect, it } from 'vitest';
import { codeOf, countUp, readInbox, within } from '../support/faults.ts';
import { type Answer, eventually } from '../support/heliograph.ts';
import { ServerProcess } from '../support/server-process.ts';
import { smallDisk } from '../support/small-disk.ts';

const boundMs = 30_000;
const disk = smallDisk(24 * 1024 * 1024);
const why = disk === null ? ' (not run: mounting a small disk needs root)' : '';

afterAll(() => disk?.[Symbol.dispose]());

it.skipIf(disk === null)(
  `a full disk loses, doubles and reorders nothing${why}`,
  async () => {
    if (disk === null) return;
    await using server = new ServerProcess({ DATA_DIR: disk.path });
    await server.start();
    const [alice, bob] = [await server.user('alice'), await server.user('bob')];
    await alice.send({ userId: bob.id }, 'healthy');
    const seen = bob.stream('0');
    await seen.until(({ texts }) => texts.includes('healthy'));
    expect(await server.ready()).toMatchObject({ status: 200 });

    const drafts: { to: { userId: string }; text: string; clientMessageId: string }[] = [];
    const sentIds = new Map<string, string>();
    async function send(input: (typeof drafts)[number]): Promise<Answer> {
      const answer = await within(boundMs, alice.sendRaw(input), 'a send');
      const sent = answer.data?.sendMessage?.sentMessage;
      if (sent !== undefined) sentIds.set(input.clientMessageId, sent.id);
      return answer;
    }
    /** Sends until the store has no room: a busy machine alone may make it miss a deadline, too. */
    async function sendUntilFull(): Promise<void> {
      for (let isFull = false; !isFull; ) {
        const batch = countUp(4).map((n) => ({
          to: { userId: bob.id },
          text: `${drafts.length + Number(n)} ${'x'.repeat(12_000)}`,
          clientMessageId: randomUUID(),
        }));
        drafts.push(...batch);
        const codes = (await Promise.all(batch.map(send))).map(codeOf);
        for (const code of codes) expect([null, 'UNAVAILABLE']).toContain(code);
        isFull = codes.every((code) => code === 'UNAVAILABLE') && (await server.ready()).status === 503;
      }
    }

    disk.fill(512 * 1024);
    await sendUntilFull();
    expect(sentIds.size).toBeGreaterThan(0);
    await eventually(
      async () => (await within(boundMs, server.ready(), '/readyz')).status === 503,
      'not ready',
      boundMs,
    );
    expect((await server.post('{ server { degraded } }')).data?.server.degraded).toContain('message-store');
    for (const query of [
      '{ viewer { user { username } } }',
      '{ offlineMessages(afterSeq: "0", first: 1) { headSeq } }',
    ])
      expect(codeOf(await within(boundMs, bob.post(query), 'a query'))).toBeNull();

    disk.clear();
    await eventually(async () => (await server.ready()).status === 200, 'ready again', boundMs);
    for (const input of drafts) expect(codeOf(await send(input))).toBeNull();
    await seen.until(({ messages }) => messages.length >= drafts.length + 1);
    expect(seen.error).toBeNull();
    expect(bob.closes).toEqual([]);

    // Once more, and this time the process is killed while there is no room: it says why it cannot start, or it starts.
    disk.fill(256 * 1024);
    await sendUntilFull();
    disk.fill(0);
    await server.end('SIGKILL');
    const started = await server.start().then(
      () => true,
      (error: Error) => error.message,
    );
    if (started !== true) expect(started).toMatch(/ended with 1: \nHeliograph cannot start\. [^\n]+\n/);
    disk.clear();
    if (started !== true) await server.start();
    const answered = new Map(sentIds);
    for (const input of drafts) expect(codeOf(await send(input))).toBeNull();
    expect(new Map([...answered].map(([id]) => [id, sentIds.get(id)]))).toEqual(answered);
    const inbox = await readInbox(bob);
    expect(inbox.map(({ inboxSeq }) => inboxSeq)).toEqual(countUp(drafts.length + 1));
    expect(inbox.map(({ message }) => message.seq)).toEqual(countUp(drafts.length + 1));
    expect(
      inbox
        .slice(1)
        .map(({ message }) => [message.clientMessageId, message.id, message.text])
        .sort(),
    ).toEqual(drafts.map(({ clientMessageId, text }) => [clientMessageId, sentIds.get(clientMessageId), text]).sort());
  },
  180_000,
);
