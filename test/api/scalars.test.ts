import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  buildClientSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
let alice: TestUser;
beforeAll(async () => {
  server = await startServer();
  alice = await server.user();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Sends a note to oneself whose `data` is this literal. */
async function sendData(literal: string, declared = '', variables: object = {}) {
  const to = `to: { userId: "${alice.id}" }, clientMessageId: "${randomUUID()}"`;
  return alice.post(
    `mutation ${declared} { sendMessage(input: { ${to}, text: "x", data: ${literal} }) { sentMessage { id } } }`,
    variables,
  );
}

async function storedData(literal: string, declared = '', variables: object = {}) {
  const answer = await sendData(literal, declared, variables);
  expect(answer.errors).toBeUndefined();
  const id = answer.data?.sendMessage.sentMessage.id;
  // Read by a request of its own: the answer to the send may hold what was sent, not what was stored.
  return (await alice.ask('query ($id: ID!) { message(id: $id) { data } }', { id })).message.data;
}

describe('the data of a message', () => {
  it.each([
    ['plain', '{"a":1,"b":[true,null,{"c":"x"}]}'],
    ['with a key that means something to JavaScript', '{"__proto__":{"x":1},"constructor":{"y":2}}'],
  ])('comes back equal, %s', async (_name, wire) => {
    const back = await storedData('$data', '($data: JSONObject)', { data: JSON.parse(wire) });
    expect(Object.entries(back).sort()).toEqual(Object.entries(JSON.parse(wire)).sort());
  });

  it('reads variables inside a literal again for every request of a cached document', async () => {
    const first = await storedData('{ a: $v, b: [{ c: $v }] }', '($v: String)', { v: 'one' });
    const second = await storedData('{ a: $v, b: [{ c: $v }] }', '($v: String)', { v: 'two' });
    expect([first, second]).toEqual([
      { a: 'one', b: [{ c: 'one' }] },
      { a: 'two', b: [{ c: 'two' }] },
    ]);
  });

  it('has null for an omitted variable with any name', async () => {
    expect(await storedData('{ a: $toString }', '($toString: String)')).toEqual({ a: null });
  });

  it('is refused rather than stored as something else', async () => {
    expect((await sendData('{ a: 1e999 }')).errors?.[0]?.extensions.code).toMatch(
      /^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED)$/,
    );
  });
});

describe('an instant', () => {
  // Such a year would sort before all months: `from` would let everything pass, `to` nothing.
  it.each(['from', 'to'])('whose year has no four digits in UTC is refused as `%s`', async (end) => {
    const { id } = (
      await alice.ask(
        `mutation ($id: ID!) { openDirectConversation(input: { userId: $id }) { conversation { id } } }`,
        { id: alice.id },
      )
    ).openDirectConversation.conversation;
    const code = await alice.fails(
      `query ($id: ID!, $at: DateTime) { history(conversationId: $id, range: { ${end}: $at }) { nodes { id } } }`,
      { id, at: '9999-12-31T23:59:59-01:00' },
    );
    expect(code).toBe('BAD_USER_INPUT');
  });
});

describe('a number past any that a store can hold', () => {
  const huge = '9'.repeat(30);

  it.each([
    ['offlineMessages', `{ offlineMessages(afterSeq: "${huge}") { nextSeq } }`],
    ['ackMessages', `mutation { ackMessages(input: { status: READ, upToInboxSeq: "${huge}" }) { ackedSeq } }`],
  ])('is CURSOR_AHEAD for %s', async (_name, query) => {
    expect(await alice.fails(query)).toBe('CURSOR_AHEAD');
  });
});

it('describes itself to a client as it was published', async () => {
  const query = getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true, oneOf: true });
  const { data } = await alice.post(query);
  const live = lexicographicSortSchema(buildClientSchema(data as unknown as IntrospectionQuery));
  const published = readFileSync(new URL('../../schema/published/schema.graphql', import.meta.url), 'utf8');
  // The published copy also defines @oneOf, for parsers that do not know it.
  const definition = /^"""[^"]+"""\ndirective @oneOf on INPUT_OBJECT\n\n/;
  expect(published).toMatch(definition);
  expect(`${printSchema(live)}\n`).toBe(published.replace(definition, ''));
});
