/** Access of other sites' pages over HTTP and over WebSocket. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support/heliograph.ts';
import { exchangeBytes, readAnswer, statusOfUpgrade } from '../support/raw-http.ts';

const upgradeStatus = (server: TestServer, origin?: string, more: Record<string, string> = {}) =>
  statusOfUpgrade(server.wsUrl, origin === undefined ? more : { origin, ...more });

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

/** The status of a request over a connection of its own, with the headers as they stand. */
async function statusOf(server: TestServer, host: string, origin: string): Promise<number> {
  const body = '{"query":"{ __typename }"}';
  const headers = `Host: ${host}\r\nOrigin: ${origin}\r\nContent-Type: application/json\r\nConnection: close`;
  const request = `POST /graphql HTTP/1.1\r\n${headers}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  return readAnswer(await exchangeBytes(server.url, request)).status;
}

const portOf = (server: TestServer) => new URL(server.url).port;

const forbidden = { status: 403, allowed: null, error: { code: 'FORBIDDEN', retryable: false } };
const others = [
  'https://evil.example',
  'null',
  'http://127.0.0.1.evil.example',
  'http://localhost.evil.example',
  'capacitor://localhost',
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

  it('its own pages, and clients other than browsers, are accepted', async () => {
    expect(await askFrom(server, server.url)).toEqual({ status: 200, allowed: server.url, error: undefined });
    expect(await askFrom(server)).toEqual({ status: 200, allowed: null, error: undefined });
    expect([await upgradeStatus(server, server.url), await upgradeStatus(server)]).toEqual([101, 101]);
  });

  it('a page asks in vain whether it may', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const response = await fetch(`${server.url}/graphql`, { method: 'OPTIONS', headers });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });

  it.each(['/%67raphql', '/graph%71l', '/graphql?x'])('a page asks in vain at another spelling: %s', async (path) => {
    expect(await askFrom(server, 'https://evil.example', path)).toEqual(forbidden);
  });

  it.each(['http://localhost:5173', 'http://127.0.0.1:3000', 'http://[::1]', 'https://app.localhost:8443'])(
    'pages of a server on the same machine come in: %s',
    async (origin) => {
      expect(await askFrom(server, origin)).toEqual({ status: 200, allowed: origin, error: undefined });
      expect(await upgradeStatus(server, origin)).toBe(101);
    },
  );

  it('a site whose name leads to this machine is not the server itself, nor are local pages asking for that name', async () => {
    const host = `evil.example:${portOf(server)}`;
    for (const origin of [`http://${host}`, 'http://localhost:5173']) {
      expect(await statusOf(server, host, origin)).toBe(403);
      expect(await upgradeStatus(server, origin, { host })).toBe(403);
    }
  });
});

it('each refused origin is counted, and logged once a minute', async () => {
  let now = 1_000;
  let wallClock = Date.parse('2026-03-10T12:00:00Z');
  await using server = await startServer(
    {},
    () => wallClock,
    () => now,
  );
  const lines = () => server.logLines.filter(({ message }) => message.startsWith('origin refused'));
  await askFrom(server, 'https://evil.example');
  await askFrom(server, 'https://evil.example');
  await upgradeStatus(server, 'https://other.example');
  expect(lines()).toMatchObject([
    {
      'log.level': 'warn',
      origin: 'https://evil.example',
      'url.domain': new URL(server.url).host,
      'source.ip': '127.0.0.1',
    },
    { 'log.level': 'warn', origin: 'https://other.example' },
  ]);
  const page = await (await fetch(`${server.url}/metrics`)).text();
  expect(page).toContain('heliograph_origins_refused_total{transport="http"} 2');
  expect(page).toContain('heliograph_origins_refused_total{transport="ws"} 1');
  // Setting the time of day makes no difference.
  for (const wrong of [wallClock + 3_600_000, wallClock - 3_600_000]) {
    wallClock = wrong;
    await askFrom(server, 'https://evil.example');
    expect(lines()).toHaveLength(2);
  }
  now += 61_000;
  await askFrom(server, 'https://evil.example');
  expect(lines()).toHaveLength(3);
  for (let count = 0; count < 100; count += 1) await askFrom(server, `https://evil-${count}.example`);
  expect(lines().length).toBeLessThan(60);
});

describe('behind a proxy', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ TRUST_PROXY: '1' });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it.each([
    ['chat.example.com', 'https://chat.example.com'],
    ['chat.example.com:443', 'https://chat.example.com'],
    ['chat.example.com:80', 'http://chat.example.com'],
    ['CHAT.Example.com', 'https://chat.example.com'],
    ['chat.example.com:8443', 'https://chat.example.com:8443'],
  ])('the server’s own pages come in: host %s, origin %s', async (host, origin) => {
    expect(await statusOf(server, host, origin)).toBe(200);
    expect(await upgradeStatus(server, origin, { host })).toBe(101);
  });

  it.each([
    ['chat.example.com:80', 'https://chat.example.com'],
    ['chat.example.com', 'https://chat.example.com:8443'],
    ['chat.example.com', 'https://evil.example'],
    ['chat.example.com', 'http://localhost:5173'],
    ['evil.example@chat.example.com', 'https://evil.example'],
    ['chat.example.com', 'capacitor://chat.example.com'],
  ])('other pages stay outside: host %s, origin %s', async (host, origin) => {
    expect(await statusOf(server, host, origin)).toBe(403);
    expect(await upgradeStatus(server, origin, { host })).toBe(403);
  });
});

describe('with other sites and apps allowed', () => {
  const apps = ['capacitor://localhost', 'ionic://localhost', 'app://-', 'chrome-extension://abcdefghij', 'null'];
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ ALLOWED_ORIGINS: `https://app.example, http://web.example:5173, ${apps}` });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it.each(['https://app.example', 'http://web.example:5173', ...apps])('pages of %s come in', async (origin) => {
    expect(await askFrom(server, origin)).toEqual({ status: 200, allowed: origin, error: undefined });
    expect(await upgradeStatus(server, origin)).toBe(101);
  });

  it.each([
    'http://app.example',
    'https://app.example:8443',
    'https://app.example.evil.example',
    'https://evil.example',
    'capacitor://evil',
  ])('pages of %s stay outside', async (origin) => {
    expect(await askFrom(server, origin)).toEqual(forbidden);
    expect(await upgradeStatus(server, origin)).toBe(403);
  });

  it('a page may send the headers of its libraries, and the browser may remember that', async () => {
    const asked =
      'authorization,content-type,apollographql-client-name,apollographql-client-version,apollo-require-preflight,traceparent,sentry-trace,baggage,x-request-id';
    const headers = {
      origin: 'https://app.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': asked,
    };
    const response = await fetch(`${server.url}/graphql`, { method: 'OPTIONS', headers });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': asked,
      'access-control-max-age': '600',
      'access-control-expose-headers': 'retry-after',
      vary: 'Origin, Access-Control-Request-Headers',
    });
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
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
