/** What the metrics page counts of connections: refusals by status, and closes by the code that was sent. */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, startServer, type TestServer } from '../support/heliograph.ts';
import { exchangeBytes, statusOfUpgrade } from '../support/raw-http.ts';
import { RawSocket } from '../support/raw-socket.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ REQUEST_MAX_BYTES: '2000', TEXT_MAX_BYTES: '1000' });
});
afterAll(() => server[Symbol.asyncDispose]());

async function count(name: string, labels: string): Promise<number> {
  const page = await (await fetch(`${server.url}/metrics`)).text();
  const line = page.split('\n').find((one) => one.startsWith(`heliograph_${name}{${labels}} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}

it('counts each refusal of a request or a handshake by its status', async () => {
  const json = { 'content-type': 'application/json' };
  const post = (init: RequestInit) => fetch(`${server.url}/graphql`, { method: 'POST', ...init });
  const refusals: [status: number, ask: () => Promise<unknown>][] = [
    [400, () => post({ headers: json, body: 'no JSON' })],
    [400, () => exchangeBytes(server.url, 'no HTTP\r\n\r\n')],
    [403, () => post({ headers: { ...json, origin: 'https://evil.example' }, body: '{}' })],
    [403, () => statusOfUpgrade(server.wsUrl, { origin: 'https://evil.example' })],
    [404, () => fetch(`${server.url}/nothing`)],
    [404, () => statusOfUpgrade(`${server.wsUrl}/nothing`, {})],
    [405, () => fetch(`${server.url}/graphql`, { method: 'PUT' })],
    [406, () => post({ headers: { ...json, accept: 'text/xml' }, body: '{"query":"{ __typename }"}' })],
    [413, () => post({ headers: json, body: 'x'.repeat(3_000) })],
    [415, () => post({ headers: { 'content-type': 'text/plain' }, body: 'x' })],
    [431, () => exchangeBytes(server.url, `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)],
  ];
  for (const [status, ask] of refusals) {
    const before = await count('http_refusals_total', `status="${status}"`);
    await ask();
    await eventually(
      async () => (await count('http_refusals_total', `status="${status}"`)) === before + 1,
      `${status}`,
    );
  }
});

it.each<[code: number, breach: (socket: RawSocket) => void]>([
  [1002, ({ ws }) => sendRaw(ws, Buffer.from([0xc1, 0x00]))],
  [1007, ({ ws }) => ws.send(Buffer.from([0xff]), { binary: false })],
  [1009, ({ ws }) => ws.send('x'.repeat(3_000))],
  [4400, ({ ws }) => ws.send('no JSON')],
])(
  'counts a close with %i under the code that was sent, although the client leaves without an answer',
  async (code, breach) => {
    const socket = await RawSocket.open(server);
    const before = await count('socket_closes_total', `code="${code}"`);
    const lost = await count('socket_closes_total', 'code="1006"');
    // The client is gone as soon as anything comes from the server.
    const stream = (socket.ws as unknown as { _socket: import('node:net').Socket })._socket;
    stream.removeAllListeners('data');
    stream.once('data', () => stream.destroy());
    stream.resume();
    breach(socket);
    await once(stream, 'close');
    await eventually(async () => (await count('socket_closes_total', `code="${code}"`)) === before + 1, `${code}`);
    expect(await count('socket_closes_total', 'code="1006"')).toBe(lost);
  },
);

it('names the versions that run', async () => {
  expect(await count('build_info', `version="test",node_version="${process.version}"`)).toBe(1);
});

function sendRaw(ws: RawSocket['ws'], bytes: Buffer): void {
  (ws as unknown as { _socket: import('node:net').Socket })._socket.write(bytes);
}
