/** Statuses for errors that a client should retry, where the media type leaves the status to the answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationLimitDefaults as limits } from '../../src/server/pipeline/limits.ts';
import { startServer, type TestServer } from '../support/heliograph.ts';
import { exchangeBytes, readAnswer } from '../support/raw-http.ts';
import { RawSocket } from '../support/raw-socket.ts';

const modern = 'application/graphql-response+json';

async function ask(server: TestServer, accept: string) {
  const response = await fetch(`${server.url}/graphql?query={__typename}`, {
    headers: { accept, 'apollo-require-preflight': '1' },
  });
  const { errors } = (await response.json()) as { errors?: { extensions: Record<string, unknown> }[] };
  return { status: response.status, retryAfter: response.headers.get('retry-after'), error: errors?.[0]?.extensions };
}

describe('an operation over the limit of its address', () => {
  let server: TestServer;
  beforeAll(async () => {
    // 10 operations without a session in 60 s, and the clock stands still.
    server = await startServer({ RATE_LIMIT_SCALE: '0.01' }, Date.now, () => 1_000);
    for (let count = 0; count < 10; count += 1) expect((await ask(server, modern)).status).toBe(200);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('is 429 with Retry-After under the media type of GraphQL', async () => {
    const { status, retryAfter, error } = await ask(server, modern);
    expect(status).toBe(429);
    expect(error).toMatchObject({ code: 'RATE_LIMITED', limit: 'anonymousOperations' });
    expect(Number(retryAfter)).toBe(Math.ceil(Number(error?.retryAfterMs) / 1000));
  });

  it('is 200 under application/json, as all answers are', async () => {
    expect(await ask(server, 'application/json')).toMatchObject({
      status: 200,
      retryAfter: null,
      error: { code: 'RATE_LIMITED' },
    });
  });
});

it('a handshake over the limit of its address is 429 with a code, the limit and a time to wait', async () => {
  await using server = await startServer({ SOCKETS_PER_ADDRESS_MAX: '1' });
  const socket = await RawSocket.open(server);
  const headers =
    'Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: graphql-transport-ws';
  const answer = await exchangeBytes(server.url, `GET /graphql HTTP/1.1\r\n${headers}\r\n\r\n`);
  expect(readAnswer(answer)).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
  const { errors } = JSON.parse(answer.split('\r\n\r\n')[1] ?? '');
  expect(errors[0].extensions).toMatchObject({ retryable: true, limit: 'socketsPerAddress' });
  const seconds = Number(/^retry-after: (\d+)\r$/im.exec(answer)?.[1]);
  expect(seconds).toBe(Math.ceil(errors[0].extensions.retryAfterMs / 1000));
  await socket.close();
});

it.each<[what: string, query: string, max: number]>([
  ['tokens', `{ viewer { ${'id '.repeat(limits.tokensMax)} } }`, limits.tokensMax],
  ['cost', '{ conversations(first: 500) { nodes { members(first: 500) { nodes { user { id } } } } } }', limits.costMax],
  ['introspection', `{ __type(name: "User") { ${'fields { type { '.repeat(4)} name ${'} } '.repeat(4)} } }`, 3],
])('QUERY_TOO_COMPLEX says what is allowed: %s', async (_what, query, max) => {
  await using server = await startServer();
  const { errors } = await server.post(query);
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'QUERY_TOO_COMPLEX', max });
});
