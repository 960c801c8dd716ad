/** What an idle connection with a live subscription costs in memory. */
import { inParallel, RawClient, streamQuery } from './support/raw-client.ts';
import type { BenchServer } from './support/server-process.ts';

export interface IdleFigures {
  readonly connections: number;
  readonly kibPerConnection: number;
}

/** Connections of as many users, so that nothing is shared that would not be. */
export async function measureIdle(server: BenchServer, connections: number, baseBytes: number): Promise<IdleFigures> {
  const clients = await inParallel(
    Array.from({ length: connections }, (_, index) => index),
    16,
    async (index) => {
      const client = await RawClient.connect(server.wsUrl, await server.token(`idle${index}`));
      await new Promise<void>((resolve) => {
        client.onEvent = () => resolve();
        client.subscribe(streamQuery);
      });
      return client;
    },
  );
  const settled = await lowestRss(server);
  for (const client of clients) client.close();
  return { connections, kibPerConnection: (settled - baseBytes) / connections / 1024 };
}

/** The lowest of a few looks: what a collection leaves. */
export async function lowestRss(server: BenchServer): Promise<number> {
  let lowest = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 20; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    lowest = Math.min(lowest, server.rssBytes());
  }
  return lowest;
}
