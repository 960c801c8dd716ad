/** One group with many live subscribers: the time until the last one has a message, and its cost for the server. */
import { randomUUID } from 'node:crypto';
import { inParallel, percentile, RawClient, sendMutation, streamQuery } from './support/raw-client.ts';
import type { BenchServer } from './support/server-process.ts';

export interface GroupFigures {
  readonly subscribers: number;
  readonly deliveriesPerSecond: number;
  readonly cpuMicrosPerDelivery: number;
  readonly lastArrivalMs: { p50: number; p99: number };
}

/** @param messages - sent one after the other, each when the one before has arrived everywhere */
export async function measureGroup(server: BenchServer, subscribers: number, messages: number): Promise<GroupFigures> {
  const owner = await RawClient.connect(server.wsUrl, await server.token('owner'));
  let arrived = 0;
  let allArrived = () => {};
  const members = await inParallel(
    Array.from({ length: subscribers }, (_, index) => index),
    16,
    async (index) => {
      const client = await RawClient.connect(server.wsUrl, await server.token(`member${index}`));
      const id = /"id":"(\d+)"/.exec(await client.ask('{ viewer { user { id } } }', {}))?.[1] as string;
      return { client, id };
    },
  );
  const first = members.slice(0, 900).map(({ id }) => id);
  const created = await owner.ask(
    'mutation ($i: CreateGroupInput!) { createGroup(input: $i) { conversation { id } } }',
    {
      i: { title: 'Crowd', memberIds: first },
    },
  );
  const conversationId = /"createGroup":\{"conversation":\{"id":"(\d+)"/.exec(created)?.[1];
  for (let start = 900; start < members.length; start += 900) {
    const userIds = members.slice(start, start + 900).map(({ id }) => id);
    await owner.ask('mutation ($i: AddMembersInput!) { addMembers(input: $i) { conversation { id } } }', {
      i: { conversationId, userIds },
    });
  }
  await inParallel(members, 64, async ({ client }) => {
    await new Promise<void>((resolve) => {
      client.onEvent = (frame) => {
        if (frame.includes('StreamReady')) resolve();
      };
      client.subscribe(streamQuery);
    });
  });
  for (const { client } of members) {
    client.onEvent = (frame) => {
      if (!frame.includes('"text":"to all"')) return;
      arrived += 1;
      if (arrived === subscribers) allArrived();
    };
  }
  const times: number[] = [];
  const cpu = server.cpuSeconds();
  const startedAt = performance.now();
  for (let index = 0; index < messages; index += 1) {
    arrived = 0;
    const sentAt = performance.now();
    const everywhere = new Promise<void>((resolve) => {
      allArrived = resolve;
    });
    await owner.ask(sendMutation, { input: { to: { conversationId }, text: 'to all', clientMessageId: randomUUID() } });
    await everywhere;
    times.push(performance.now() - sentAt);
  }
  const took = (performance.now() - startedAt) / 1000;
  const used = server.cpuSeconds() - cpu;
  owner.close();
  for (const { client } of members) client.close();
  times.sort((a, b) => a - b);
  const deliveries = messages * subscribers;
  return {
    subscribers,
    deliveriesPerSecond: deliveries / took,
    cpuMicrosPerDelivery: (used / deliveries) * 1e6,
    lastArrivalMs: { p50: percentile(times, 0.5), p99: percentile(times, 0.99) },
  };
}
