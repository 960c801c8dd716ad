/**
 * The end of an HTTP application. Requests in progress are answered, and their connections closed with the answer: a connection that is
 * kept alive would keep the process. Requests without an answer at the deadline are dropped.
 */
import type { FastifyInstance } from 'fastify';

const idleCheckMs = 100;
/** How long requests in progress may still take, such as one whose body comes in slowly. */
const answerWithinMs = 5_000;

export interface HttpDrain {
  /** From now on each answer closes its connection. */
  begin(): void;
  /** Stops listening; resolves when no connection is left. */
  close(): Promise<void>;
}

export function createHttpDrain(app: FastifyInstance): HttpDrain {
  let isDraining = false;
  // At the answer, not at the request: a request may have come before the drain.
  app.addHook('onSend', async (_request, reply) => {
    if (isDraining) reply.header('connection', 'close');
  });
  return {
    begin() {
      isDraining = true;
    },
    async close() {
      isDraining = true;
      // A connection whose answer was already being sent stays open for its client's next request.
      const idleCheck = setInterval(() => app.server.closeIdleConnections(), idleCheckMs);
      const deadline = setTimeout(() => app.server.closeAllConnections(), answerWithinMs);
      try {
        await app.close();
      } finally {
        clearInterval(idleCheck);
        clearTimeout(deadline);
      }
    },
  };
}
