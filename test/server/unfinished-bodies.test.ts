/** Requests whose bodies never arrive completely: they hold a bounded part of the memory, and hold up nobody else. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, startServer, type TestServer } from '../support/heliograph.ts';
import { exchangeBytes, openBytes, readAnswer } from '../support/raw-http.ts';

// Four of the largest bodies have as many bytes as an address may have.
const requestMaxBytes = 4_000_000;

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ REQUEST_MAX_BYTES: String(requestMaxBytes), TRUST_PROXY: '1' });
});
afterAll(() => server[Symbol.asyncDispose]());

const head = (address: string, length: string) =>
  `POST /graphql HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${address}\r\nContent-Type: application/json\r\n${length}\r\n\r\n`;
const whole = (address: string) => {
  const body = '{"query":"{ __typename }"}';
  return `${head(address, `Connection: close\r\nContent-Length: ${body.length}`)}${body}`;
};

it.each([
  ['of a stated length', '10.0.0.1', `Content-Length: ${requestMaxBytes}`],
  ['in chunks', '10.0.0.3', 'Transfer-Encoding: chunked'],
])('bodies %s are bounded for each address, and give their room back', async (_how, address, length) => {
  const sockets: Socket[] = Array.from({ length: 4 }, () => openBytes(server.url));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const socket of sockets) socket.write(head(address, length));
  // Even a small one waits until there is room.
  await eventually(async () => {
    const { status, code } = readAnswer(await exchangeBytes(server.url, whole(address)));
    if (status === 200) return false;
    expect([status, code]).toEqual([503, 'OVERLOADED']);
    return true;
  }, 'a refusal');
  expect(readAnswer(await exchangeBytes(server.url, whole('10.0.0.2'))).status).toBe(200);
  const page = await fetch(`${server.url}/metrics`).then((response) => response.text());
  expect(page).toContain('heliograph_limits_hit_total{limit="bodiesPerAddress"}');
  for (const socket of sockets) socket.destroy();
  await eventually(async () => readAnswer(await exchangeBytes(server.url, whole(address))).status === 200, 'room');
});
