/** GraphQL over HTTP: the answer to any request is JSON with a code from the catalogue. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support/heliograph.ts';
import { exchangeBytes, readAnswer } from '../support/raw-http.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ REQUEST_MAX_BYTES: '20000' });
});
afterAll(() => server[Symbol.asyncDispose]());

const json = { 'content-type': 'application/json' };
/** Apollo Server refuses a GET that a page could have caused without asking. */
const notFromPage = { 'apollo-require-preflight': '1' };
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const typename = '{"query":"{ __typename }"}';

async function ask(path: string, init: RequestInit) {
  const response = await fetch(`${server.url}${path}`, init);
  const { data, errors } = (await response.json()) as { data?: unknown; errors?: { extensions: { code: unknown } }[] };
  const contentType = response.headers.get('content-type')?.split(';')[0];
  return { status: response.status, contentType, data, code: errors?.[0]?.extensions.code, headers: response.headers };
}

async function expectService() {
  const { status, data } = await ask('/graphql', { method: 'POST', headers: json, body: typename });
  expect({ status, data }).toEqual({ status: 200, data: { __typename: 'Query' } });
}

describe('a request that is none is BAD_REQUEST', () => {
  it.each<[name: string, status: number, init: RequestInit]>([
    ['nothing', 400, { method: 'POST', headers: json }],
    ['half of JSON', 400, { method: 'POST', headers: json, body: '{"query":"{ __typename' }],
    ['a list of requests', 400, { method: 'POST', headers: json, body: `[${typename}]` }],
    ['a text', 400, { method: 'POST', headers: json, body: '"{ __typename }"' }],
    ['null', 400, { method: 'POST', headers: json, body: 'null' }],
    ['no query', 400, { method: 'POST', headers: json, body: '{"variables":{}}' }],
    ['a list of variables', 400, { method: 'POST', headers: json, body: '{"query":"{ __typename }","variables":[]}' }],
    [
      'bytes that are not UTF-8',
      400,
      { method: 'POST', headers: json, body: latin1('{"query":"{ __typename } # \xff"}') },
    ],
    [
      'half a surrogate',
      400,
      { method: 'POST', headers: json, body: latin1('{"query":"{ __typename } # \xed\xa0\x80"}') },
    ],
    [
      'more than may be',
      413,
      { method: 'POST', headers: json, body: JSON.stringify({ query: `#${'x'.repeat(20_000)}` }) },
    ],
    ['no content type', 415, { method: 'POST', body: Buffer.from(typename) }],
    ['a form', 415, { method: 'POST', body: new URLSearchParams({ query: '{ __typename }' }) }],
    ['a file upload', 415, { method: 'POST', body: new FormData() }],
    ['plain text', 415, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: typename }],
    [
      'another encoding',
      415,
      { method: 'POST', headers: { 'content-type': 'application/json; charset=utf-16' }, body: typename },
    ],
    ['a wish for XML', 406, { method: 'POST', headers: { ...json, accept: 'application/xml' }, body: typename }],
    ['another method', 405, { method: 'PUT', headers: json, body: typename }],
    ['another method and no JSON', 405, { method: 'DELETE', headers: { 'content-type': 'text/plain' }, body: 'x' }],
  ])('%s (%i)', async (_name, status, init) => {
    const answer = await ask('/graphql', init);
    expect(answer).toMatchObject({ status, contentType: 'application/json', code: 'BAD_REQUEST' });
    if (status === 405) expect(answer.headers.get('allow')).toBe('GET, POST');
    await expectService();
  });

  it.each([
    ['no query', '', 400],
    ['variables that are no JSON', '?query={__typename}&variables={', 400],
    ['a path that is no text', '/%zz', 400],
  ])('over GET: %s', async (_name, suffix, status) => {
    expect(await ask(`/graphql${suffix}`, { headers: notFromPage })).toMatchObject({
      status,
      contentType: 'application/json',
      code: 'BAD_REQUEST',
    });
  });
});

it('answers NOT_FOUND where there is nothing', async () => {
  const answer = { status: 404, contentType: 'application/json', code: 'NOT_FOUND' };
  expect(await ask('/graphql/', {})).toMatchObject(answer);
  expect(await ask('/admin', { method: 'POST', headers: json, body: '{}' })).toMatchObject(answer);
});

