/** Rules for browsers: the pages that may read answers, and the headers that restrict the use of answers that are not pages. */
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import type { ClientAddressOf } from './client-address.ts';
import type { Origins } from './origins.ts';
import { dataPolicy, sendRefusal } from './refusals.ts';

/** Headers on every answer of an application. */
export function addSecurityHeaders(app: FastifyInstance): void {
  app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: dataPolicy },
    // The proxy that speaks TLS sends it: over plain HTTP it must not be sent (RFC 6797, section 7.2).
    strictTransportSecurity: false,
    frameguard: { action: 'deny' },
    // For browsers that are gone.
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
}

/** Refuses pages of foreign origins and answers the questions that browsers ask before they let a page send a request. */
export async function addOriginRules(
  scope: FastifyInstance,
  origins: Origins,
  clientAddressOf: ClientAddressOf,
): Promise<void> {
  // On the routes, not on the text of the URL: `/%67raphql` leads there, too.
  scope.addHook('onRequest', async ({ raw }, reply) => {
    if (origins.admit(raw.headers, clientAddressOf(raw), 'http')) return;
    return sendRefusal(reply.header('vary', 'Origin'), 403, 'Pages of this origin are not allowed to use this server.');
  });
  await scope.register(cors, {
    // Refused origins never get here. Browsers do not send tokens automatically, so no credentials need to be allowed.
    origin: true,
    // Any header is allowed, because tracing and client awareness use their own.
    methods: ['GET', 'POST'],
    exposedHeaders: ['retry-after'],
    maxAge: 600,
    strictPreflight: false,
  });
}
