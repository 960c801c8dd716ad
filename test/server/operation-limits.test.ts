/** Limits on the size of an operation: the largest allowed and the smallest refused size, on both transports. */
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationLimitDefaults as limits } from '../../src/server/pipeline/limits.ts';
import { startServer, type TestServer } from '../support/heliograph.ts';
import { bothTransports, errorsOf, type Transport } from '../support/transports.ts';

let server: TestServer;
let transports: [Transport, Transport];
beforeAll(async () => {
  server = await startServer();
  const { session } = await server.user();
  transports = await bothTransports(server, session.accessToken);
});
afterAll(async () => {
  for (const transport of transports) await transport[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const repeat = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ');

/** The code of the first error, the same on both; undefined when there is none. */
async function codeOf(query: string, variables?: object): Promise<unknown> {
  const [overHttp, overWs] = [await transports[0].ask(query, variables), await transports[1].ask(query, variables)];
  expect(errorsOf(overWs)).toEqual(errorsOf(overHttp));
  return overHttp.errors?.[0]?.extensions.code;
}

const tokens = (count: number) => `{ presence(userIds: [${repeat(count - 12, () => '"1"')}]) { status } }`;
const depth = (count: number) =>
  `{ message(id: "1") { ${'replyTo { '.repeat(count - 2)} id ${' }'.repeat(count - 2)} } }`;
const rootFields = (count: number) => `{ ${repeat(count, (i) => `a${i}: __typename`)} }`;
const aliases = (count: number) => `{ viewer { user { ${repeat(count, (i) => `a${i}: id`)} } } }`;

describe('a document', () => {
  it.each([
    ['tokens', tokens, limits.tokensMax],
    ['depth', depth, limits.depthMax],
    ['root fields', rootFields, limits.rootFieldsMax],
    ['aliases', aliases, limits.aliasesMax],
  ])('may have its number of %s, and not one more', async (_what, make, max) => {
    expect(await codeOf(make(max))).not.toBe('QUERY_TOO_COMPLEX');
    expect(await codeOf(make(max + 1))).toBe('QUERY_TOO_COMPLEX');
  });

  it('is measured with its fragments', async () => {
    const inFragments = (count: number) =>
      `{ viewer { user { ...A ...B } } } fragment A on User { ${repeat(count - 1, (i) => `a${i}: id`)} } fragment B on User { b: id }`;
    expect(await codeOf(inFragments(limits.aliasesMax))).toBeUndefined();
    expect(await codeOf(inFragments(limits.aliasesMax + 1))).toBe('QUERY_TOO_COMPLEX');
  });

  // Each step doubles the work of a naive implementation: sixty of them would never end.
  it.each<[string, (index: number) => string, code: unknown]>([
    ['spread each other twice', (i) => `fragment F${i} on Message { ...F${i + 1} ...F${i + 1} }`, undefined],
    [
      'nest each other twice',
      (i) => `fragment F${i} on Message { replyTo { ...F${i + 1} } replyTo { ...F${i + 1} } }`,
      'QUERY_TOO_COMPLEX',
    ],
    [
      'alias each other',
      (i) => `fragment F${i} on Message { a: replyTo { ...F${i + 1} } b: replyTo { ...F${i + 1} } }`,
      'QUERY_TOO_COMPLEX',
    ],
  ])('is measured at once when its fragments %s', async (_how, make, code) => {
    const document = `{ message(id: "1") { ...F0 } } ${repeat(60, make)} fragment F60 on Message { id }`;
    expect(await codeOf(document)).toBe(code);
    const live = document.replace(
      '{ message(id: "1") { ...F0 } }',
      'subscription S { messageReceived { ... on MessageReceived { message { ...F0 } } } }',
    );
    expect(await codeOf(`query Q { __typename } ${live}`)).toBe('OPERATION_RESOLUTION_FAILURE');
  });

  it.each([
    ['Query', '{ ...F0 }', 'server { version }'],
    ['Subscription', 'query Q { __typename } subscription S { ...F0 }', 'messageReceived { __typename }'],
  ])(
    'is measured at once when fragments at the root of a %s spread each other twice',
    async (type, operation, field) => {
      const fragments = repeat(60, (i) => `fragment F${i} on ${type} { ...F${i + 1} ...F${i + 1} }`);
      const code = await codeOf(`${operation} ${fragments} fragment F60 on ${type} { ${field} }`);
      expect(code).toBe(type === 'Query' ? undefined : 'OPERATION_RESOLUTION_FAILURE');
    },
  );
});

describe('the cost of lists in lists', () => {
  const body = 'nodes { members(first: 50) { nodes { user { id username } role } } }';
  const cheap = 'nodes { id title }';

  it.each([
    ['a literal', (fields: string) => `{ conversations(first: 500) { ${fields} } }`, {}],
    ['a variable', (fields: string) => `query ($n: Int!) { conversations(first: $n) { ${fields} } }`, { n: 500 }],
    [
      'the default of a variable',
      (fields: string) => `query ($n: Int = 500) { conversations(first: $n) { ${fields} } }`,
      {},
    ],
    [
      'a variable in a fragment',
      (fields: string) => `query ($n: Int!) { ...F } fragment F on Query { conversations(first: $n) { ${fields} } }`,
      { n: 500 },
    ],
  ])('counts a page size that is %s', async (_what, make, variables) => {
    expect(await codeOf(make(cheap), variables)).toBeUndefined();
    expect(await codeOf(make(body), variables)).toBe('QUERY_TOO_COMPLEX');
  });

  it('depends on the variables of each request, not on those of the first', async () => {
    const query = `query ($n: Int!) { conversations(first: $n) { ${body} } }`;
    const codes: unknown[] = [];
    for (const n of [1, 500, 2, 500]) codes.push(await codeOf(query, { n }));
    expect(codes).toEqual([undefined, 'QUERY_TOO_COMPLEX', undefined, 'QUERY_TOO_COMPLEX']);
  });

  it.each<[what: string, fields: (count: number) => string, one: unknown, many: number]>([
    [
      'the users of a change',
      (count) =>
        repeat(
          count,
          (i) => `a${i}: history(conversationId: "1", first: 500) { nodes { systemEvent { users { id } } } }`,
        ),
      'NOT_FOUND',
      15,
    ],
    [
      'attachments',
      (count) =>
        repeat(count, (i) => `a${i}: history(conversationId: "1", first: 500) { nodes { attachments { url } } }`),
      'NOT_FOUND',
      20,
    ],
    [
      'the conversations of an acknowledgement',
      (count) =>
        `ackMessages(input: { status: READ, upToInboxSeq: "0" }) { conversations { members(first: ${count}) { nodes { role } } } }`,
      undefined,
      500,
    ],
  ])('counts %s, which have no page', async (_what, fields, one, many) => {
    const operation = (count: number) => `${fields(1).startsWith('ack') ? 'mutation' : 'query'} { ${fields(count)} }`;
    expect(await codeOf(operation(1))).toBe(one);
    expect(await codeOf(operation(many))).toBe('QUERY_TOO_COMPLEX');
  });

  it('lets a full page pass that shows everything of each message', async () => {
    const user = '{ id username displayName createdAt }';
    const message = `{ id kind conversationId seq sender ${user} senderId clientMessageId text data status deliveredCount readCount sentAt
      systemEvent { kind users ${user} userCount title } attachments { url contentType name byteSize } replyTo { id text } }`;
    const query = `query ($n: Int!) { offlineMessages(afterSeq: "0", first: $n) { nextSeq entries { inboxSeq message ${message} } } }`;
    expect(await codeOf(query, { n: 500 })).toBeUndefined();
  });

  it('counts the default of an argument', async () => {
    const lists = (count: number) =>
      `{ ${repeat(count, (i) => `a${i}: conversations { nodes { members { nodes { role joinedSeq } } } }`)} }`;
    expect(await codeOf(lists(1))).toBeUndefined();
    expect(await codeOf(lists(20))).toBe('QUERY_TOO_COMPLEX');
  });

  it('leaves too large a page to the list, whose error states the maximum', async () => {
    for (const n of [0, -1, 501, 100_000, 2 ** 31 - 1]) {
      const codes = [
        await codeOf(
          'query ($n: Int!) { offlineMessages(afterSeq: "0", first: $n) { nextSeq entries { inboxSeq message { text } } } }',
          { n },
        ),
        await codeOf(`{ conversations(first: ${n}) { nodes { id } } }`),
      ];
      expect(codes).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT']);
    }
  });
});

describe('introspection', () => {
  it.each([
    ['as every tool asks', getIntrospectionQuery()],
    [
      'with all there is',
      getIntrospectionQuery({
        specifiedByUrl: true,
        directiveIsRepeatable: true,
        schemaDescription: true,
        inputValueDeprecation: true,
        oneOf: true,
      }),
    ],
    ['without descriptions', getIntrospectionQuery({ descriptions: false })],
  ])('works %s', async (_how, query) => {
    expect(await codeOf(query)).toBeUndefined();
  });

  it('is not a way to ask for everything in everything', async () => {
    const nested = `{ __schema { types { ${'fields { type { '.repeat(4)} name ${'} } '.repeat(4)} } } }`;
    const many = `{ ${repeat(20, (i) => `a${i}: __schema { types { name fields { name } } }`)} }`;
    expect([await codeOf(nested), await codeOf(many)]).toEqual(['QUERY_TOO_COMPLEX', 'QUERY_TOO_COMPLEX']);
  });
});
