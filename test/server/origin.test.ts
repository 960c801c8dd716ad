/** Pages of other sites: what their browsers may do here, over HTTP and over WebSocket alike. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support/heliograph.ts';
import { statusOfUpgrade } from '../support/raw-http.ts';

const upgradeStatus = (server: TestServer, origin?: string) =>
  statusOfUpgrade(server.wsUrl, origin === undefined ? {} : { origin });

async function askFrom(server: TestServer, origin?: string, path = '/graphql') {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(origin === undefined ? {} : { origin }) },
    body: '{"query":"{ __typename }"}',
  });
  const body = (await response.json()) as { data?: unknown; errors?: { extensions: object }[] };
  return {
    status: response.status,
    allowed: response.headers.get('access-control-allow-origin'),
    error: body.errors?.[0]?.extensions,
  };
}

const forbidden = { status: 403, allowed: null, error: { code: 'FORBIDDEN', retryable: false } };
const others = [
  'https://evil.example',
  'http://127.0.0.1',
  'null',
  'http://127.0.0.1.evil.example',
  'file://',
  'nonsense',
];

describe('with no other site allowed', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it.each(others)('pages of %s stay outside', async (origin) => {
    expect(await askFrom(server, origin)).toEqual(forbidden);
    expect(await upgradeStatus(server, origin)).toBe(403);
  });

  it('its own pages, and clients that are no browsers, come in', async () => {
    expect(await askFrom(server, server.url)).toEqual({ status: 200, allowed: server.url, error: undefined });
    expect(await askFrom(server)).toEqual({ status: 200, allowed: null, error: undefined });
    expect([await upgradeStatus(server, server.url), await upgradeStatus(server)]).toEqual([101, 101]);
  });

  it('a page asks in vain whether it may', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const response = await fetch(`${server.url}/graphql`, { method: 'OPTIONS', headers });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });
});

describe('with other sites allowed', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ ALLOWED_ORIGINS: 'https://app.example, http://localhost:5173' });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it.each(['https://app.example', 'http://localhost:5173'])('pages of %s come in', async (origin) => {
    expect(await askFrom(server, origin)).toEqual({ status: 200, allowed: origin, error: undefined });
    expect(await upgradeStatus(server, origin)).toBe(101);
  });

  it.each([
    'http://app.example',
    'https://app.example:8443',
    'https://app.example.evil.example',
    'https://evil.example',
  ])('pages of %s stay outside', async (origin) => {
    expect(await askFrom(server, origin)).toEqual(forbidden);
    expect(await upgradeStatus(server, origin)).toBe(403);
  });

  it('a browser is told what its page may send, and may remember it', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    const response = await fetch(`${server.url}/graphql`, { method: 'OPTIONS', headers });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-max-age': '600',
      vary: 'origin',
    });
  });

  it('a page can read an error as well as an answer', async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { origin: 'https://app.example', 'content-type': 'application/json' },
      body: 'no JSON',
    });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([
      400,
      'https://app.example',
    ]);
  });
});

it('with * allowed, pages of every site come in', async () => {
  await using server = await startServer({ ALLOWED_ORIGINS: '*' });
  for (const origin of ['https://anything.example', 'null']) {
    expect(await askFrom(server, origin)).toEqual({ status: 200, allowed: origin, error: undefined });
    expect(await upgradeStatus(server, origin)).toBe(101);
  }
});
