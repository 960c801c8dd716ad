/** Bytes that operations hold: a few queries of one user neither end the process nor keep others from being answered. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Json, startServer, type TestUser } from '../support/heliograph.ts';
import { connect, type RawSocket } from '../support/raw-socket.ts';
import { ServerProcess } from '../support/server-process.ts';
import { bothTransports } from '../support/transports.ts';

const textBytes = 16 * 1024;
const repeat = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ');

/** Ten pages of five copies of each text: 410 MB, and half of the cost that an operation may have. */
const pages = (conversationId: string, count: number, texts: number) =>
  `{ ${repeat(count, (i) => `a${i}: history(conversationId: "${conversationId}", first: 500) { nodes { ${repeat(texts, (j) => `t${j}: text`)} } }`)} }`;

async function sendLong(user: TestUser, count: number): Promise<string> {
  let conversationId = '';
  for (let sent = 0; sent < count; sent += 25) {
    const messages = await Promise.all(
      Array.from({ length: 25 }, () => user.send({ userId: user.id }, 'x'.repeat(textBytes))),
    );
    conversationId = messages[0]?.conversationId;
  }
  return conversationId;
}

describe('a server with a small heap', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'heliograph-'));
  const server = new ServerProcess({ DATA_DIR: dataDir, NODE_OPTIONS: '--max-old-space-size=256' });
  let alice: TestUser;
  let conversationId: string;
  beforeAll(async () => {
    await server.start();
    alice = await server.user();
    conversationId = await sendLong(alice, 500);
  }, 120_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('answers three queries for 410 MB each with QUERY_TOO_COMPLEX, over both transports, and goes on', async () => {
    const query = pages(conversationId, 10, 5);
    const socket = await connect(server, alice.session.accessToken);
    for (const ask of [alice.post.bind(alice), socket.ask.bind(socket)]) {
      const answers = await Promise.all([1, 2, 3].map(() => ask(query)));
      for (const { data, errors } of answers) {
        expect(data ?? null).toBeNull();
        expect(errors?.map(({ extensions }) => extensions)).toEqual([
          { code: 'QUERY_TOO_COMPLEX', retryable: false, max: 25_165_824 },
        ]);
      }
    }
    expect((await alice.ask('{ viewer { user { id } } }')).viewer.user.id).toBe(alice.id);
    await socket.close();
  }, 60_000);

  it('keeps a bounded number of documents, however much memory their short texts take', async () => {
    const fields = repeat(600, (index) => `a${index}:id`);
    for (let sent = 0; sent < 600; sent += 20) {
      const documents = Array.from({ length: 20 }, (_, index) => `{ viewer { user { ${fields} } } } # ${sent + index}`);
      const answers = await Promise.all(documents.map((document) => alice.post(document)));
      // For its aliases.
      expect(answers[0]?.errors?.[0]?.extensions.code).toBe('QUERY_TOO_COMPLEX');
    }
    expect((await alice.ask('{ viewer { user { id } } }')).viewer.user.id).toBe(alice.id);
  }, 60_000);

  it('answers a page of 500 of the longest texts, and an ordinary one to many at a time', async () => {
    const { a0 } = await alice.ask(pages(conversationId, 1, 1));
    expect(a0.nodes.length).toBe(500);
    expect(a0.nodes.every(({ t0 }: Json) => t0.length === textBytes)).toBe(true);
    const last = `{ history(conversationId: "${conversationId}", last: 100) { nodes { text } } }`;
    const answers = await Promise.all(Array.from({ length: 10 }, () => alice.post(last)));
    for (const { data } of answers) expect(data?.history.nodes.length).toBe(100);
  }, 60_000);
});

describe('with little room', () => {
  const settings = { ANSWER_MAX_BYTES: '4000000', ANSWERS_MAX_BYTES: '8000000' };

  it('counts each alias of a field, on both transports', async () => {
    await using server = await startServer(settings);
    const alice = await server.user();
    const conversationId = await sendLong(alice, 50);
    for (const transport of await bothTransports(server, alice.session.accessToken)) {
      await using asking = transport;
      expect((await asking.ask(pages(conversationId, 1, 2))).errors).toBeUndefined();
      for (const query of [pages(conversationId, 1, 5), pages(conversationId, 4, 1)])
        expect((await asking.ask(query)).errors?.[0]?.extensions).toMatchObject({ code: 'QUERY_TOO_COMPLEX' });
    }
    const page = await fetch(`${server.url}/metrics`).then((response) => response.text());
    expect(page).toContain('heliograph_limits_hit_total{limit="answerBytes"} 4');
    expect(page).toContain('heliograph_answer_bytes 0');
  });

  it('refuses others with OVERLOADED while a client does not read its answers, and only so long', async () => {
    await using server = await startServer(settings);
    const alice = await server.user();
    const conversationId = await sendLong(alice, 50);
    const query = pages(conversationId, 1, 2);
    const slow: RawSocket[] = [];
    for (let count = 0; count < 3; count += 1) slow.push(await connect(server, alice.session.accessToken));
    for (const { ws } of slow) ws.pause();
    // What the kernel's buffers take is no longer held: answers are asked for until one stays.
    await eventually(async () => {
      for (const socket of slow) socket.send({ type: 'subscribe', id: crypto.randomUUID(), payload: { query } });
      const { errors } = await alice.post(query);
      if (errors === undefined) return false;
      expect(errors[0]?.extensions).toEqual({ code: 'OVERLOADED', retryable: true });
      return true;
    }, 'a refusal');
    // Small operations have room left.
    expect((await alice.post('{ conversations { nodes { lastMessage { id } } } }')).errors).toBeUndefined();
    for (const { ws } of slow) ws.terminate();
    await Promise.all(slow.map(({ closed }) => closed));
    await eventually(async () => (await alice.post(query)).errors === undefined, 'an answer');
  });
});
