/** SIGTERM: sockets are closed in batches, requests are answered, and the process ends in time. */
import { createClient } from 'graphql-ws';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { countUp, readInbox } from '../support/faults.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/heliograph.ts';
import { Sends } from '../support/sends.ts';
import { ServerProcess } from '../support/server-process.ts';

// Processes are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Connects so many clients; collects the codes their sockets are closed with. */
async function connect(server: ServerProcess, count: number): Promise<number[]> {
  const codes: number[] = [];
  const clients = Array.from({ length: count }, () =>
    createClient({
      url: server.wsUrl,
      webSocketImpl: WebSocket,
      lazy: false,
      retryAttempts: 0,
      onNonLazyError: () => {},
      on: { closed: (event) => codes.push((event as { code: number }).code) },
    }),
  );
  await Promise.all(clients.map((client) => new Promise((resolve) => client.on('connected', resolve))));
  return codes;
}

/** The status an upgrade is refused with, or `open`. */
function upgrade(url: string): Promise<number | 'open'> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url, 'graphql-transport-ws');
    ws.on('open', () => {
      ws.terminate();
      resolve('open');
    });
    ws.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    ws.on('error', reject);
  });
}

describe('SIGTERM', () => {
  it('closes sockets in batches with a code that lets them reconnect, and exits with 0', async () => {
    using folder = temporaryFolder();
    await using server = new ServerProcess({ DATA_DIR: folder.path, DRAIN_MS: '1000' });
    await server.start();
    const codes = await connect(server, 10);
    server.signal('SIGTERM');
    await eventually(() => codes.length > 0, 'a first socket closed');
    // The others are still connected: clients are not all made to reconnect at the same moment.
    expect(codes.length).toBeLessThan(10);
    expect(await server.ready()).toMatchObject({ status: 503, body: { status: 'draining', degraded: [] } });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect(await upgrade(server.wsUrl)).toBe(503);
    expect(await server.exited()).toBe(0);
    expect(codes).toEqual(Array(10).fill(1012));
  });

  it('answers requests in progress; a resend finds unanswered messages', async () => {
    using folder = temporaryFolder();
    await using server = new ServerProcess({ DATA_DIR: folder.path, DRAIN_MS: '200', ACCESS_TOKEN_TTL_S: '7200' });
    await server.start();
    const [alice, bob] = [await server.user('alice'), await server.user('bob')];
    const { conversationId } = await alice.send({ userId: bob.id }, 'hello');
    const seen = bob.stream('0');
    const sends = new Sends();
    for (const _ of countUp(2)) {
      const traffic = countUp(6).map(() => sends.keepSending(alice, { conversationId }));
      await sends.more(60);
      server.signal('SIGTERM');
      expect(await server.exited()).toBe(0);
      sends.stop();
      await Promise.all(traffic);
      await server.start();
      await sends.resend();
    }
    expect(seen.messages.map(({ inboxSeq }) => inboxSeq)).toEqual(countUp(seen.messages.length));
    const inbox = await readInbox(bob);
    expect(inbox.map(({ inboxSeq }) => inboxSeq)).toEqual(countUp(sends.answered.size + 1));
    expect(inbox.map(({ message }) => message.seq)).toEqual(countUp(sends.answered.size + 1));
    for (const { message } of inbox.slice(1))
      expect(sends.answered.get(message.clientMessageId)).toMatchObject({ id: message.id, seq: message.seq });
  });

  it('ends at once when it comes a second time', async () => {
    using folder = temporaryFolder();
    await using server = new ServerProcess({ DATA_DIR: folder.path, DRAIN_MS: '300000' });
    await server.start();
    const codes = await connect(server, 3);
    server.signal('SIGTERM');
    await eventually(() => codes.length > 0, 'a first socket closed');
    server.signal('SIGTERM');
    expect(await server.exited()).toBe(1);
  });

  it('drains for SIGINT, too', async () => {
    using folder = temporaryFolder();
    await using server = new ServerProcess({ DATA_DIR: folder.path });
    await server.start();
    expect(await server.end('SIGINT')).toBe(0);
    expect(server.stdout).toContain('"message":"stopped"');
  });
});
