/** References to files: kept in the one form that every program reads the same way. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { bothTransports, type Transport } from '../support/transports.ts';

let server: TestServer;
let alice: TestUser;
let transports: [Transport, Transport];
beforeAll(async () => {
  server = await startServer();
  alice = await server.user();
  transports = await bothTransports(server, alice.session.accessToken);
});
afterAll(async () => {
  for (const transport of transports) await transport[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const send = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  deduplicated sentMessage { attachments { url contentType name byteSize } } } }`;
const sendBy = ({ ask }: Transport, attachments: object[], clientMessageId: string = crypto.randomUUID()) =>
  ask(send, { input: { to: { userId: alice.id }, clientMessageId, text: '', attachments } });

const png = { url: 'https://files.example/1.png', contentType: 'image/png', name: null, byteSize: null };

describe('an attachment', () => {
  it.each<[what: string, given: object, kept: object]>([
    ['with all there is', { name: 'Straße 1 (2).png', byteSize: 5 }, { name: 'Straße 1 (2).png', byteSize: '5' }],
    ['on another port', { url: 'http://files.example:8080/a?b=c#d' }, { url: 'http://files.example:8080/a?b=c#d' }],
    ['in capitals', { url: 'HTTPS://Files.Example/A' }, { url: 'https://files.example/A' }],
    ['in another script', { url: 'https://bücher.example/ü' }, { url: 'https://xn--bcher-kva.example/%C3%BC' }],
    [
      'with parameters of its type',
      { contentType: 'text/plain; charset=utf-8; format="flowed"' },
      { contentType: 'text/plain; charset=utf-8; format="flowed"' },
    ],
    ['with dots in its name', { name: '.bashrc..old' }, { name: '.bashrc..old' }],
  ])('%s is kept', async (_what, given, kept) => {
    for (const transport of transports) {
      const { data, errors } = await sendBy(transport, [{ ...png, ...given }]);
      expect(errors).toBeUndefined();
      expect(data?.sendMessage.sentMessage.attachments).toEqual([{ ...png, ...kept }]);
    }
  });

  it('is the same in a resend, even with another spelling of its address', async () => {
    const urls = ['https://files.example', 'https://files.example/'];
    const answers: Json[] = [];
    for (const [index, transport] of transports.entries())
      answers.push((await sendBy(transport, [{ ...png, url: urls[index] }], 'same')).data?.sendMessage.deduplicated);
    expect(answers).toEqual([false, true]);
  });
});

it('the longest text, data and attachments together may have 16,384 bytes more than the text alone', async () => {
  const data = { a: 'x'.repeat(4_096 - '{"a":""}'.length) };
  const room = 16_384 - 4_096;
  const attachments = Array.from({ length: 6 }, () => ({
    url: `https://a.example/${'x'.repeat(room / 6 - 27)}`,
    contentType: 'image/png',
  }));
  for (const transport of transports) {
    const input = { to: { userId: alice.id }, text: '🌻'.repeat(4_096), data, attachments };
    const full = await transport.ask(send, { input: { ...input, clientMessageId: crypto.randomUUID() } });
    expect(full.errors).toBeUndefined();
    const longer = [...attachments.slice(1), { url: `${attachments[0]?.url}x`, contentType: 'image/png' }];
    const { errors } = await transport.ask(send, {
      input: { ...input, attachments: longer, clientMessageId: crypto.randomUUID() },
    });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', max: 32_768 });
  }
});
