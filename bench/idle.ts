/**
 * What an idle connection with a live subscription costs in memory: all in all, new users and the growth of the heap's young
 * generation included, and what each further one costs once the server has seen some load.
 */
import { inParallel, RawClient, streamQuery } from './support/raw-client.ts';
import type { BenchServer } from './support/server-process.ts';

export interface IdleFigures {
  readonly connections: number;
  readonly kibPerConnection: number;
  readonly kibPerFurtherConnection: number;
}

/** Connections of as many users, so that nothing is shared that would not be. */
export async function measureIdle(server: BenchServer, connections: number): Promise<IdleFigures> {
  const first = Math.floor(connections / 5);
  const empty = await lowestRss(server);
  const clients = await connect(server, 0, first);
  const some = await lowestRss(server);
  clients.push(...(await connect(server, first, connections)));
  const all = await lowestRss(server);
  for (const client of clients) client.close();
  const kib = (bytes: number, count: number) => bytes / count / 1024;
  return {
    connections,
    kibPerConnection: kib(all - empty, connections),
    kibPerFurtherConnection: kib(all - some, connections - first),
  };
}

function connect(server: BenchServer, from: number, to: number): Promise<RawClient[]> {
  return inParallel(
    Array.from({ length: to - from }, (_, index) => from + index),
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
}

/** The lowest of a few measurements: memory after a garbage collection. */
async function lowestRss(server: BenchServer): Promise<number> {
  let lowest = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 20; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    lowest = Math.min(lowest, server.rssBytes());
  }
  return lowest;
}
