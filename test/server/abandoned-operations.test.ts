/** Operations that go on after their answer, or after their client: the bytes that they read are given back all the same. */
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { eventually, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { openBytes } from '../support/raw-http.ts';
import { bothTransports } from '../support/transports.ts';

let server: TestServer;
let alice: TestUser;
let conversationId: string;
let page: string;
beforeAll(async () => {
  server = await startServer();
  alice = await server.user();
  const send = () => alice.send({ userId: alice.id }, 'x'.repeat(16_000));
  const messages = await Promise.all(Array.from({ length: 100 }, send));
  conversationId = messages[0]?.conversationId;
  page = `{ history(conversationId: "${conversationId}", first: 100) { nodes { text } } }`;
});
afterAll(() => server[Symbol.asyncDispose]());

const numberOf = async (name: RegExp) => {
  const text = await fetch(`${server.url}/metrics`).then((response) => response.text());
  return text
    .split('\n')
    .filter((line) => name.test(line))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
};
const heldBytes = () => numberOf(/^heliograph_answer_bytes /);
const answered = () => numberOf(/^heliograph_operation_duration_seconds_count\{.*transport="http"/);

/** Sends requests on one connection, and drops it as soon as they are on their way. */
async function sendAndGo(queries: readonly string[]): Promise<void> {
  const socket = openBytes(server.url);
  await once(socket, 'connect');
  const requests = queries.map((query) => {
    const body = JSON.stringify({ query });
    const head = `Authorization: Bearer ${alice.session.accessToken}\r\nContent-Type: application/json`;
    return `POST /graphql HTTP/1.1\r\nHost: a\r\n${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  });
  socket.end(requests.join(''));
  socket.destroySoon();
  await once(socket, 'close');
}

beforeEach(async () => {
  await eventually(async () => (await heldBytes()) === 0, 'no bytes');
});

it.each([1, 3])('of a client that has gone, with %i requests on its connection', async (count) => {
  const before = await answered();
  for (let tries = 0; tries < 10; tries += 1) await sendAndGo(Array(count).fill(page));
  await eventually(async () => (await answered()) === before + 10 * count, 'the end of all operations');
  await eventually(async () => (await heldBytes()) === 0, 'no bytes');
});

it('of a parent that has failed before its other fields, on both transports', async () => {
  const query = `{ conversation(id: "${conversationId}") {
    messages(first: 0) { nodes { id } } all: messages(first: 100) { nodes { text } } } }`;
  for (const transport of await bothTransports(server, alice.session.accessToken)) {
    await using asking = transport;
    for (let tries = 0; tries < 5; tries += 1) {
      const { data, errors } = await asking.ask(query);
      expect([data, errors?.map(({ extensions }) => extensions.code)]).toEqual([
        { conversation: null },
        ['BAD_USER_INPUT'],
      ]);
    }
    // A read that follows all of theirs.
    expect((await asking.ask(page)).errors).toBeUndefined();
    await eventually(async () => (await heldBytes()) === 0, 'no bytes');
  }
});
