/** Answers over HTTP that nobody reads: they do not hold the room of other operations for long. */
import { once } from 'node:events';
import { it } from 'vitest';
import { eventually, startServer } from '../support/heliograph.ts';
import { openBytes } from '../support/raw-http.ts';

it('the connection of a client that does not read is closed, and the bytes of its answers are given back', async () => {
  await using server = await startServer();
  const alice = await server.user();
  const send = () => alice.send({ userId: alice.id }, 'x'.repeat(16_000));
  const [message] = await Promise.all(Array.from({ length: 100 }, send));
  const fields = Array.from({ length: 10 }, (_, index) => `t${index}: text`).join(' ');
  const query = `{ history(conversationId: "${message?.conversationId}", first: 100) { nodes { ${fields} } } }`;
  const body = JSON.stringify({ query });
  const head = `Authorization: Bearer ${alice.session.accessToken}\r\nContent-Type: application/json`;
  const request = `POST /graphql HTTP/1.1\r\nHost: a\r\n${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const metrics = () => fetch(`${server.url}/metrics`).then((response) => response.text());

  const socket = openBytes(server.url);
  socket.pause();
  await once(socket, 'connect');
  // The system keeps a part of them between the two ends.
  socket.write(request.repeat(3));
  await eventually(async () => /^heliograph_answer_bytes [1-9]/m.test(await metrics()), 'bytes that are held');
  await eventually(
    async () => (await metrics()).includes('heliograph_slow_readers_total 1'),
    'the end of the connection',
  );
  await eventually(async () => (await metrics()).includes('heliograph_answer_bytes 0'), 'no bytes');
  socket.destroy();
}, 60_000);
