/** The process is killed repeatedly under load: every message that was answered SENT is stored once, under its number. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import type { Json } from '../support/heliograph.ts';
import { ServerProcess } from '../support/server-process.ts';

const kills = Number(process.env.KILLS ?? 8);
const senders = 6;

interface Sent {
  readonly clientMessageId: string;
  readonly text: string;
  readonly seq: string;
  readonly id: string;
}

const registerMutation =
  'mutation ($i: RegisterInput!) { register(input: $i) { session { accessToken user { id } } } }';
const sendMutation = 'mutation ($i: SendMessageInput!) { sendMessage(input: $i) { sentMessage { id seq status } } }';

describe('a server killed in the middle of traffic', () => {
  it(`loses, doubles and renumbers nothing (${kills} kills)`, async () => {
    using folder = temporaryFolder();
    await using server = new ServerProcess({ DATA_DIR: folder.path, ACCESS_TOKEN_TTL_S: '7200' });
    await server.start();
    const users: { token: string; id: string }[] = [];
    for (let index = 0; index < senders; index += 1) {
      const { data } = (await server.post(registerMutation, {
        i: { username: `user${index}`, password: 'correct horse' },
      })) as Json;
      users.push({ token: data.register.session.accessToken, id: data.register.session.user.id });
    }
    const [owner] = users as [{ token: string; id: string }];
    const created = (await server.post(
      'mutation ($m: [ID!]!) { createGroup(input: { title: "g", memberIds: $m }) { conversation { id } } }',
      { m: users.slice(1).map(({ id }) => id) },
      owner.token,
    )) as Json;
    const conversationId: string = created.data.createGroup.conversation.id;

    const answered: Sent[] = [];
    /** Sends whose outcome is unknown: they are sent again under the same id. */
    const unknown = new Map<string, { text: string; token: string }>();
    let stop = false;

    async function send(token: string, clientMessageId: string, text: string): Promise<void> {
      unknown.set(clientMessageId, { text, token });
      const input = { to: { conversationId }, clientMessageId, text };
      const answer = (await server.post(sendMutation, { i: input }, token)) as Json;
      const message = answer.data?.sendMessage?.sentMessage;
      if (message?.status !== undefined) {
        unknown.delete(clientMessageId);
        answered.push({ clientMessageId, text, seq: message.seq, id: message.id });
      }
    }

    async function keepSending({ token }: { token: string }): Promise<void> {
      while (!stop) await send(token, randomUUID(), `text ${randomUUID()}`).catch(() => {});
    }

    for (let round = 0; round < kills; round += 1) {
      stop = false;
      const goal = answered.length + 20 + Math.floor(Math.random() * 150);
      const traffic = users.flatMap((user) => [keepSending(user), keepSending(user)]);
      while (answered.length < goal) await new Promise((resolve) => setImmediate(resolve));
      const ended = server.end('SIGKILL');
      stop = true;
      await ended;
      await Promise.all(traffic);
      await server.start();
      for (const [clientMessageId, { text, token }] of [...unknown]) await send(token, clientMessageId, text);
    }
    expect(unknown.size).toBe(0);

    const inboxes = await Promise.all(users.map(({ token }) => readInbox(server, token)));
    for (const inbox of inboxes) {
      expect(inbox.map(({ inboxSeq }) => inboxSeq)).toEqual(inbox.map((_, index) => String(index + 1)));
      expect(inbox.map(({ message }) => message.seq)).toEqual(inbox.map((_, index) => String(index + 1)));
      const byClientId = new Map(inbox.map(({ message }) => [message.clientMessageId, message]));
      expect(byClientId.size).toBe(inbox.length);
      for (const sent of answered) {
        expect(byClientId.get(sent.clientMessageId)).toMatchObject({ seq: sent.seq, id: sent.id, text: sent.text });
      }
      expect(inbox.length).toBe(answered.length + 1);
    }
    expect(answered.length).toBeGreaterThan(kills * 20);
  }, 180_000);
});

async function readInbox(server: ServerProcess, token: string): Promise<Json[]> {
  const entries: Json[] = [];
  for (let after = '0'; ; ) {
    const { data } = (await server.post(
      'query ($a: Seq!) { offlineMessages(afterSeq: $a, first: 500) { hasMore nextSeq entries { inboxSeq message { id seq text clientMessageId } } } }',
      { a: after },
      token,
    )) as Json;
    entries.push(...data.offlineMessages.entries);
    if (!data.offlineMessages.hasMore) return entries;
    after = data.offlineMessages.nextSeq;
  }
}
