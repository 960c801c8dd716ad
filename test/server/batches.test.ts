/** A list of operations in one HTTP request: each has its own answer, and all together the limits of one operation. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { costPerPoint } from '../../src/server/admission.ts';
import { operationLimitDefaults as limits } from '../../src/server/pipeline/limits.ts';
import { type Answer, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

const batchMax = 5;
let server: TestServer;
let alice: TestUser;
beforeAll(async () => {
  server = await startServer({ OPERATIONS_PER_BATCH_MAX: String(batchMax) });
  alice = await server.user();
});
afterAll(() => server[Symbol.asyncDispose]());

async function post(to: TestServer, body: unknown, headers: Record<string, string> = {}) {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
  const response = await fetch(`${to.url}/graphql`, { ...init, body: JSON.stringify(body) });
  const answers = (await response.json()) as Answer | Answer[];
  const type = response.headers.get('content-type');
  return { status: response.status, type, retryAfter: response.headers.get('retry-after'), answers };
}
const asAlice = () => ({ authorization: `Bearer ${alice.session.accessToken}` });
const codesOf = (answers: Answer | Answer[]) =>
  [answers].flat().map(({ errors }) => errors?.[0]?.extensions.code ?? 'OK');
const register = (username: string) =>
  `mutation { register(input: { username: "${username}", password: "correct horse" }) { session { user { username } } } }`;
const typename = { query: '{ __typename }' };

describe('a batch', () => {
  it('has an answer for each operation, in their order', async () => {
    const query = 'query A { viewer { user { id } } } query B($name: String!) { __type(name: $name) { name } }';
    const { status, type, answers } = await post(
      server,
      [
        { query, operationName: 'B', variables: { name: 'User' } },
        { query: '{ nothing }' },
        { query, operationName: 'A' },
      ],
      asAlice(),
    );
    expect({ status, type }).toEqual({ status: 200, type: 'application/json; charset=utf-8' });
    expect(answers).toMatchObject([
      { data: { __type: { name: 'User' } } },
      { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED', retryable: false } }] },
      { data: { viewer: { user: { id: alice.id } } } },
    ]);
  });

  it('is a list under the media type of JSON, whatever else is accepted', async () => {
    const accept = 'application/graphql-response+json, application/json;q=0.9';
    const { status, type, answers } = await post(server, [{ query: '{ nothing }' }], { accept });
    expect({ status, type, codes: codesOf(answers) }).toEqual({
      status: 200,
      type: 'application/json; charset=utf-8',
      codes: ['GRAPHQL_VALIDATION_FAILED'],
    });
  });

  it('may be of one operation, and of mutations', async () => {
    const mutations = ['batch_one', 'batch_two'].map((name) => ({ query: register(name) }));
    for (const batch of [mutations.slice(0, 1), mutations.slice(1)])
      expect(codesOf((await post(server, batch)).answers)).toEqual(['OK']);
    expect(codesOf((await post(server, mutations)).answers)).toEqual(['USERNAME_TAKEN', 'USERNAME_TAKEN']);
  });

  it('may name persisted queries', async () => {
    const { query } = typename;
    const extensions = { persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') } };
    const unknown = { persistedQuery: { version: 1, sha256Hash: '00' } };
    await post(server, [{ query, extensions }]);
    const { status, answers } = await post(server, [{ extensions }, { extensions: unknown }]);
    expect({ status, codes: codesOf(answers) }).toEqual({ status: 200, codes: ['OK', 'PERSISTED_QUERY_NOT_FOUND'] });
  });

  it('of too many operations is refused as a whole', async () => {
    const accept = 'application/json';
    const { status, answers } = await post(server, Array(batchMax + 1).fill(typename), { accept });
    expect(status).toBe(400);
    expect(answers).toMatchObject({ errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX', max: batchMax } }] });
    expect(codesOf((await post(server, Array(batchMax).fill(typename))).answers)).toEqual(Array(batchMax).fill('OK'));
  });

  it.each([
    ['a number', 42],
    ['null', null],
    ['a list', [typename]],
    ['an empty object', {}],
    ['a list of variables', { ...typename, variables: [] }],
    ['a document that is an object', { query: { kind: 'Document' } }],
  ])('with a request that is %s is refused before anything runs', async (what, malformed) => {
    const username = what.replaceAll(' ', '_').slice(0, 20);
    const { status, answers } = await post(server, [{ query: register(username) }, malformed]);
    expect({ status, codes: codesOf(answers) }).toEqual({ status: 400, codes: ['BAD_REQUEST'] });
    expect(codesOf((await post(server, { query: register(username) })).answers)).toEqual(['OK']);
  });

  it('of nothing is refused', async () => {
    const { status, answers } = await post(server, []);
    expect({ status, codes: codesOf(answers) }).toEqual({ status: 400, codes: ['BAD_REQUEST'] });
  });
});

describe('the operations of a batch have the limits of one, together', () => {
  const repeat = (times: number, text: (index: number) => string) =>
    Array.from({ length: times }, (_, i) => text(i)).join(' ');
  const third = (max: number) => Math.ceil(max / 3) + 1;

  it.each([
    ['root fields', limits.rootFieldsMax, `{ ${repeat(third(limits.rootFieldsMax), (i) => `f${i}: __typename`)} }`],
    ['aliases', limits.aliasesMax, `{ server { ${repeat(third(limits.aliasesMax), (i) => `a${i}: version`)} } }`],
    ['tokens', limits.tokensMax, `{ server { ${repeat(third(limits.tokensMax), () => 'version')} } }`],
    ['cost', limits.costMax, '{ conversations(first: 400) { nodes { members(first: 84) { nodes { joinedSeq } } } } }'],
  ])('%s', async (what, max, query) => {
    const { status, answers } = await post(server, [{ query }, { query }, { query }, typename], asAlice());
    expect(status).toBe(200);
    expect(codesOf(answers)).toEqual(['OK', 'OK', 'QUERY_TOO_COMPLEX', 'QUERY_TOO_COMPLEX']);
    const [, , refused] = answers as Answer[];
    expect(refused?.errors?.[0]?.extensions.max).toBe(max);
    expect(refused?.errors?.[0]?.message).toContain(what);
    expect(codesOf((await post(server, [{ query }, { query }], asAlice())).answers)).toEqual(['OK', 'OK']);
  });
});

it('the answers of a batch may be as long as that of one operation', async () => {
  await using small = await startServer({ OPERATIONS_PER_BATCH_MAX: '2', ANSWER_MAX_BYTES: String(1024 * 1024) });
  const bob = await small.user();
  for (let count = 0; count < 20; count += 1) await bob.send({ userId: bob.id }, 'x'.repeat(16_000));
  const page = { query: '{ offlineMessages(afterSeq: "0", first: 50) { entries { message { text } } } }' };
  const asBob = { authorization: `Bearer ${bob.session.accessToken}` };
  expect(codesOf((await post(small, [page], asBob)).answers)).toEqual(['OK']);
  expect(codesOf((await post(small, [page, page], asBob)).answers)).toContain('QUERY_TOO_COMPLEX');
});

describe('a rate limit', () => {
  /** 10 operations without a session in 60 s, and the clock stands still. */
  const start = () => startServer({ OPERATIONS_PER_BATCH_MAX: '5', RATE_LIMIT_SCALE: '0.01' }, () => 1_800_000_000_000);

  it('counts every operation of a batch', async () => {
    await using slow = await start();
    for (let count = 0; count < 2; count += 1)
      expect(codesOf((await post(slow, Array(5).fill(typename))).answers)).toEqual(Array(5).fill('OK'));
    const { status, retryAfter, answers } = await post(slow, [typename, typename]);
    expect({ status, codes: codesOf(answers) }).toEqual({ status: 429, codes: ['RATE_LIMITED'] });
    expect(Number(retryAfter)).toBeGreaterThan(0);
  });

  it('counts the cost of all of them', async () => {
    await using slow = await start();
    const page = (first: number) => ({
      query: `{ conversations(first: ${first}) { nodes { id title headSeq createdAt } } }`,
    });
    // Each is too small to count for more than itself: five of them are worth four more.
    const first = Math.floor((costPerPoint - 50) / 4);
    const cheap = await post(slow, Array(5).fill(page(first)));
    expect(codesOf(cheap.answers)).toEqual(Array(5).fill('UNAUTHENTICATED'));
    expect(codesOf((await post(slow, [typename])).answers)).toEqual(['OK']);
    expect(codesOf((await post(slow, [typename])).answers)).toEqual(['RATE_LIMITED']);
  });
});
