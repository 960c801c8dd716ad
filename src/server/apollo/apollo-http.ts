/**
 * Apollo Server as the HTTP layer of the pipeline. It reads requests, prevents CSRF and calls plugins. The pipeline parses, validates,
 * limits and executes operations, as it does for sockets.
 */
import { ApolloServer, type ApolloServerPlugin, type HTTPGraphQLResponse } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { PersistedQueries } from '../persisted-queries.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { ServerPorts } from '../ports.ts';
import { HttpOperation } from './http-operation.ts';
import { type Asking, type HttpContext, openRequest } from './http-request.ts';

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
): Promise<ApolloHttp> {
  const ownPlugin: ApolloServerPlugin<HttpContext> = {
    async requestDidStart({ contextValue, requestIsBatched }) {
      // Operations of a batch must not share loaders: a mutation changes the data that they have loaded.
      if (requestIsBatched) Object.assign(contextValue, ports.createContext(contextValue));
      return new HttpOperation(ports, pipeline);
    },
  };
  const apollo = new ApolloServer<HttpContext>({
    schema: ports.schema,
    // The pipeline keeps the documents.
    documentStore: null,
    formatError(formatted, error) {
      // The pipeline's own errors are as clients should see them.
      if (formatted.extensions?.retryable !== undefined) return formatted;
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
    plugins: [
      ownPlugin,
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
  await apollo.start();
  return {
    answer: (httpGraphQLRequest, asking) =>
      apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest,
        context: () => openRequest(ports, pipeline, asking),
      }),
    stop: () => apollo.stop(),
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
