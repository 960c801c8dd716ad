/**
 * Bodies of HTTP requests that have not all arrived. Each is kept in memory until it has, or until the request times out, so they are
 * bounded by the bytes that they may have, for each address and together.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { ClientAddressOf } from './client-address.ts';
import { createCounts } from './counts.ts';
import type { ServerPorts } from './ports.ts';
import { sendRefusal } from './refusals.ts';

const addressMaxBytes = 8 * 1024 * 1024;
const allMaxBytes = 64 * 1024 * 1024;
/** Bodies of the largest size that an address, and all of them, may send at a time, however large that is. */
const addressMaxBodies = 4;
const allMaxBodies = 32;

export function boundBodies(
  app: FastifyInstance,
  { limits, metrics }: Pick<ServerPorts, 'limits' | 'metrics'>,
  clientAddressOf: ClientAddressOf,
): void {
  const { requestMaxBytes } = limits;
  const unfinished = createCounts<string>(Math.max(addressMaxBytes, addressMaxBodies * requestMaxBytes));
  const allMax = Math.max(allMaxBytes, allMaxBodies * requestMaxBytes);

  app.addHook('onRequest', async ({ raw }, reply) => {
    const bytes = Math.min(bodyBytes(raw), requestMaxBytes);
    if (bytes === 0) return;
    const { network } = clientAddressOf(raw);
    const hasRoom = unfinished.total + bytes <= allMax;
    if (!hasRoom || !unfinished.take(network, bytes)) {
      metrics.limitHit(hasRoom ? 'bodiesPerAddress' : 'bodies');
      // The rest of the body is not read.
      reply.headers({ connection: 'close', 'retry-after': '1' });
      return sendRefusal(reply, 503, 'Too many requests have not arrived completely.');
    }
    let isUnfinished = true;
    const finish = () => {
      if (isUnfinished) unfinished.release(network, bytes);
      isUnfinished = false;
    };
    raw.once('end', finish);
    reply.raw.once('close', finish);
  });
}

/** The bytes that a body may have; of one that comes in chunks, any number. */
function bodyBytes({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return Number.POSITIVE_INFINITY;
  return Number(headers['content-length'] ?? 0);
}
