/** Starts the server on its one port: HTTP, WebSocket and GraphiQL. */
import type { AddressInfo } from 'node:net';
import { addOriginRules } from './browser-rules.ts';
import { createClientAddress } from './client-address.ts';
import { addGraphqlRoute } from './graphql-route.ts';
import { createHttp } from './http.ts';
import { addLiveness, addOperatorRoutes } from './operator-routes.ts';
import { createOrigins } from './origins.ts';
import { createPipeline } from './pipeline/pipeline.ts';
import type { ServerPorts } from './ports.ts';
import { createWebSockets } from './websocket.ts';

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly socketCount: number;
  /** Drains sockets, finishes requests, and stops listening. */
  close(): Promise<void>;
}

export async function startServer(
  ports: ServerPorts,
  registerPages: (app: ReturnType<typeof createHttp>) => Promise<void>,
): Promise<RunningServer> {
  const report = (error: unknown, traceId: string) =>
    ports.log.error({ err: error, 'trace.id': traceId }, 'operation failed');
  const pipeline = createPipeline({ schema: ports.schema, limits: ports.limits, report });
  const clientAddressOf = createClientAddress(ports.trustProxy);
  const origins = createOrigins(ports);
  const app = createHttp(ports, pipeline);
  app.register(
    async (scope) => {
      await addOriginRules(scope, origins, clientAddressOf);
      addGraphqlRoute(scope, ports, pipeline, clientAddressOf);
    },
    { prefix: '/graphql' },
  );
  addLiveness(app, ports.health);
  addOperatorRoutes(app, ports.health);
  await registerPages(app);
  const sockets = createWebSockets(ports, pipeline, origins);
  await sockets.open();
  app.server.on('upgrade', (request, stream, head) => {
    sockets.upgrade(request, stream, head, clientAddressOf(request));
  });
  await app.listen({ host: ports.host, port: ports.port, backlog: 4096 });
  const { port } = app.server.address() as AddressInfo;
  const host = ports.host.includes(':') ? `[${ports.host}]` : ports.host;
  return {
    url: `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`,
    port,
    get socketCount() {
      return sockets.size;
    },
    async close() {
      // Sockets first, because closing the HTTP server would end them at once.
      await sockets.drain();
      await app.close();
    },
  };
}