it.each([
  ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
  ['a broken header', 'POST /graphql HTTP/1.1\r\nHost a\r\n\r\n', 400],
  ['two lengths', 'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}', 400],
  ['headers without end', `GET /graphql HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
])('answers %s and closes the connection', async (_name, bytes, status) => {
  const answer = readAnswer(await exchangeBytes(server.url, bytes));
  expect(answer).toEqual({ status, contentType: 'application/json', code: 'BAD_REQUEST' });
  await expectService();
});

// Java's HTTP client and `curl --http2` offer it with every request.
it('answers a request that offers HTTP/2 over HTTP/1.1', async () => {
  const upgrade =
    'Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA';
  const length = `Content-Type: application/json\r\nContent-Length: ${typename.length}`;
  const answer = await exchangeBytes(
    server.url,
    `POST /graphql HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n${length}\r\n\r\n${typename}`,
  );
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  expect(answer).toContain('{"data":{"__typename":"Query"}}');
});

describe('a GET that a page of another site could cause', () => {
  const path = '/graphql?query={__typename}';

  it('is refused', async () => {
    expect(await ask(path, {})).toMatchObject({ status: 400, contentType: 'application/json', code: 'BAD_REQUEST' });
    const form = await ask(path, { headers: { 'content-type': 'text/plain' } });
    expect(form).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
  });

  it.each([
    ['apollo-require-preflight', '1'],
    ['x-apollo-operation-name', 'Typename'],
    ['authorization', 'Bearer x'],
    ['content-type', 'application/json'],
  ])('runs with %s, for which browsers ask first', async (name, value) => {
    expect(await ask(path, { headers: { [name]: value } })).toMatchObject({
      status: 200,
      data: { __typename: 'Query' },
    });
  });
});

describe('the media type of an answer', () => {
  const modern = 'application/graphql-response+json';
  it.each([
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    [modern, modern],
    [`application/json, ${modern}`, 'application/json'],
    [`${modern}, application/json`, modern],
    [`application/json;q=0.1, ${modern};q=0.9`, modern],
    [`application/json;q=0, ${modern}`, modern],
    [`${modern};q=0.5, application/json;q=0.8, text/html`, 'application/json'],
    [`${modern}; charset=utf-8`, modern],
  ])('by %s is %s', async (accept, contentType) => {
    const answer = await ask('/graphql', { method: 'POST', headers: { ...json, accept }, body: typename });
    expect(answer).toMatchObject({ status: 200, contentType, data: { __typename: 'Query' } });
  });

  it.each([
    ['q_of_zero', 'application/json;q=0'],
    ['a_page', 'text/html'],
    ['utf_16', `${modern}; charset=utf-16`],
  ])('is missing (%s), and nothing runs', async (username, accept) => {
    const query = `mutation { register(input: { username: "${username}", password: "correct horse" }) { session { deviceId } } }`;
    const request = { method: 'POST', body: JSON.stringify({ query }) };
    const answer = await ask('/graphql', { ...request, headers: { ...json, accept } });
    expect(answer).toMatchObject({ status: 406, contentType: 'application/json', code: 'BAD_REQUEST' });
    expect((await ask('/graphql', { ...request, headers: json })).code).toBeUndefined();
  });
});

describe('the kinds of operations', () => {
  it('runs queries over GET', async () => {
    const answer = await ask(
      `/graphql?query=${encodeURIComponent('query ($n: String!) { __type(name: $n) { name } }')}&variables={"n":"User"}`,
      { headers: notFromPage },
    );
    expect(answer).toMatchObject({ status: 200, data: { __type: { name: 'User' } } });
  });

  it('refuses mutations over GET, and does nothing', async () => {
    const register =
      'mutation { register(input: { username: "by_link", password: "correct horse" }) { session { deviceId } } }';
    const answer = await ask(`/graphql?query=${encodeURIComponent(register)}`, { headers: notFromPage });
    expect(answer).toMatchObject({ status: 405, contentType: 'application/json', code: 'BAD_REQUEST' });
    expect(answer.headers.get('allow')).toBe('POST');
    const again = await ask('/graphql', { method: 'POST', headers: json, body: JSON.stringify({ query: register }) });
    expect(again.code).toBeUndefined();
  });

  it.each(['GET', 'POST'])('refuses subscriptions over %s, and explains the right transport', async (method) => {
    const query = 'subscription { messageReceived { __typename } }';
    const response =
      method === 'GET'
        ? await fetch(`${server.url}/graphql?query=${encodeURIComponent(query)}`, { headers: notFromPage })
        : await fetch(`${server.url}/graphql`, { method, headers: json, body: JSON.stringify({ query }) });
    expect(await response.json()).toEqual({
      errors: [
        {
          message: 'Subscriptions need a WebSocket with the protocol graphql-transport-ws.',
          extensions: { code: 'BAD_REQUEST', retryable: false },
        },
      ],
    });
  });
});

it.each(['Basic YTpi', 'Bearer', 'Bearer a b', 'token'])('takes no other authorization: %s', async (authorization) => {
  const init = { method: 'POST', headers: { ...json, authorization }, body: '{"query":"{ viewer { user { id } } }"}' };
  expect(await ask('/graphql', init)).toMatchObject({ code: 'UNAUTHENTICATED', data: undefined });
});
