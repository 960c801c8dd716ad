/** Serves GraphiQL, built ahead of time from tools/graphiql, and leads `/` there. */
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const root = fileURLToPath(new URL('./static/', import.meta.url));

/** Nothing from elsewhere: the page works, and can be trusted, without the internet. Monaco writes its styles inline. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self' ws: wss:",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'self'",
].join('; ');

export async function registerGraphiql(app: FastifyInstance): Promise<void> {
  // Relative, as are the links of the page: a proxy may serve all of it under a prefix.
  app.get('/', async (_request, reply) => reply.redirect('graphiql'));
  app.get('/graphiql/', async (_request, reply) => reply.redirect('../graphiql'));
  await app.register(fastifyStatic, {
    root: `${root}assets`,
    prefix: '/graphiql/assets/',
    index: false,
    // The names carry a hash of the content.
    immutable: true,
    maxAge: '365d',
  });
  app.get('/graphiql', async (_request, reply) =>
    reply
      .header('content-security-policy', contentSecurityPolicy)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', 'no-cache')
      .sendFile('index.html', root, { maxAge: 0, immutable: false, cacheControl: false }),
  );
}
