/** Serves GraphiQL, built in advance from tools/graphiql, and redirects `/` to it. */
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const root = fileURLToPath(new URL('./static/', import.meta.url));

/** No external resources: the page works without the internet and depends on no other site. Monaco writes its styles inline. */
const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'", "'unsafe-inline'"],
    'font-src': ["'self'", 'data:'],
    'img-src': ["'self'", 'data:'],
    'connect-src': ["'self'"],
    'worker-src': ["'self'", 'blob:'],
    'base-uri': ["'none'"],
    'form-action': ["'self'"],
    'frame-ancestors': ["'none'"],
  },
};

export async function registerGraphiql(app: FastifyInstance): Promise<void> {
  await app.register(async (scope) => {
    // On the assets too: a worker obeys the policy of its own script.
    scope.addHook('onRequest', async (_request, reply) => void reply.helmet({ contentSecurityPolicy }));
    // Relative, as are the links of the page: a proxy may serve all of it under a prefix.
    scope.get('/', async (_request, reply) => reply.redirect('graphiql'));
    scope.get('/graphiql/', async (_request, reply) => reply.redirect('../graphiql'));
    await scope.register(fastifyStatic, {
      root: `${root}assets`,
      prefix: '/graphiql/assets/',
      index: false,
      // The file names contain a hash of the content.
      immutable: true,
      maxAge: '365d',
    });
    scope.get('/graphiql', async (_request, reply) =>
      reply
        .header('cache-control', 'no-cache')
        .sendFile('index.html', root, { maxAge: 0, immutable: false, cacheControl: false }),
    );
  });
}
