/** Starts the server on its port for HTTP, WebSocket and GraphiQL, and on the port of operators if they have their own. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { startApollo } from './apollo/apollo-http.ts';
import { loadPlugins } from './apollo/plugins.ts';
import { addOriginRules } from './browser-rules.ts';
import { createClientAddress } from './client-address.ts';
import { boundConnections } from './connections.ts';
import { addGraphqlRoute } from './graphql-route.ts';
import { createHttp } from './http.ts';
import { createHttpDrain } from './http-drain.ts';
import { addLiveness, addOperatorRoutes } from './operator-routes.ts';
import { createOrigins, isLoopback } from './origins.ts';
import { createPersistedQueries } from './persisted-queries.ts';
import { createPipeline } from './pipeline/pipeline.ts';
import type { ServerPorts } from './ports.ts';
import { boundBodies } from './unfinished-bodies.ts';
import { createWebSockets } from './websocket.ts';

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  /** Where `/metrics` and `/readyz` are, when they have a port of their own. */
  readonly operatorUrl: string | null;
  readonly socketCount: number;
  /** Drains sockets, finishes requests, and stops listening. */
  close(): Promise<void>;
}

export async function startServer(
  ports: ServerPorts,
  registerPages: ((app: FastifyInstance) => Promise<void>) | null,
): Promise<RunningServer> {
  const report = (error: unknown, traceId: string) =>
    ports.log.error({ err: error, 'trace.id': traceId }, 'operation failed');
  const pipeline = createPipeline({ ...ports, report });
  const persistedQueries = createPersistedQueries(pipeline);
  const plugins = ports.apolloPlugins === null ? [] : await loadPlugins(ports.apolloPlugins);
  const apollo = await startApollo(ports, pipeline, persistedQueries, plugins);
  const clientAddressOf = createClientAddress(ports.trustProxy);
  const origins = createOrigins(ports);
  const app = createHttp(ports, pipeline);
  const http = createHttpDrain(app);
  const connections = boundConnections(app, ports, clientAddressOf);
  boundBodies(app, ports, clientAddressOf);
  app.register(
    async (scope) => {
      await addOriginRules(scope, origins, clientAddressOf);
      addGraphqlRoute(scope, ports, apollo, clientAddressOf);
    },
    { prefix: '/graphql' },
  );
  const operatorApp = ports.operator === null ? null : createHttp(ports, pipeline);
  const operatorHttp = operatorApp === null ? null : createHttpDrain(operatorApp);
  for (const one of [app, operatorApp]) if (one !== null) addLiveness(one, ports.health);
  addOperatorRoutes(operatorApp ?? app, ports.health);
  await registerPages?.(app);
  const sockets = createWebSockets(ports, pipeline, persistedQueries, origins);
  await sockets.open();
  app.server.on('upgrade', (request, stream, head) => {
    const client = clientAddressOf(request);
    sockets.upgrade(request, stream, head, client, connections.limitOfUpgrade(request, client));
  });
  if (ports.operator !== null) await operatorApp?.listen(ports.operator);
  await app.listen({ host: ports.host, port: ports.port, backlog: 4096 });
  if (!isLoopback(ports.host) && ports.trustProxy === 0)
    ports.log.warn(
      { 'server.address': ports.host },
      'tokens and messages cross the network unencrypted; put a TLS proxy in front and set TRUST_PROXY',
    );
  return {
    url: urlOf(app, ports.host),
    port: portOf(app),
    operatorUrl: ports.operator === null || operatorApp === null ? null : urlOf(operatorApp, ports.operator.host),
    get socketCount() {
      return sockets.size;
    },
    async close() {
      // Sockets first, because closing the HTTP server would end them at once.
      http.begin();
      await sockets.drain();
      await http.close();
      // After the last request.
      await apollo.stop();
      // Last, because it reports the drain until then.
      await operatorHttp?.close();
    },
  };
}

function urlOf(app: FastifyInstance, host: string): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${portOf(app)}`;
}

function portOf({ server }: FastifyInstance): number {
  return (server.address() as AddressInfo).port;
}
