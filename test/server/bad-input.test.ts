/** Invalid operations: both transports give the same error for clients, and nothing runs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ErrorCode, errorCatalogue } from '../../src/domain/errors.ts';
import { startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { bothTransports, errorsOf, type Transport } from '../support/transports.ts';

let server: TestServer;
let alice: TestUser;
let signedIn: [Transport, Transport];
let anonymous: [Transport, Transport];
beforeAll(async () => {
  server = await startServer();
  alice = await server.user();
  signedIn = await bothTransports(server, alice.session.accessToken);
  anonymous = await bothTransports(server);
});
afterAll(async () => {
  for (const transport of [...signedIn, ...anonymous]) await transport[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

type Case = readonly [name: string, code: ErrorCode, query: string, variables?: () => object];

/** A stack, a file, a store's own words, a page: nothing a client should ever read. */
const notForClients = /\n|node_modules|\.[jt]s:\d|sqlite|constraint failed|SELECT |<html|RangeError|TypeError/i;

async function expectRefusal(transports: [Transport, Transport], code: ErrorCode, query: string, variables?: object) {
  const [overHttp, overWs] = [await transports[0].ask(query, variables), await transports[1].ask(query, variables)];
  expect(errorsOf(overWs)).toEqual(errorsOf(overHttp));
  expect(overWs.data ?? null).toEqual(overHttp.data ?? null);
  const [error] = overHttp.errors ?? [];
  expect({ message: error?.message, ...error?.extensions }).toMatchObject({
    code,
    retryable: errorCatalogue[code].retryable,
  });
  const withoutField = (overHttp.errors ?? []).filter(
    ({ extensions }) => extensions.code === 'BAD_USER_INPUT' && typeof extensions.field !== 'string',
  );
  expect(withoutField).toEqual([]);
  for (const { message } of overHttp.errors ?? []) {
    expect(message).not.toMatch(notForClients);
    expect(message.length).toBeLessThanOrEqual(1_000);
  }
  for (const transport of transports)
    expect((await transport.ask('{ __typename }')).data).toEqual({ __typename: 'Query' });
}

const repeat = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, i) => make(i));

const documents: Case[] = [
  ['nothing', 'BAD_REQUEST', ''],
  ['only a space', 'GRAPHQL_PARSE_FAILED', ' '],
  ['only a comment', 'GRAPHQL_PARSE_FAILED', '# nothing'],
  ['half a document', 'GRAPHQL_PARSE_FAILED', '{ viewer {'],
  ['control characters', 'GRAPHQL_PARSE_FAILED', '\u0000\u0007'],
  ['half a character', 'GRAPHQL_PARSE_FAILED', '{ user(by: { id: "\ud83d" }) { id } }'],
  ['half a character, escaped', 'GRAPHQL_PARSE_FAILED', '{ user(by: { id: "\\ud83d" }) { id } }'],
  ['an unknown field', 'GRAPHQL_VALIDATION_FAILED', '{ passwords }'],
  ['a missing argument', 'GRAPHQL_VALIDATION_FAILED', '{ conversation { id } }'],
  [
    'an unknown enum value',
    'GRAPHQL_VALIDATION_FAILED',
    'mutation { ackMessages(input: { status: EATEN }) { ackedSeq } }',
  ],
  ['only a fragment', 'GRAPHQL_VALIDATION_FAILED', 'fragment F on User { id }'],
  ['a fragment in itself', 'GRAPHQL_VALIDATION_FAILED', '{ viewer { user { ...F } } } fragment F on User { ...F }'],
  ['a type definition', 'GRAPHQL_VALIDATION_FAILED', 'type Query { passwords: String }'],
  ['a literal out of its range', 'BAD_USER_INPUT', '{ offlineMessages(afterSeq: "-1") { nextSeq } }'],
  ['two operations and no name', 'OPERATION_RESOLUTION_FAILURE', 'query A { __typename } query B { __typename }'],
  ['two operations of one name', 'GRAPHQL_VALIDATION_FAILED', 'query A { __typename } query A { __typename }'],
  ['a list nested past the stack', 'QUERY_TOO_COMPLEX', `{ user(by: { id: ${'['.repeat(1_950)} }) { id } }`],
  ['fields repeated past comparing', 'QUERY_TOO_COMPLEX', `{ viewer { user { ${'id '.repeat(1_900)} } } }`],
  [
    'a subscription that may be skipped',
    'GRAPHQL_VALIDATION_FAILED',
    'subscription ($s: Boolean!) { messageReceived @skip(if: $s) { __typename } }',
    () => ({ s: true }),
  ],
];

