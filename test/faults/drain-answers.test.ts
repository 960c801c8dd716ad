/** SIGTERM and the end of a session, over both transports: operations in progress are answered first, within bounds. */
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { eventually, startServer } from '../support/heliograph.ts';
import { openBytes } from '../support/raw-http.ts';
import { connect } from '../support/raw-socket.ts';
import { ServerProcess } from '../support/server-process.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** More than any good end takes, and less than the 32 s after which the process would give up. */
const boundMs = 15_000;

/** Takes a second or so: passwords are hashed one after another. */
const slowMutation = (count: number) =>
  `mutation { ${Array.from({ length: count }, (_, n) => `r${n}: register(input: { username: "slow${n}_${Date.now()}", password: "correct horse ${n}" }) { session { deviceId } }`).join(' ')} }`;

const isDraining = async (server: ServerProcess) => (await server.ready()).status === 503;

/** Begins a request whose body is not complete yet. */
async function beginRequest(server: ServerProcess) {
  const body = '{"query":"{ __typename }"}';
  const socket = openBytes(server.url);
  let answer = '';
  socket.on('data', (part) => {
    answer += part;
  });
  const head = `POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  await once(socket, 'connect');
  socket.write(head + body.slice(0, 10));
  return {
    socket,
    finish: () => socket.write(body.slice(10)),
    answer: () => answer,
  };
}

describe('SIGTERM', () => {
  it('answers a request in progress, closes its connection with the answer, and ends with 0', async () => {
    using folder = temporaryFolder();
    await using server = new ServerProcess({ DATA_DIR: folder.path, DRAIN_MS: '500' });
    await server.start();
    const sockets = await Promise.all([connect(server), connect(server)]);
    const request = await beginRequest(server);
    const startedAt = performance.now();
    server.signal('SIGTERM');
    await eventually(() => isDraining(server), 'draining');
    request.finish();
    await once(request.socket, 'close');
    expect(request.answer()).toMatch(/^HTTP\/1\.1 200 /);
    expect(request.answer().toLowerCase()).toContain('\r\nconnection: close\r\n');
    expect(request.answer()).toContain('{"data":{"__typename":"Query"}}');
    expect(await server.exited()).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(boundMs);
    for (const socket of sockets) expect(await socket.closed).toBe(1012);
  });

  it('ends with 0 within bounds when a request never becomes complete', async () => {
    using folder = temporaryFolder();
    await using server = new ServerProcess({ DATA_DIR: folder.path });
    await server.start();
    const request = await beginRequest(server);
    const startedAt = performance.now();
    server.signal('SIGTERM');
    expect(await server.exited()).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(boundMs);
    request.socket.destroy();
  });

  it('answers a mutation in progress on a socket before it closes it', async () => {
    using folder = temporaryFolder();
    await using server = new ServerProcess({ DATA_DIR: folder.path });
    await server.start();
    const socket = await connect(server);
    const answer = socket.ask(slowMutation(6));
    // The server has received the mutation when it answers a later message.
    await socket.ask('{ __typename }');
    server.signal('SIGTERM');
    const { data, errors } = await answer;
    expect(errors).toBeUndefined();
    expect(Object.values(data ?? {})).toHaveLength(6);
    expect(await socket.closed).toBe(1012);
    expect(await server.exited()).toBe(0);
  });
});

it('a mutation in progress is answered even if its token expires', async () => {
  let now = Date.parse('2026-03-10T12:00:00Z');
  // Sockets are checked every 100 ms.
  await using server = await startServer({ LEASE_TTL_MS: '1000' }, () => now);
  const user = await server.user();
  const socket = await connect(server, user.session.accessToken);
  const live = { type: 'subscribe', id: 'live', payload: { query: 'subscription { messageReceived { __typename } }' } };
  socket.send(live);
  await socket.until(({ id }) => id === 'live');
  const answer = socket.ask(slowMutation(6));
  await socket.ask('{ __typename }');
  now += 15 * 60_000 + 1;
  const { data, errors } = await answer;
  expect(errors).toBeUndefined();
  expect(Object.values(data ?? {})).toHaveLength(6);
  expect(await socket.closed).toBe(4403);
});
