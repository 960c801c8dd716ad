/** Live messages of a large group get their inbox numbers at once, so that a stream that is opened again repeats none of them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGroup, holesIn } from '../support/actions.ts';
import { startServer, type TestServer } from '../support/heliograph.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ FAN_OUT_ON_WRITE_MAX_MEMBERS: '2' });
});
afterAll(() => server[Symbol.asyncDispose]());

it('reports the new position without a sync by the client, and repeats nothing after a reconnect from there', async () => {
  const [owner, reader, third] = [await server.user(), await server.user(), await server.user()];
  const conversationId = await createGroup(owner, [reader, third]);
  const stream = await reader.stream('0').until(({ messages }) => messages.length === 1, 'the first message');
  for (const text of ['m2', 'm3', 'm4']) await owner.send({ conversationId }, text);
  await stream.until(({ messages }) => messages.length === 4, 'live messages');
  expect(stream.messages.slice(1).map(({ inboxSeq }) => inboxSeq)).toEqual([null, null, null]);
  const positions = () =>
    stream.values
      .filter(({ __typename }) => __typename === 'StreamHeartbeat')
      .map((event) => event.position ?? event.seq);
  await stream.until(() => positions().includes('4'), 'the new position');
  expect(holesIn(stream)).toEqual([]);
  stream.stop();
  const again = reader.stream('4');
  await again.until(({ values }) => values.length > 0, 'ready');
  await owner.send({ conversationId }, 'm5');
  await again.until(({ messages }) => messages.length > 0, 'the next message');
  expect(again.messages.map(({ message }) => message.seq)).toEqual(['5']);
});
