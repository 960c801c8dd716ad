/** A device that reconnects to 10,000 missed messages and pulls them page by page. */
import { randomUUID } from 'node:crypto';
import { inParallel, RawClient, sendMutation } from './support/raw-client.ts';
import type { BenchServer } from './support/server-process.ts';

export interface PullFigures {
  readonly messages: number;
  readonly seconds: number;
  readonly messagesPerSecond: number;
}

const query = `query ($after: Seq!) { offlineMessages(afterSeq: $after, first: 500) {
  nextSeq hasMore entries { inboxSeq message { id seq text senderId clientMessageId conversationId sentAt } } } }`;

export async function measurePull(server: BenchServer, messages: number): Promise<PullFigures> {
  const sender = await RawClient.connect(server.wsUrl, await server.token('writer'));
  const reader = await RawClient.connect(server.wsUrl, await server.token('returner'));
  const id = /"id":"(\d+)"/.exec(await reader.ask('{ viewer { user { id } } }', {}))?.[1];
  await inParallel(
    Array.from({ length: messages }, () => randomUUID()),
    50,
    (clientMessageId) =>
      sender.ask(sendMutation, {
        input: { to: { userId: id }, text: 'The quick brown fox jumps over the lazy dog.', clientMessageId },
      }),
  );
  const startedAt = performance.now();
  let found = 0;
  for (let after = '0'; ; ) {
    const frame = await reader.ask(query, { after });
    found += frame.split('"clientMessageId"').length - 1;
    after = /"nextSeq":"(\d+)"/.exec(frame)?.[1] as string;
    if (!frame.includes('"hasMore":true')) break;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  if (found !== messages) throw new Error(`pulled ${found} of ${messages}`);
  sender.close();
  reader.close();
  return { messages, seconds, messagesPerSecond: messages / seconds };
}
