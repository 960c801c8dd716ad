/** Requests that attackers send to confuse a server or a proxy in front of it, or to read what is not meant for them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support/heliograph.ts';
import { exchangeBytes } from '../support/raw-http.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const body = '{"query":"{ __typename }"}';
const json = { 'content-type': 'application/json' };
const head = 'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
const statusesOf = (answer: string) => [...answer.matchAll(/^HTTP\/1\.1 (\d+) /gm)].map(([, status]) => Number(status));

describe('a request whose end two programs would see at different places', () => {
  it.each([
    [
      'a length and chunks',
      `${head}Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n`,
    ],
    ['two lengths', `${head}Content-Length: ${body.length}\r\nContent-Length: 0\r\n\r\n${body}`],
    ['an unknown encoding', `${head}Transfer-Encoding: xchunked\r\n\r\n${body}`],
    ['a line that ends without CR', `POST /graphql HTTP/1.1\nHost: a\nContent-Length: ${body.length}\n\n${body}`],
    ['a blank before a colon', `${head}Content-Length : ${body.length}\r\n\r\n${body}`],
    ['a folded header', `${head}X: a\r\n b\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ['a length with a sign', `${head}Content-Length: +${body.length}\r\n\r\n${body}`],
  ])('is refused once, and its connection closed: %s', async (_what, bytes) => {
    expect(statusesOf(await exchangeBytes(server.url, bytes))).toEqual([400]);
  });
});

describe('a request for something else', () => {
  it('does not repeat a request that is to be traced', async () => {
    const answer = await exchangeBytes(
      server.url,
      'TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-A: b\r\n\r\n',
    );
    expect(statusesOf(answer)).toEqual([404]);
    expect(answer).not.toContain('X-A');
  });

  it.each([
    '/graphiql/assets/',
    '/graphiql/assets/..%2f..%2fgraphiql-page.ts',
    '/graphiql/assets/../../graphiql-page.ts',
    '/graphiql/assets/%2e%2e/%2e%2e/graphiql-page.ts',
    '/graphiql/assets/..%5c..%5cgraphiql-page.ts',
    '/.git/config',
    '/package.json',
    '/data/jwt-secret',
  ])('serves no folder and no other file: %s', async (path) => {
    const answer = await exchangeBytes(server.url, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(statusesOf(answer)).toEqual([expect.toBeOneOf([403, 404])]);
  });

  it('repeats a path as data only', async () => {
    const answer = await exchangeBytes(
      server.url,
      'GET /nothing%3Cscript%3E"<b> HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/\r\ncontent-type: application\/json; charset=utf-8\r\n/);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '').errors).toHaveLength(1);
  });
});

describe('a request that names something twice', () => {
  const ask = async (path: string, init?: RequestInit) => (await fetch(`${server.url}${path}`, init)).json();

  it('is refused when it has two parameters of a name', async () => {
    const init = { headers: { 'apollo-require-preflight': '1' } };
    expect(await ask('/graphql?query={a:__typename}', init)).toEqual({ data: { a: 'Query' } });
    expect(await ask('/graphql?query={a:__typename}&query={b:__typename}', init)).toMatchObject({
      errors: [{ extensions: { code: 'BAD_REQUEST' } }],
    });
  });

  it('is read from the body of a POST, not from its address', async () => {
    const init = { method: 'POST', headers: json, body };
    expect(await ask('/graphql?query={other:__typename}', init)).toEqual({ data: { __typename: 'Query' } });
  });

  it('has the first of two tokens', async () => {
    const alice = await server.user();
    const query = '/graphql?query=%7Bviewer%7Buser%7Bid%7D%7D%7D';
    const lines = [`Authorization: Bearer ${alice.session.accessToken}`, 'Authorization: Bearer other'];
    const viewerWith = async (headers: string[]) =>
      JSON.parse(
        (
          await exchangeBytes(
            server.url,
            `GET ${query} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers.join('\r\n')}\r\n\r\n`,
          )
        ).split('\r\n\r\n')[1] ?? '',
      ).data?.viewer?.user.id;
    expect(await viewerWith(lines)).toBe(alice.id);
    expect(await viewerWith(lines.toReversed())).toBeUndefined();
  });
});
