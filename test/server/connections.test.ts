/** TCP connections: bounded for the server and for each address, for HTTP and WebSockets alike, with room for operators. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { eventually, startServer, type TestServer } from '../support/heliograph.ts';
import { exchangeBytes, readAnswer, statusOfUpgrade } from '../support/raw-http.ts';
import { RawSocket } from '../support/raw-socket.ts';

const from = (address: string) => ({ 'x-forwarded-for': address });

const get = (path: string, header = 'X: y') =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nApollo-Require-Preflight: true\r\n${header}\r\n\r\n`;
const query = '/graphql?query=%7B__typename%7D';
const ask = async (server: TestServer, header?: string) =>
  readAnswer(await exchangeBytes(server.url, get(query, header)));

/** Connections that send nothing. */
async function openIdle(server: TestServer, count: number, localAddress?: string): Promise<Socket[]> {
  const { hostname, port } = new URL(server.url);
  const sockets = Array.from({ length: count }, () => connect({ host: hostname, port: Number(port), localAddress }));
  for (const socket of sockets) socket.on('error', () => {});
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets;
}

const metricsOf = async (server: TestServer) => (await exchangeBytes(server.url, get('/metrics'))).split('\r\n\r\n')[1];

async function expectOperatorsServed(server: TestServer): Promise<void> {
  for (const path of ['/healthz', '/readyz', '/metrics'])
    expect(await exchangeBytes(server.url, get(path))).toMatch(/^HTTP\/1.1 200 /);
}

it('are bounded for the server, whatever is sent on them, and the pages for operators stay reachable', async () => {
  await using server = await startServer({ CONNECTIONS_MAX: '3' });
  const socket = await RawSocket.open(server);
  const idle = await openIdle(server, 2);
  await eventually(async () => (await ask(server)).status === 503, 'a refusal');
  expect((await ask(server)).code).toBe('OVERLOADED');
  expect(await exchangeBytes(server.url, get(query))).toMatch(/\r\nretry-after: \d+\r\n/);
  expect(await statusOfUpgrade(server.wsUrl, {})).toBe(503);
  await expectOperatorsServed(server);
  const page = await metricsOf(server);
  expect(page).toContain('heliograph_connections 3\n');
  expect(page).toContain('heliograph_limits_hit_total{limit="connections"}');

  idle[0]?.destroy();
  await eventually(async () => (await ask(server)).status === 200, 'room for a request');
  idle[1]?.destroy();
  await socket.close();
  await eventually(async () => (await statusOfUpgrade(server.wsUrl, {})) === 101, 'room for a socket');
});

it('are bounded for each address, and leave room for others', async () => {
  await using server = await startServer({ CONNECTIONS_PER_ADDRESS_MAX: '2' });
  const idle = await openIdle(server, 2, '127.0.0.2');
  const ofAddress = async (bytes: string) => {
    const [socket] = await openIdle(server, 1, '127.0.0.2');
    const parts: Buffer[] = [];
    socket?.on('data', (part) => parts.push(part)).write(bytes);
    if (socket?.closed === false) await once(socket, 'close');
    return Buffer.concat(parts).toString();
  };
  await eventually(async () => readAnswer(await ofAddress(get(query))).status === 429, 'a refusal');
  const [, body = ''] = (await ofAddress(get(query))).split('\r\n\r\n');
  const { extensions } = JSON.parse(body).errors[0];
  expect(extensions).toMatchObject({ code: 'RATE_LIMITED', limit: 'connectionsPerAddress' });
  expect(extensions.retryAfterMs).toBeGreaterThan(0);
  expect(await ofAddress(get('/healthz'))).toMatch(/^HTTP\/1.1 200 /);
  expect((await ask(server)).status).toBe(200);
  expect(await metricsOf(server)).toContain('heliograph_limits_hit_total{limit="connectionsPerAddress"}');
  for (const socket of idle) socket.destroy();
  await eventually(async () => readAnswer(await ofAddress(get(query))).status === 200, 'room');
});

it('of a proxy carry the requests and sockets of many clients, which count for each client address', async () => {
  await using server = await startServer({ CONNECTIONS_PER_ADDRESS_MAX: '1', TRUST_PROXY: '1' });
  // Connections of the proxy itself, which are open but carry nothing.
  const idle = await openIdle(server, 3);
  const socket = await RawSocket.open(server, from('10.0.0.1'));
  expect(await statusOfUpgrade(server.wsUrl, from('10.0.0.1'))).toBe(429);
  expect(await ask(server, 'X-Forwarded-For: 10.0.0.1')).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
  expect((await ask(server, 'X-Forwarded-For: 10.0.0.2')).status).toBe(200);
  await expectOperatorsServed(server);
  await socket.close();
  await eventually(async () => (await ask(server, 'X-Forwarded-For: 10.0.0.1')).status === 200, 'room');
  for (const one of idle) one.destroy();
});

it('above a limit are few, and those that send nothing give way to those that do', async () => {
  await using server = await startServer({ CONNECTIONS_MAX: '1' });
  const [counted] = await openIdle(server, 1);
  const spare = await openIdle(server, 100);
  await eventually(() => spare.filter(({ closed }) => closed).length >= 100 - 64, 'the oldest to be closed');
  await expectOperatorsServed(server);
  expect((await ask(server)).status).toBe(503);
  for (const socket of [counted, ...spare]) socket?.destroy();
});