const user = 'query ($id: ID!) { user(by: { id: $id }) { id } }';
const openDirect = 'mutation ($id: ID!) { openDirectConversation(input: { userId: $id }) { conversation { id } } }';
const userBy = 'query ($by: UserBy!) { user(by: $by) { id } }';
const variables: Case[] = [
  ['none at all', 'BAD_USER_INPUT', user],
  ['null where there must be a value', 'BAD_USER_INPUT', user, () => ({ id: null })],
  ['an object for an id', 'BAD_USER_INPUT', user, () => ({ id: { $ne: '' } })],
  ['a fraction for an id', 'BAD_USER_INPUT', user, () => ({ id: 1.5 })],
  ['SQL for an id', 'NOT_FOUND', openDirect, () => ({ id: "' OR 1=1; DROP TABLE users --" })],
  ['NUL for an id', 'NOT_FOUND', openDirect, () => ({ id: '\0' })],
  ['half a character for an id', 'BAD_USER_INPUT', user, () => ({ id: '\ud83d' })],
  ['half a character in the name of a field', 'BAD_USER_INPUT', user, () => ({ id: '1', other: { '\udfff': 1 } })],
  ['a number no store can hold for an id', 'NOT_FOUND', openDirect, () => ({ id: '9'.repeat(40) })],
  [
    'a name of JavaScript',
    'BAD_USER_INPUT',
    'query ($__proto__: ID!) { user(by: { id: $__proto__ }) { id } }',
    () => ({}),
  ],
  [
    'a seq past a float',
    'BAD_USER_INPUT',
    'query ($s: Seq!) { offlineMessages(afterSeq: $s) { nextSeq } }',
    () => ({ s: 1e21 }),
  ],
  ['a seq past the head', 'CURSOR_AHEAD', '{ offlineMessages(afterSeq: "99") { nextSeq } }'],
  ['a cursor of its own', 'BAD_USER_INPUT', '{ conversations(after: "bm9wZQ==") { nodes { id } } }'],
  [
    'an integer past 32 bits',
    'BAD_USER_INPUT',
    'query ($n: Int!) { conversations(first: $n) { nodes { id } } }',
    () => ({ n: 2 ** 31 }),
  ],
  ['no id and no name', 'BAD_USER_INPUT', userBy, () => ({ by: {} })],
  ['an id and a name', 'BAD_USER_INPUT', userBy, () => ({ by: { id: '1', username: 'bob' } })],
  ['null for a name', 'BAD_USER_INPUT', userBy, () => ({ by: { username: null } })],
  [
    'more users than may be',
    'BAD_USER_INPUT',
    'query ($ids: [ID!]!) { presence(userIds: $ids) { status } }',
    () => ({ ids: repeat(5_000, String) }),
  ],
  ['both ends of a list', 'BAD_USER_INPUT', '{ history(conversationId: "1", first: 1, last: 1) { nodes { id } } }'],
  [
    'no such day',
    'BAD_USER_INPUT',
    '{ history(conversationId: "1", range: { from: "2026-02-30T00:00:00Z" }) { nodes { id } } }',
  ],
  ['nothing to acknowledge', 'BAD_USER_INPUT', 'mutation { ackMessages(input: { status: READ }) { ackedSeq } }'],
  [
    'an unknown message to acknowledge',
    'NOT_FOUND',
    'mutation { ackMessages(input: { status: READ, messageIds: ["1"] }) { ackedSeq } }',
  ],
  [
    'another’s conversation',
    'NOT_FOUND',
    'mutation { leaveGroup(input: { conversationId: "1" }) { conversation { id } } }',
  ],
  [
    'a title with a line break',
    'BAD_USER_INPUT',
    'mutation { createGroup(input: { title: "a\\nb", memberIds: [] }) { conversation { id } } }',
  ],
  [
    'a token made up',
    'UNAUTHENTICATED',
    'mutation { refreshSession(input: { refreshToken: "\\u0000" }) { session { deviceId } } }',
  ],
  [
    'a username with NUL',
    'BAD_USER_INPUT',
    'mutation { register(input: { username: "abc\\u0000", password: "correct horse" }) { session { deviceId } } }',
  ],
];

const send = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { sentMessage { id } } }';
const draft = (more: object) => () => ({
  input: { to: { userId: alice.id }, clientMessageId: 'c', text: 'x', ...more },
});
const attachment = (more: object) =>
  draft({ attachments: [{ url: 'https://a.example/b', contentType: 'image/png', ...more }] });
const manyAttachments = (count: number, path: string) =>
  draft({
    attachments: repeat(count, (index) => ({ url: `https://a.example/${path}${index}`, contentType: 'image/png' })),
  });
