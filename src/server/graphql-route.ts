/** Queries and mutations over HTTP: passes requests to Apollo Server, and its answers to fastify. */
import { type IncomingHttpHeaders, validateHeaderName, validateHeaderValue } from 'node:http';
import { HeaderMap } from '@apollo/server';
import type { FastifyInstance } from 'fastify';
import type { ApolloHttp } from './apollo/apollo-http.ts';
import type { ClientAddressOf } from './client-address.ts';
import { createMediaTypes, jsonType } from './media-type.ts';
import type { ServerPorts } from './ports.ts';
import { refusals, sendRefusal } from './refusals.ts';
import { releaseWhenRead } from './unread-answers.ts';

export function addGraphqlRoute(
  app: FastifyInstance,
  ports: ServerPorts,
  apollo: ApolloHttp,
  clientAddressOf: ClientAddressOf,
): void {
  const mediaTypeFor = createMediaTypes();
  app.addHook('onRequest', async ({ headers }, reply) => {
    // Answers carry tokens and messages.
    reply.header('cache-control', 'no-store');
    const encoding = headers['content-encoding']?.toLowerCase() ?? 'identity';
    if (encoding !== 'identity') return sendRefusal(reply, 415, 'Content-Encoding is not supported.');
  });
  app.route({
    method: ['GET', 'POST'],
    url: '/',
    prefixTrailingSlash: 'no-slash',
    async handler({ raw, method, url, headers, body }, reply) {
      // Before anything runs: Apollo Server would notice it after a mutation.
      const accepted = mediaTypeFor(headers.accept);
      if (accepted === null) return sendRefusal(reply, 406, refusals[406] ?? '');
      const batch = Array.isArray(body) && ports.limits.operationsPerBatchMax > 0 ? body : null;
      // Only a single answer can have the media type of GraphQL.
      const mediaType = batch === null ? accepted : jsonType;
      const budget = ports.budgets.open();
      const { authorization } = headers;
      const answer = await apollo
        .answer(
          { method, headers: headerMapOf(headers), search: searchOf(url), body },
          { mediaType, batch, authorization, client: clientAddressOf(raw), budget },
        )
        .finally(() => releaseWhenRead(ports, reply.raw, budget));
      reply.status(answer.status ?? 200);
      for (const [name, value] of answer.headers) {
        // Apollo Server allows caches to keep some answers.
        if (name === 'cache-control') continue;
        // A plugin's header may be invalid. Found later, it would be answered by fastify instead of the error handler.
        validateHeaderName(name);
        validateHeaderValue(name, value);
        reply.header(name, value);
      }
      if (answer.body.kind !== 'complete') throw new Error('An answer in parts was not asked for.');
      return reply.send(answer.body.string);
    },
  });
  app.route({
    method: ['PUT', 'PATCH', 'DELETE'],
    url: '/',
    prefixTrailingSlash: 'no-slash',
    onRequest: async (_request, reply) => sendRefusal(reply.header('allow', 'GET, POST'), 405, refusals[405] ?? ''),
    handler: () => {},
  });
}

function headerMapOf(headers: IncomingHttpHeaders): HeaderMap {
  const map = new HeaderMap();
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) map.set(name, typeof value === 'string' ? value : value.join(', '));
  }
  return map;
}

/** With its question mark; empty if the URL has no query. */
function searchOf(url: string): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
}
