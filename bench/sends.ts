/**
 * Durable sends a second with delivery, and their latency: pairs of users, each with one message in flight. First a closed loop to the
 * maximum, then an open one at half of it.
 *
 * A message counts when its sender has the answer and its receiver has the event.
 */
import { randomUUID } from 'node:crypto';
import { inParallel, percentile, RawClient, sendMutation, streamQuery } from './support/raw-client.ts';
import type { BenchServer } from './support/server-process.ts';

export interface SendFigures {
  readonly perSecond: number;
  readonly cpuMicrosPerMessage: number;
  readonly answerMs: { p50: number; p99: number };
  readonly deliveryMs: { p50: number; p99: number };
}

export interface Pair {
  readonly sender: Pick<RawClient, 'ask' | 'close'>;
  readonly receiver: Pick<RawClient, 'close'>;
  readonly to: object;
  arrived: () => void;
}

export async function openPairs(server: BenchServer, count: number): Promise<Pair[]> {
  return inParallel(
    Array.from({ length: count }, (_, index) => index),
    8,
    async (index) => {
      const [sender, receiver] = await Promise.all([
        RawClient.connect(server.wsUrl, await server.token(`sender${index}`)),
        RawClient.connect(server.wsUrl, await server.token(`receiver${index}`)),
      ]);
      const id = /"id":"(\d+)"/.exec(await receiver.ask('{ viewer { user { id } } }', {}))?.[1];
      const opened = await sender.ask(
        `mutation { openDirectConversation(input: { userId: "${id}" }) { conversation { id } } }`,
        {},
      );
      const conversationId = /"openDirectConversation":\{"conversation":\{"id":"(\d+)"/.exec(opened)?.[1];
      const pair: Pair = { sender, receiver, to: { conversationId }, arrived: () => {} };
      await new Promise<void>((resolve) => {
        receiver.onEvent = (frame) => {
          if (frame.includes('StreamReady')) resolve();
          else if (frame.includes('MessageReceived')) pair.arrived();
        };
        receiver.subscribe(streamQuery);
      });
      return pair;
    },
  );
}

/** @param startAt - when the message was due: a wait before it is sent is part of its latency */
async function sendOne(pair: Pair, startAt: number, answers: number[], deliveries: number[]): Promise<void> {
  const arrived = new Promise<void>((resolve) => {
    pair.arrived = () => {
      deliveries.push(performance.now() - startAt);
      resolve();
    };
  });
  const input = { to: pair.to, text: 'The quick brown fox jumps over the lazy dog.', clientMessageId: randomUUID() };
  const answer = await pair.sender.ask(sendMutation, { input });
  if (!answer.includes('"SENT"')) throw new Error(answer);
  answers.push(performance.now() - startAt);
  await arrived;
}

async function measure(
  server: Pick<BenchServer, 'cpuSeconds'>,
  seconds: number,
  load: (until: number, answers: number[], deliveries: number[]) => Promise<void>,
): Promise<SendFigures> {
  const answers: number[] = [];
  const deliveries: number[] = [];
  const cpu = server.cpuSeconds();
  const startedAt = performance.now();
  await load(startedAt + seconds * 1000, answers, deliveries);
  const took = (performance.now() - startedAt) / 1000;
  const used = server.cpuSeconds() - cpu;
  for (const list of [answers, deliveries]) list.sort((a, b) => a - b);
  const summary = (list: number[]) => ({ p50: percentile(list, 0.5), p99: percentile(list, 0.99) });
  return {
    perSecond: deliveries.length / took,
    cpuMicrosPerMessage: (used / deliveries.length) * 1e6,
    answerMs: summary(answers),
    deliveryMs: summary(deliveries),
  };
}

/** Every pair sends its next message as soon as the last has arrived. */
export function closedLoop(
  server: Pick<BenchServer, 'cpuSeconds'>,
  pairs: readonly Pair[],
  seconds: number,
): Promise<SendFigures> {
  return measure(server, seconds, async (until, answers, deliveries) => {
    await Promise.all(
      pairs.map(async (pair) => {
        while (performance.now() < until) await sendOne(pair, performance.now(), answers, deliveries);
      }),
    );
  });
}

/**
 * Messages are due at a fixed rate, spread over the pairs. A pair whose last message has not arrived yet sends late, and the
 * time since the message was due counts: a stall of the server shows in every message that fell into it.
 */
export function atRate(
  server: Pick<BenchServer, 'cpuSeconds'>,
  pairs: readonly Pair[],
  seconds: number,
  perSecond: number,
): Promise<SendFigures> {
  return measure(server, seconds, async (until, answers, deliveries) => {
    const everyMs = (pairs.length / perSecond) * 1000;
    await Promise.all(
      pairs.map(async (pair, index) => {
        let dueAt = performance.now() + (everyMs * index) / pairs.length;
        while (dueAt < until) {
          const wait = dueAt - performance.now();
          if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
          await sendOne(pair, dueAt, answers, deliveries);
          dueAt += everyMs;
        }
      }),
    );
  });
}
