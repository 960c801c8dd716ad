/**
 * The processor time of the layer between fastify and the pipeline: Apollo Server as the server uses it, and graphql-http, which was there
 * before, with the same pipeline behind it. They take turns in one process; nothing is sent over a network.
 */
import { HeaderMap } from '@apollo/server';
import { createHandler } from 'graphql-http';
import { ByteBudgets } from '../src/domain/byte-budget.ts';
import { createContext } from '../src/resolvers/context.ts';
import { resolvers } from '../src/resolvers/index.ts';
import { createSchema } from '../src/resolvers/schema.ts';
import { takeAddress, takeCaller, takeCost } from '../src/server/admission.ts';
import { startApollo } from '../src/server/apollo/apollo-http.ts';
import type { Plugin } from '../src/server/apollo/plugins.ts';
import { createMediaTypes, jsonType } from '../src/server/media-type.ts';
import { createPersistedQueries } from '../src/server/persisted-queries.ts';
import { operationLimitDefaults } from '../src/server/pipeline/limits.ts';
import { createPipeline, isErrors, type OperationRequest } from '../src/server/pipeline/pipeline.ts';
import type { ServerPorts } from '../src/server/ports.ts';
import type { Services } from '../src/services/services.ts';
import { median } from './support/raw-client.ts';

const rounds = 21;
const warmUpRounds = 3;
const requestsPerRound = 5_000;

const text = JSON.stringify({ query: '{ __typename }' });
const headers: Readonly<Record<string, string>> = {
  host: '127.0.0.1',
  accept: 'application/graphql-response+json, application/json;q=0.9',
  'content-type': 'application/json',
  authorization: 'Bearer token',
  'content-length': String(text.length),
};
const client = { address: '127.0.0.1', network: '127.0.0.1' };
const viewer = { userId: '1', deviceId: '1', expiresAt: Number.POSITIVE_INFINITY };

export interface LayerFigures {
  readonly layer: string;
  /** Microseconds of processor for a request: the median of the rounds. */
  readonly cpuUs: number;
}

export async function measureHttpLayers(): Promise<LayerFigures[]> {
  const layers = await openLayers();
  for (const [layer, ask] of layers)
    if (!JSON.stringify(await ask()).includes('Query')) throw new Error(`${layer} does not answer`);
  const times = layers.map(() => [] as number[]);
  for (let round = 0; round < rounds + warmUpRounds; round += 1) {
    for (const [index, [, ask]] of layers.entries()) {
      const before = process.cpuUsage();
      for (let request = 0; request < requestsPerRound; request += 1) await ask();
      const { user, system } = process.cpuUsage(before);
      if (round >= warmUpRounds) times[index]?.push((user + system) / requestsPerRound);
    }
  }
  return layers.map(([layer], index) => ({ layer, cpuUs: median(times[index] ?? []) }));
}

async function openLayers(): Promise<(readonly [name: string, ask: () => Promise<unknown>])[]> {
  const schema = createSchema(resolvers);
  const budgets = new ByteBudgets({ answerMaxBytes: 2 ** 24, answersMaxBytes: 2 ** 27 }, () => {});
  const ports = {
    schema,
    budgets,
    limits: { ...operationLimitDefaults, pageSizeMax: 500, operationsPerBatchMax: 0 },
    introspection: true,
    createContext: (from) => createContext({} as Services, from),
    verifyToken: async () => viewer,
    rateLimiter: { take: () => 0 },
    metrics: { operationDone() {} },
    log: { info() {}, warn() {}, error() {} },
  } as Pick<ServerPorts, 'schema' | 'budgets' | 'createContext' | 'verifyToken'> as ServerPorts;
  const pipeline = createPipeline({ ...ports, report: () => {} });

  /** An operation without any layer, as the handler of graphql-http was given it. */
  async function run(request: OperationRequest) {
    const budget = budgets.open();
    await takeAddress(ports, client.network);
    const found = await ports.verifyToken('token');
    await takeCaller(ports, found, client.network);
    const operation = pipeline.prepare(request);
    if (isErrors(operation)) return operation;
    await takeCost(ports, found, client.network, pipeline.costOf(operation, request));
    const context = ports.createContext({ viewer: found, client, budget });
    const result = await pipeline.execute(operation, request.variables ?? {}, context);
    budget.release();
    return result;
  }

  const before = createHandler({
    schema,
    onSubscribe: async (_request, params) => await run(params as OperationRequest),
  });
  const request = { url: '/graphql', method: 'POST', raw: null, context: {} };

  async function throughApollo(plugins: readonly Plugin[]) {
    const apollo = await startApollo(ports, pipeline, createPersistedQueries(pipeline), plugins);
    const mediaTypeFor = createMediaTypes();
    const { authorization } = headers;
    return async () => {
      const budget = budgets.open();
      const mediaType = mediaTypeFor(headers.accept) ?? jsonType;
      const asked = {
        method: 'POST',
        headers: new HeaderMap(Object.entries(headers)),
        search: '',
        body: JSON.parse(text),
      };
      const answer = await apollo.answer(asked, { mediaType, batch: null, authorization, client, budget });
      budget.release();
      return answer;
    };
  }

  return [
    ['no layer', async () => JSON.stringify(await run(JSON.parse(text)))],
    ['graphql-http', () => before({ ...request, headers: { ...headers }, body: text }) as Promise<unknown>],
    ['Apollo Server', await throughApollo([])],
    ['Apollo Server with a plugin', await throughApollo([{ async requestDidStart() {} }])],
  ];
}
