/**
 * The GraphQL over HTTP specification, by the suite of the people who wrote it: SHOULD and MAY count as MUST here. The suite sends some
 * requests over GET without a header, which CSRF prevention refuses: these get the header that says that no page sent them.
 */
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support/heliograph.ts';

const plugins = new URL('../support/idle-plugin.ts', import.meta.url).pathname;

describe.each([
  ['without plugins', {}],
  // Apollo Server then has another way to the pipeline.
  ['with a plugin of Apollo Server', { APOLLO_PLUGINS: plugins }],
])('GraphQL over HTTP %s', (_which, env) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer(env);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const audits = serverAudits({
    url: () => `${server.url}/graphql`,
    fetchFn: (url: string, init: RequestInit = {}) => {
      const headers = new Headers(init.headers);
      headers.set('apollo-require-preflight', '1');
      return fetch(url, { ...init, headers });
    },
  });

  it('is audited in all its parts', () => {
    expect(audits.length).toBeGreaterThanOrEqual(60);
  });

  it.each(audits.map((audit) => [`${audit.id} ${audit.name}`, audit] as const))('%s', async (_name, audit) => {
    const result = await audit.fn();
    expect('reason' in result ? `${result.status}: ${result.reason}` : result.status).toBe('ok');
  });
});