const sendLiteral = (data: string) =>
  `mutation { sendMessage(input: { to: { userId: "1" }, clientMessageId: "c", text: "x", data: ${data} }) { deduplicated } }`;
const nested = (depth: number) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as unknown;
const sends: Case[] = [
  ['nothing', 'BAD_USER_INPUT', send, () => ({ input: {} })],
  ['a field that is not there', 'BAD_USER_INPUT', send, draft({ senderId: '1' })],
  ['two targets', 'BAD_USER_INPUT', send, draft({ to: { userId: '1', conversationId: '1' } })],
  ['no target', 'BAD_USER_INPUT', send, draft({ to: {} })],
  ['a target of null', 'BAD_USER_INPUT', send, draft({ to: { userId: null } })],
  ['an unknown user', 'NOT_FOUND', send, draft({ to: { userId: '1' } })],
  ['an unknown conversation', 'NOT_FOUND', send, draft({ to: { conversationId: '1' } })],
  ['a reply to nothing', 'NOT_FOUND', send, draft({ replyToId: '1' })],
  ['an empty id', 'BAD_USER_INPUT', send, draft({ clientMessageId: '' })],
  ['an id with NUL', 'BAD_USER_INPUT', send, draft({ clientMessageId: 'a\0' })],
  ['an id that is too long', 'BAD_USER_INPUT', send, draft({ clientMessageId: 'x'.repeat(129) })],
  ['a blank text', 'BAD_USER_INPUT', send, draft({ text: ' \n\t' })],
  ['a number for a text', 'BAD_USER_INPUT', send, draft({ text: 5 })],
  ['a text one byte too long', 'BAD_USER_INPUT', send, draft({ text: `${'é'.repeat(8_192)}x` })],
  ['a list for data', 'BAD_USER_INPUT', send, draft({ data: [1] })],
  ['data that is too large', 'BAD_USER_INPUT', send, draft({ data: { a: 'x'.repeat(4_096) } })],
  ['data nested deeply', 'BAD_USER_INPUT', send, draft({ data: { a: nested(3_000) } })],
  ['data of 33 levels', 'BAD_USER_INPUT', send, draft({ data: { a: nested(32) } })],
  ['data of 33 levels in a literal', 'BAD_USER_INPUT', sendLiteral(`{ a: ${JSON.stringify(nested(32))} }`)],
  ['data with half a character', 'BAD_USER_INPUT', send, draft({ data: { a: ['x', { b: '\udc00' }] } })],
  ['half a character in a key of data', 'BAD_USER_INPUT', send, draft({ data: { a: [{ '\ud83dx': 1 }] } })],
  ['half a character in data in a literal', 'GRAPHQL_PARSE_FAILED', sendLiteral('{ a: "\\udc00" }')],
  ['half a character in a block of text', 'GRAPHQL_PARSE_FAILED', sendLiteral('{ a: """\udc00""" }')],
  ['a text with half a character', 'BAD_USER_INPUT', send, draft({ text: 'a\ud83d' })],
  ['a text with halves in the wrong order', 'BAD_USER_INPUT', send, draft({ text: '\ude00\ud83d' })],
  ['a script for a URL', 'BAD_USER_INPUT', send, attachment({ url: 'javascript:alert(1)' })],
  ['a file for a URL', 'BAD_USER_INPUT', send, attachment({ url: 'file:///etc/passwd' })],
  ['a URL with a line break', 'BAD_USER_INPUT', send, attachment({ url: 'https://a.example/b\r\nX: y' })],
  ['a URL in two lines', 'BAD_USER_INPUT', send, attachment({ url: 'ht\ntps://a.example/b' })],
  ['a URL with blanks around it', 'BAD_USER_INPUT', send, attachment({ url: ' https://a.example/b' })],
  ['a URL without slashes', 'BAD_USER_INPUT', send, attachment({ url: 'https:a.example' })],
  ['a URL with backslashes', 'BAD_USER_INPUT', send, attachment({ url: 'HTTPS:\\\\a.example\\b' })],
  ['a URL with a password', 'BAD_USER_INPUT', send, attachment({ url: 'https://user:secret@a.example/b' })],
  ['a URL with a user', 'BAD_USER_INPUT', send, attachment({ url: 'https://user@a.example/b' })],
  ['a URL with half a character', 'BAD_USER_INPUT', send, attachment({ url: 'https://a.example/\ud83d' })],
  ['a URL that is too long', 'BAD_USER_INPUT', send, attachment({ url: `https://a.example/${'ü'.repeat(1_000)}` })],
  ['no media type', 'BAD_USER_INPUT', send, attachment({ contentType: 'image' })],
  ['a media type of many lines', 'BAD_USER_INPUT', send, attachment({ contentType: 'text/html\r\n\r\n ; q' })],
  ['a media type of many blanks', 'BAD_USER_INPUT', send, attachment({ contentType: `a/b${' '.repeat(200_000)};x` })],
  ['a media type with a long parameter', 'BAD_USER_INPUT', send, attachment({ contentType: `a/b;${'x'.repeat(252)}` })],
  ['a path for a name', 'BAD_USER_INPUT', send, attachment({ name: '../../etc/passwd' })],
  ['a path with backslashes for a name', 'BAD_USER_INPUT', send, attachment({ name: '..\\autoexec.bat' })],
  ['a folder for a name', 'BAD_USER_INPUT', send, attachment({ name: '..' })],
  ['a name with NUL', 'BAD_USER_INPUT', send, attachment({ name: 'a\0.png' })],
  ['more attachments than may be', 'BAD_USER_INPUT', send, manyAttachments(11, 'a')],
  ['a negative size', 'BAD_USER_INPUT', send, attachment({ byteSize: -1 })],
  ['a size past 2^53', 'BAD_USER_INPUT', send, attachment({ byteSize: '9007199254740992' })],
  ['a size in tenths', 'BAD_USER_INPUT', send, attachment({ byteSize: 1.5 })],
];

