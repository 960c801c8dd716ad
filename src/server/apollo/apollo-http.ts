/**
 * Apollo Server as the HTTP layer of the pipeline. It reads requests, prevents CSRF and calls plugins. The pipeline parses, validates,
 * limits and executes operations, as it does for sockets.
 */
import { ApolloServer, type ApolloServerOptionsWithGateway, type HTTPGraphQLResponse } from '@apollo/server';
import { type ExecutionResult, type GraphQLSchema, printSchema } from 'graphql';
import { errorCatalogue, StartError } from '../../domain/errors.ts';
import type { PersistedQueries } from '../persisted-queries.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { ServerPorts } from '../ports.ts';
import { HttpOperation, ShortOperation } from './http-operation.ts';
import { type Asking, type HttpContext, openRequest } from './http-request.ts';
import { disabledBeside, type Plugin } from './plugins.ts';

type HttpGraphQLRequest = Parameters<ApolloServer['executeHTTPGraphQLRequest']>[0]['httpGraphQLRequest'];

/**
 * Headers for which browsers ask a foreign server first, so that a request with one of them is not forged by a page: Apollo Server's own
 * two, and the token's, which urql sends with its queries over GET.
 */
const requestHeaders = ['x-apollo-operation-name', 'apollo-require-preflight', 'authorization'];

export interface ApolloHttp {
  answer(httpRequest: HttpGraphQLRequest, asking: Asking): Promise<HTTPGraphQLResponse>;
  stop(): Promise<void>;
}

export async function startApollo(
  ports: ServerPorts,
  pipeline: Pipeline,
  persistedQueries: PersistedQueries,
  plugins: readonly Plugin[],
): Promise<ApolloHttp> {
  const hasPlugins = plugins.length > 0;
  const ownPlugin: Plugin = {
    async requestDidStart({ contextValue, requestIsBatched }) {
      // Operations of a batch must not share loaders: a mutation changes the data that they have loaded.
      if (requestIsBatched) Object.assign(contextValue, ports.createContext(contextValue));
      if (!hasPlugins) return new ShortOperation(ports, pipeline);
      contextValue.operation = new HttpOperation(ports, pipeline);
      return contextValue.operation;
    },
  };
  const apollo = new ApolloServer<HttpContext>({
    ...(hasPlugins ? { gateway: gatewayOf(ports.schema) } : { schema: ports.schema }),
    // The pipeline keeps the documents.
    documentStore: null,
    formatError(formatted, error) {
      const { code, retryable } = formatted.extensions ?? {};
      // The pipeline's own errors are as clients should see them.
      if (typeof retryable === 'boolean' && typeof code === 'string' && Object.hasOwn(errorCatalogue, code))
        return formatted;
      const masked = pipeline.mask(error, 'BAD_REQUEST').toJSON();
      return { ...masked, message: masked.message.trim() };
    },
    csrfPrevention: { requestHeaders },
    allowBatchedHttpRequests: ports.limits.operationsPerBatchMax > 0,
    stringifyResult: JSON.stringify,
    includeStacktraceInErrorResponses: false,
    // The pipeline knows whether it is allowed.
    introspection: true,
    persistedQueries: { cache: persistedQueries.forHttp },
    nodeEnv: 'production',
    // The process is drained by its own rules.
    stopOnTerminationSignals: false,
    logger: loggerOf(ports.log),
    plugins: [ownPlugin, ...disabledBeside(plugins), ...plugins],
  });
  try {
    await apollo.start();
  } catch (error) {
    if (!hasPlugins) throw error;
    throw new StartError(`A plugin of APOLLO_PLUGINS does not start: ${(error as Error).message}`, { cause: error });
  }
  return {
    answer: (httpGraphQLRequest, asking) =>
      apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest,
        context: () => openRequest(ports, pipeline, asking),
      }),
    async stop() {
      try {
        await apollo.stop();
      } catch (error) {
        ports.log.error({ err: error }, 'a plugin of Apollo Server did not stop');
      }
    },
  };
}

type Gateway = ApolloServerOptionsWithGateway<HttpContext>['gateway'];

/** Apollo Server leaves execution to a gateway, and calls the hooks of plugins before and after it. */
function gatewayOf(schema: GraphQLSchema): Gateway {
  let onLoad: Parameters<Gateway['onSchemaLoadOrUpdate']>[0] = () => {};
  return {
    onSchemaLoadOrUpdate(callback) {
      onLoad = callback;
      return () => {};
    },
    async load() {
      onLoad({ apiSchema: schema, coreSupergraphSdl: printSchema(schema) });
      return {
        executor: async ({ context }) => {
          const contextValue = context as HttpContext;
          return (await contextValue.operation?.run(contextValue)) as ExecutionResult<Record<string, unknown>>;
        },
      };
    },
    async stop() {},
  };
}

function loggerOf(log: ServerPorts['log']) {
  const fields = { 'log.logger': 'apollo-server' };
  return {
    debug() {},
    info: (message: unknown) => log.info(fields, String(message)),
    warn: (message: unknown) => log.warn(fields, String(message)),
    error: (message: unknown) => log.error(fields, String(message)),
  };
}
