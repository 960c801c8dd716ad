/** Names, titles and messages that a reader can see, and names that do not disguise themselves. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { bothTransports, type Transport } from '../support/transports.ts';

let server: TestServer;
let alice: TestUser;
let bob: TestUser;
let transports: [Transport, Transport];
beforeAll(async () => {
  server = await startServer();
  [alice, bob] = [await server.user(), await server.user()];
  transports = await bothTransports(server, alice.session.accessToken);
});
afterAll(async () => {
  for (const transport of transports) await transport[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const password = 'correct horse';
const register = 'mutation ($input: RegisterInput!) { register(input: $input) { session { user { displayName } } } }';
const logIn = 'mutation ($input: LogInInput!) { logIn(input: $input) { session { deviceId } } }';
const createGroup = 'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { conversation { title } } }';
const send = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { sentMessage { text } } }';

const newName = () => `u${randomUUID().slice(0, 8)}`;
const draft = (text: string, more: object = {}) => ({
  input: { to: { userId: bob.id }, clientMessageId: randomUUID(), text, ...more },
});

/** Every place that takes a text on one line: the answer to a text in it, and the text as it was kept. */
const lines: [string, number, (text: string) => Promise<unknown>][] = [
  [
    'displayName',
    64,
    async (displayName) => {
      const answer = await server.post(register, { input: { username: newName(), password, displayName } });
      return answer.data?.register?.session.user.displayName ?? answer.errors?.[0]?.extensions.code;
    },
  ],
  [
    'deviceName',
    64,
    async (deviceName) => {
      const input = { username: alice.session.user.username, password, deviceName };
      const answer = await server.post(logIn, { input });
      return answer.data?.logIn == null ? answer.errors?.[0]?.extensions.code : deviceName.trim();
    },
  ],
  [
    'title',
    100,
    async (title) => {
      const answer = await alice.post(createGroup, { input: { title, memberIds: [] } });
      return answer.data?.createGroup?.conversation.title ?? answer.errors?.[0]?.extensions.code;
    },
  ],
];

describe.each(lines)('a %s', (_field, max, ask) => {
  it(`has up to ${max} characters, each counted once`, async () => {
    expect(await ask(` ${'🌻'.repeat(max)} `)).toBe('🌻'.repeat(max));
    expect(await ask('🌻'.repeat(max + 1))).toBe('BAD_USER_INPUT');
  });

  it.each(['\u200b', '\u2800', '\u3164', '\u202e', '\u00ad\u0301'])(
    'is refused when it is invisible: %j',
    async (text) => {
      expect(await ask(text)).toBe('BAD_USER_INPUT');
    },
  );

  it.each(['a\u2028b', 'a\u0085b', 'a\u202eb', 'a\u2067b', 'a\u200eb'])(
    'is refused with a break or a change of direction: %j',
    async (text) => {
      expect(await ask(text)).toBe('BAD_USER_INPUT');
    },
  );
});

describe('a message', () => {
  it.each(['\u200b\u2060', '\u2800\n\u2800', '\u202e', '\u3164'])('needs a visible character: %j', async (text) => {
    for (const { ask } of transports) {
      expect((await ask(send, draft(text))).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
      const { data } = await ask(send, draft(text, { data: { sticker: 1 } }));
      expect(data?.sendMessage.sentMessage.text).toBe(text);
    }
  });

  it('keeps its breaks and its changes of direction', async () => {
    const text = 'שלום \u202eabc\u202c\u2028x';
    for (const { ask } of transports)
      expect((await ask(send, draft(text))).data?.sendMessage.sentMessage.text).toBe(text);
  });

  it.each(['\u200b', 'gpj.\u202eexe', 'a\nb'])('has no attachment with the name %j', async (name) => {
    const attachments = [{ url: 'https://files.example/1', contentType: 'image/png', name }];
    expect(await alice.fails(send, draft('see', { attachments }))).toBe('BAD_USER_INPUT');
  });
});