describe.each([
  { what: 'a document with', cases: documents },
  { what: 'arguments with', cases: variables },
  { what: 'a send with', cases: sends },
])('$what', ({ cases }) => {
  for (const [name, code, query, makeVariables] of cases)
    it(`${name} is ${code} on both transports`, () => expectRefusal(signedIn, code, query, makeVariables?.()));
});

describe('without a session', () => {
  it.each([
    ['a query', '{ user(by: { id: "1" }) { id } }'],
    ['a list', '{ conversations { nodes { id } } }'],
    ['a mutation', 'mutation { heartbeat { headSeq } }'],
  ])('%s is UNAUTHENTICATED on both transports', (_name, query) => expectRefusal(anonymous, 'UNAUTHENTICATED', query));
});

it.each<[what: string, field: string, query: string, variables?: () => object]>([
  ['an argument of a service', 'text', send, draft({ text: ' ' })],
  ['a field inside a list', 'attachments[0].url', send, attachment({ url: 'x' })],
  ['a page size', 'first', '{ conversations(first: 501) { nodes { id } } }'],
  ['a cursor', 'after', '{ conversations(after: "x") { nodes { id } } }'],
  ['a variable that is missing', 'id', user],
  ['a variable of the wrong type', 'input.text', send, draft({ text: 5 })],
  ['a variable of the wrong type in a list', 'input.attachments.0.name', send, attachment({ name: 5 })],
  [
    'a field that a variable has not',
    'input.text',
    send,
    () => ({ input: { to: { userId: '1' }, clientMessageId: 'c' } }),
  ],
  ['a field that is not there', 'input.senderId', send, draft({ senderId: '1' })],
  ['a text that looks like a place', 'input.to', send, draft({ to: ' at "a.b"; ' })],
  ['a literal', 'afterSeq', '{ offlineMessages(afterSeq: "-1") { nextSeq } }'],
  ['a literal inside another', 'input.data', sendLiteral(`{ a: ${JSON.stringify(nested(32))} }`)],
])('names the field of %s', async (_what, field, query, makeVariables) => {
  for (const transport of signedIn) {
    const { errors } = await transport.ask(query, makeVariables?.());
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
  }
});

it('names the variable that is not text', async () => {
  for (const transport of signedIn) {
    const { errors } = await transport.ask(send, draft({ data: { a: ['x', { b: '\udc00' }] } })());
    expect(errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT', retryable: false, field: 'input.data.a.1.b' });
  }
});

it('reports a few of many mistakes in one value, and truncates long values', async () => {
  const input = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`wrong${index}`, index]));
  for (const transport of signedIn) {
    const { errors = [] } = await transport.ask(send, { input });
    expect(errors.length).toBeLessThan(10);
    expect(JSON.stringify(errors).length).toBeLessThan(20_000);
  }
});

it('leaves nothing of all that behind', async () => {
  const { offlineMessages, conversations } = await alice.ask(
    '{ offlineMessages(afterSeq: "0") { headSeq } conversations { nodes { headSeq } } }',
  );
  expect({ offlineMessages, conversations }).toEqual({
    offlineMessages: { headSeq: '0' },
    conversations: { nodes: [] },
  });
  expect(
    (await fetch(`${server.url}/metrics`).then((page) => page.text())).match(/^heliograph_faults_total.*/gm),
  ).toBeNull();
});
