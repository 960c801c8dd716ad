/** Automatic persisted queries, over both transports: a hash in place of its document. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { connect, type RawSocket } from '../support/raw-socket.ts';

let server: TestServer;
let alice: TestUser;
let socket: RawSocket;
beforeAll(async () => {
  server = await startServer();
  alice = await server.user();
  socket = await connect(server, alice.session.accessToken);
});
afterAll(async () => {
  await socket.close();
  await server[Symbol.asyncDispose]();
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const extensionsOf = (hash: unknown, version: unknown = 1) => ({ persistedQuery: { version, sha256Hash: hash } });

let count = 0;
/** A document that no test has sent before. */
const newDocument = () => `{ viewer { user { id } } } # ${count++}`;

async function post(body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${alice.session.accessToken}` };
  const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(response.headers.get('cache-control')).toBe('no-store');
  return (await response.json()) as Answer;
}
async function get(hash: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${alice.session.accessToken}` };
  const extensions = encodeURIComponent(JSON.stringify(extensionsOf(hash)));
  return (await (await fetch(`${server.url}/graphql?extensions=${extensions}`, { headers })).json()) as Answer;
}
/** On a socket, an empty document says that only the hash is sent. */
async function subscribe({ query = '', ...rest }: { query?: string; variables?: object; extensions?: object }) {
  const id = `p${count++}`;
  socket.send({ type: 'subscribe', id, payload: { query, ...rest } });
  const { type, payload } = await socket.until((message) => message.id === id && message.type !== 'complete');
  return (type === 'error' ? { errors: payload } : payload) as Answer;
}

const codeOf = ({ errors }: Answer) => errors?.[0]?.extensions.code;
const me = () => ({ data: { viewer: { user: { id: alice.id } } } });

describe.each([
  ['HTTP', post],
  ['a socket', subscribe],
])('a persisted query over %s', (_name, ask) => {
  let query: string;
  let hash: string;
  beforeEach(() => {
    query = newDocument();
    hash = sha256(query);
  });

  it('is asked for, registered, and then known by its hash alone', async () => {
    const unknown = await ask({ extensions: extensionsOf(hash) });
    expect(unknown.errors).toEqual([
      { message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND', retryable: false } },
    ]);
    expect(await ask({ query, extensions: extensionsOf(hash) })).toEqual(me());
    expect(await ask({ extensions: extensionsOf(hash) })).toEqual(me());
  });

  it('is known to the other transport, and over GET', async () => {
    await ask({ query, extensions: extensionsOf(hash) });
    for (const other of [post, subscribe]) expect(await other({ extensions: extensionsOf(hash) })).toEqual(me());
    expect(await get(hash)).toEqual(me());
  });

  it('must have its own hash', async () => {
    const other = sha256(newDocument());
    expect(codeOf(await ask({ query, extensions: extensionsOf(other) }))).toBe('BAD_REQUEST');
    expect(codeOf(await ask({ extensions: extensionsOf(other) }))).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect(codeOf(await ask({ extensions: extensionsOf(hash) }))).toBe('PERSISTED_QUERY_NOT_FOUND');
  });

  it.each([['{ nothing }'], ['{ viewer {'], ['{ __typename } fragment A on User { id }']])(
    'is not kept when it is invalid: %s',
    async (invalid) => {
      const answer = await ask({ query: invalid, extensions: extensionsOf(sha256(invalid)) });
      expect(codeOf(answer)).toMatch(/^GRAPHQL_(PARSE|VALIDATION)_FAILED$/);
      expect(codeOf(await ask({ extensions: extensionsOf(sha256(invalid)) }))).toBe('PERSISTED_QUERY_NOT_FOUND');
    },
  );

  it.each([
    ['another version', () => extensionsOf(hash, 2), 'BAD_REQUEST'],
    ['a hash that is an object', () => extensionsOf({ a: 1 }), 'PERSISTED_QUERY_NOT_FOUND'],
    ['no hash', () => extensionsOf(undefined), 'PERSISTED_QUERY_NOT_FOUND'],
    ['no persisted query', () => ({ persistedQuery: null }), 'BAD_REQUEST'],
  ])('is refused with %s', async (_what, extensions, code) => {
    expect(codeOf(await ask({ extensions: extensions() }))).toBe(code);
    expect(await ask({ query })).toEqual(me());
  });

  it('takes variables, and has the limits of any operation', async () => {
    const list = `query ($first: Int!) { conversations(first: $first) { nodes { members(first: $first) { nodes { user { id } } } } } } # ${hash}`;
    const extensions = extensionsOf(sha256(list));
    await ask({ query: list, variables: { first: 1 }, extensions });
    expect(await ask({ variables: { first: 1 }, extensions })).toEqual({ data: { conversations: { nodes: [] } } });
    expect(codeOf(await ask({ variables: { first: 500 }, extensions }))).toBe('QUERY_TOO_COMPLEX');
  });
});

it('errors of both transports are the same', async () => {
  const hash = sha256(newDocument());
  const query = newDocument();
  const known = sha256(query);
  await post({ query, extensions: extensionsOf(known) });
  for (const body of [
    { extensions: extensionsOf(hash) },
    { query: newDocument(), extensions: extensionsOf(hash) },
    { extensions: extensionsOf(hash, 2) },
    { extensions: {} },
    { extensions: { persistedQuery: false } },
    { extensions: { persistedQuery: 'x' } },
    { extensions: extensionsOf(`apq:${known}`) },
    { extensions: extensionsOf(['x']) },
  ]) {
    expect(await subscribe(body)).toEqual(await post(body));
  }
});

it('the longest unused documents are forgotten when they are too many', async () => {
  // Twenty of them are 5 MB.
  const padding = 'x'.repeat(250_000);
  const documents = Array.from({ length: 20 }, (_, index) => `{ viewer { user { id } } } # ${index} ${padding}`);
  for (const query of documents) expect(await post({ query, extensions: extensionsOf(sha256(query)) })).toEqual(me());
  const known = [];
  for (const query of documents)
    known.push(codeOf(await post({ extensions: extensionsOf(sha256(query)) })) === undefined);
  expect(known).toContain(false);
  expect(known).toEqual(known.toSorted());
  expect(known.at(-1)).toBe(true);
});

it('a subscription may be persisted, too', async () => {
  const query = `subscription { messageReceived { __typename } } # ${count++}`;
  const extensions = extensionsOf(sha256(query));
  const first = await subscribe({ query, extensions });
  expect(first).toEqual({ data: { messageReceived: { __typename: 'StreamReady' } } });
  expect(await subscribe({ extensions })).toEqual(first);
});
