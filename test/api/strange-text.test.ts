/** What was sent comes back as it was, whatever it is: in the answer, live, from the inbox, and from the disk after a restart. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Events, type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { connect, type RawSocket } from '../support/raw-socket.ts';

const KiB = 1024;
const texts: Record<string, string> = {
  NUL: 'a\0b',
  'every control character': `x${Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('')}\x7f\x80\x9f`,
  'text from right to left, and overrides': 'שלום \u202Eabc\u202C عالم \u2066x\u2069',
  'a family of emoji': '👩‍👩‍👧‍👦🏳️‍🌈👍🏽',
  'marks upon marks': `e${'\u0301'.repeat(200)}`,
  'one character written in two ways': '\u00e9 e\u0301 \u212b \u00c5',
  'a byte order mark': '\ufeffx\ufffe\uffff',
  'line separators': 'a\u2028b\u2029c\r\nd\re',
  'blanks around it': ' \t\u00a0x\u3000 \n',
  'code of other kinds': `</script><b>'"\\"; DROP TABLE message_2026_03; -- \${x} {{x}} %s %n \\u0000 \\`,
  'JSON in it': '{"id":"1","type":"complete"}\n',
  'as long as may be': 'x'.repeat(16 * KiB),
  'as long as may be, in emoji': '😀'.repeat(4 * KiB),
};

const deep = (depth: number): Json => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
const datas: Record<string, string> = {
  'keys of JavaScript': '{"__proto__":{"x":1},"constructor":{"prototype":{"y":2}},"toString":null,"hasOwnProperty":[]}',
  'keys that look like numbers': '{"2":"b","10":"a","-1":"c","1e3":"d","01":"e"}',
  'an empty key, and one with NUL': '{"":"empty","a\\u0000b":"nul"}',
  'one key written in two ways': '{"\\u00e9":1,"e\\u0301":2}',
  'numbers at their ends': '{"a":1.7976931348623157e308,"b":5e-324,"c":9007199254740991,"d":-1e-7,"e":0.1}',
  'deep nesting': JSON.stringify(deep(32)),
  'exactly 4 KiB': JSON.stringify({ a: 'x'.repeat(4 * KiB - '{"a":""}'.length) }),
};

let server: TestServer;
let alice: TestUser;
let bob: TestUser;
let socket: RawSocket;
let live: Events;
const sent: { id: string; text: string; data: Json }[] = [];
const fields = 'id text data';
beforeAll(async () => {
  server = await startServer();
  [alice, bob] = [await server.user(), await server.user()];
  socket = await connect(server, alice.session.accessToken);
  live = bob.subscribe(
    `subscription { messageReceived { __typename ... on MessageReceived { message { ${fields} } } } }`,
  );
  await live.until(({ answers }) => answers.length === 1);
});
afterAll(() => server[Symbol.asyncDispose]());

const mutation = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { sentMessage { ${fields} } } }`;
const draft = (more: object) => ({ input: { to: { userId: bob.id }, clientMessageId: crypto.randomUUID(), ...more } });

/** As JSON, where a key such as `__proto__` is seen as well; in one order, which is not promised. */
function canonical(value: Json): string {
  return JSON.stringify(value, (_key, inner: Json) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

async function expectSame(text: string, data: Json): Promise<void> {
  for (const ask of [
    (variables: object) => alice.post(mutation, variables),
    (variables: object) => socket.ask(mutation, variables),
  ]) {
    const answer = await ask(draft({ text, data }));
    expect(answer.errors).toBeUndefined();
    const sentMessage = answer.data?.sendMessage.sentMessage;
    sent.push({ id: sentMessage.id, text, data });
    await live.until(({ messages }) => messages.length === sent.length);
    const received = live.messages.at(-1).message;
    for (const message of [sentMessage, received]) {
      expect(message.id).toBe(sentMessage.id);
      // Not toBe: a difference in 16 KiB is no pleasure to read.
      expect(message.text === text).toBe(true);
      expect(canonical(message.data)).toBe(canonical(data));
    }
  }
}

it.each(Object.entries(texts))('a text with %s is returned unchanged', (_what, text) => expectSame(text, null));
it.each(Object.entries(datas))('data with %s is returned unchanged', (_what, json) => expectSame('', JSON.parse(json)));

it.each([
  ['a text of one byte more', { text: 'x'.repeat(16 * KiB + 1) }],
  ['a text of one emoji more', { text: '😀'.repeat(4 * KiB + 1) }],
  ['a text of blanks', { text: '\u00a0\u3000\u2028\ufeff' }],
  ['a text of invisible characters', { text: '\u200b\u2060' }],
  ['data of one byte more', { text: '', data: { a: 'x'.repeat(4 * KiB - '{"a":""}'.length + 1) } }],
])('%s is refused over both transports', async (_what, more) => {
  for (const answer of [await alice.post(mutation, draft(more)), await socket.ask(mutation, draft(more))])
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', retryable: false });
});

it('data nested deeper than the stack allows is refused over both transports', async () => {
  const variables = JSON.stringify(draft({ text: '', data: { a: null } })).replace(
    'null',
    `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  );
  const request = `{"query":${JSON.stringify(mutation)},"variables":${variables}}`;
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${alice.session.accessToken}` },
    body: request,
  });
  expect(((await response.json()) as Json).errors[0].extensions.code).toBe('BAD_USER_INPUT');
  socket.ws.send(`{"type":"subscribe","id":"deep","payload":${request}}`);
  expect(JSON.stringify(await socket.until(({ id }) => id === 'deep'))).toContain('"code":"BAD_USER_INPUT"');
});

it('all of it is the same in the inbox, and after a restart', async () => {
  const read = async (): Promise<Json[]> => {
    const { offlineMessages } = await bob.ask(
      `{ offlineMessages(afterSeq: "0", first: 500) { entries { message { ${fields} } } } }`,
    );
    return offlineMessages.entries.map(({ message }: Json) => message);
  };
  await socket.close();
  await bob.close();
  for (const restart of [false, true]) {
    if (restart) await server.restart();
    const stored = await read();
    expect(stored.map(({ id }) => id)).toEqual(sent.map(({ id }) => id));
    for (const [index, { text, data }] of sent.entries()) {
      expect(stored[index].text === text).toBe(true);
      expect(canonical(stored[index].data)).toBe(canonical(data));
    }
  }
});
