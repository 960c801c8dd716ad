/** Pages for operators and their tools: liveness, readiness and metrics. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { HealthReport, ServerPorts } from './ports.ts';

const options = { config: { isForOperators: true } };

/** Says that the process lives, and nothing else: every port answers it. */
export function addLiveness(app: FastifyInstance, health: ServerPorts['health']): void {
  app.get('/healthz', options, async (_request, reply) => send(reply, health.live()));
}

export function addOperatorRoutes(app: FastifyInstance, health: ServerPorts['health']): void {
  app.get('/readyz', options, async (_request, reply) => send(reply, await health.ready()));
  app.get('/metrics', options, async (_request, reply) => {
    const { contentType, body } = await health.metrics();
    return reply.header('content-type', contentType).header('cache-control', 'no-store').send(body);
  });
}

function send(reply: FastifyReply, { ok, body }: HealthReport): FastifyReply {
  return reply
    .status(ok ? 200 : 503)
    .header('cache-control', 'no-store')
    .send(body);
}
