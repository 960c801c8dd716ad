/**
 * The processor time of a request, over HTTP and over a socket. With another checkout the two servers run side by side and take turns, so
 * that the load of the machine meets both alike.
 */
import { HttpClient } from './support/http-client.ts';
import { median, RawClient } from './support/raw-client.ts';
import { type BenchServer, startBenchServer } from './support/server-process.ts';

const rounds = 12;
const requestsPerRound = 6_000;
const connections = 8;

const operations = {
  'the smallest query': { query: '{ __typename }' },
  'the viewer': { query: 'query Me { viewer { user { id username } } }', operationName: 'Me' },
  'a page of conversations': {
    query: 'query List($first: Int!) { conversations(first: $first) { nodes { id title createdAt } } }',
    operationName: 'List',
    variables: { first: 20 },
  },
} as const;

export interface RequestFigures {
  readonly operation: string;
  readonly transport: 'http' | 'ws';
  /** Microseconds of processor for a request: the median of the rounds, by checkout. */
  readonly cpuUs: Readonly<Record<string, number>>;
  /** Median of the differences between the checkouts in each round. */
  readonly differenceUs?: number;
}

interface Side {
  readonly name: string;
  readonly server: BenchServer;
  readonly http: readonly HttpClient[];
  readonly ws: readonly RawClient[];
  readonly token: string;
}

/** @param checkouts - folders of the sources to compare, by name; the first one is compared with the last */
export async function measureRequests(
  core: number,
  checkouts: Readonly<Record<string, string>>,
): Promise<RequestFigures[]> {
  const sides: Side[] = [];
  try {
    for (const [name, checkout] of Object.entries(checkouts)) sides.push(await openSide(name, core, checkout));
    const figures: RequestFigures[] = [];
    for (const [operation, body] of Object.entries(operations)) {
      for (const transport of ['http', 'ws'] as const)
        figures.push({ operation, transport, ...(await compare(sides, transport, body)) });
    }
    return figures;
  } finally {
    for (const { http, ws, server } of sides) {
      for (const client of [...http, ...ws]) client.close();
      await server[Symbol.asyncDispose]();
    }
  }
}

async function openSide(name: string, core: number, checkout: string): Promise<Side> {
  const server = await startBenchServer({ core, checkout });
  const token = await server.token('asker');
  const each = Array.from({ length: connections });
  const http = await Promise.all(each.map(() => HttpClient.connect(server.url)));
  const ws = await Promise.all(each.map(() => RawClient.connect(server.wsUrl, token)));
  return { name, server, http, ws, token };
}

async function compare(sides: readonly Side[], transport: 'http' | 'ws', body: { query: string; variables?: object }) {
  const times = sides.map(() => [] as number[]);
  for (const side of sides) await cpuUs(side, transport, body);
  for (let round = 0; round < rounds; round += 1) {
    // In turns: whoever goes first meets another moment of the machine.
    const order = round % 2 === 0 ? sides.keys() : [...sides.keys()].reverse();
    for (const index of order) times[index]?.push(await cpuUs(sides[index] as Side, transport, body));
  }
  const cpu = Object.fromEntries(sides.map(({ name }, index) => [name, median(times[index] ?? [])]));
  if (sides.length < 2) return { cpuUs: cpu };
  const last = times.at(-1) ?? [];
  return { cpuUs: cpu, differenceUs: median(times[0]?.map((time, round) => (last[round] ?? 0) - time) ?? []) };
}

/** Sends a round's requests over all connections at once; returns the server's processor time for each. */
async function cpuUs(
  side: Side,
  transport: 'http' | 'ws',
  body: { query: string; variables?: object },
): Promise<number> {
  const { server, token, http, ws } = side;
  const request = HttpClient.request(body, token);
  const asks: (() => Promise<string>)[] =
    transport === 'http'
      ? http.map((client) => () => client.ask(request))
      : ws.map((client) => () => client.ask(body.query, body.variables ?? {}));
  const before = server.cpuSeconds();
  let left = requestsPerRound;
  await Promise.all(
    asks.map(async (ask) => {
      while (left > 0) {
        left -= 1;
        const answer = await ask();
        if (!answer.includes('"data":')) throw new Error(answer);
      }
    }),
  );
  return ((server.cpuSeconds() - before) * 1e6) / requestsPerRound;
}
