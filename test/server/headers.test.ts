/** The headers of every HTTP answer for browsers, caches and proxies. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support/heliograph.ts';
import { exchangeBytes } from '../support/raw-http.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const json = { 'content-type': 'application/json' };
const notFromPage = { 'apollo-require-preflight': '1' };
const typename = '{"query":"{ __typename }"}';
const dataPolicy = "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'";

async function headersOf(path: string, init: RequestInit = {}): Promise<Record<string, string>> {
  const response = await fetch(`${server.url}${path}`, { redirect: 'manual', ...init });
  await response.arrayBuffer();
  return { ':status': String(response.status), ...Object.fromEntries(response.headers) };
}

describe('an answer that is data', () => {
  it.each<[name: string, status: number, path: string, init?: RequestInit]>([
    ['a query', 200, '/graphql', { method: 'POST', headers: json, body: typename }],
    ['a query over GET', 200, '/graphql?query={__typename}', { headers: notFromPage }],
    ['an error in a query', 200, '/graphql?query={nothing}', { headers: notFromPage }],
    ['no query', 400, '/graphql', { headers: notFromPage }],
    ['a GET that a page could cause', 400, '/graphql?query={__typename}'],
    ['no JSON', 415, '/graphql', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' }],
    ['another method', 405, '/graphql', { method: 'PUT', headers: json, body: typename }],
    [
      'a foreign page',
      403,
      '/graphql',
      { method: 'POST', headers: { ...json, origin: 'https://evil.example' }, body: typename },
    ],
    ['no such page', 404, '/nothing'],
    ['a path that is not text', 400, '/graphql/%zz'],
    ['liveness', 200, '/healthz'],
    ['readiness', 200, '/readyz'],
    ['metrics', 200, '/metrics'],
  ])('is kept by no cache and taken for no document: %s (%i)', async (_name, status, path, init) => {
    expect(await headersOf(path, init)).toMatchObject({
      ':status': String(status),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': dataPolicy,
    });
  });

  it('names no origin that it came from, and belongs to no other window', async () => {
    expect(await headersOf('/graphql?query={__typename}', { headers: notFromPage })).toMatchObject({
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
  });

  it.each([
    ['no HTTP', 'nonsense\r\n\r\n', 400],
    [
      'a handshake from a foreign page',
      `GET /graphql HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: https://evil.example\r\n\r\n`,
      403,
    ],
  ])('says so on a raw connection too: %s', async (_name, bytes, status) => {
    const answer = await exchangeBytes(server.url, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    for (const line of [
      'cache-control: no-store',
      'x-content-type-options: nosniff',
      `content-security-policy: ${dataPolicy}`,
    ])
      expect(answer).toContain(`\r\n${line}\r\n`);
  });
});

it('GraphiQL and its assets may load their own files only, in no frame', async () => {
  const page = await (await fetch(`${server.url}/graphiql`)).text();
  const asset = /src="(graphiql\/assets\/[^"]+\.js)"/.exec(page)?.[1];
  for (const path of ['/graphiql', `/${asset}`]) {
    const headers = await headersOf(path);
    expect(headers).toMatchObject({ ':status': '200', 'x-content-type-options': 'nosniff' });
    const policy = headers['content-security-policy'];
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("connect-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
  }
  expect(await headersOf('/graphiql')).toMatchObject({ 'cache-control': 'no-cache' });
  expect(await headersOf(`/${asset}`)).toMatchObject({ 'cache-control': 'public, max-age=31536000, immutable' });
});

describe('the content type of a request', () => {
  it.each([
    'application/json; charset="utf-8"',
    'application/json;charset=UTF-8',
    'application/json; charset=utf8',
    'Application/JSON ; Charset="UTF-8"',
  ])('may be written as %s', async (contentType) => {
    const init = { method: 'POST', headers: { 'content-type': contentType }, body: typename };
    const response = await fetch(`${server.url}/graphql`, init);
    expect([response.status, await response.json()]).toEqual([200, { data: { __typename: 'Query' } }]);
  });

  it('may not come compressed', async () => {
    const init = { method: 'POST', headers: { ...json, 'content-encoding': 'gzip' }, body: typename };
    const response = await fetch(`${server.url}/graphql`, init);
    expect([response.status, await response.json()]).toMatchObject([
      415,
      { errors: [{ message: 'Content-Encoding is not supported.', extensions: { code: 'BAD_REQUEST' } }] },
    ]);
  });
});
