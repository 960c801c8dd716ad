/** Settings that limit the exposure of a server: GraphiQL, the schema, and the pages for operators. */
import { getIntrospectionQuery } from 'graphql';
import { describe, expect, it } from 'vitest';
import { startServer } from '../support/heliograph.ts';
import { bothTransports, errorsOf } from '../support/transports.ts';

const statusOf = async (url: string) => (await fetch(url, { redirect: 'manual' })).status;

it('GRAPHIQL=false serves no page, and the API as ever', async () => {
  await using server = await startServer({ GRAPHIQL: 'false' });
  for (const path of ['/', '/graphiql', '/graphiql/', '/graphiql/assets/'])
    expect([path, await statusOf(`${server.url}${path}`)]).toEqual([path, 404]);
  expect(await server.post('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
});

describe('INTROSPECTION=false', () => {
  it('refuses to show the schema over both transports, and answers everything else', async () => {
    await using server = await startServer({ INTROSPECTION: 'false' });
    const transports = await bothTransports(server, (await server.user()).session.accessToken);
    for (const transport of transports) {
      for (const query of [
        getIntrospectionQuery(),
        '{ __type(name: "User") { name } }',
        '{ a: __schema { types { name } } }',
      ]) {
        const answer = await transport.ask(query);
        expect(answer.data).toBeUndefined();
        expect(errorsOf(answer)).toMatchObject([
          { code: 'GRAPHQL_VALIDATION_FAILED', message: 'Introspection is disabled.' },
        ]);
      }
      expect((await transport.ask('{ viewer { user { __typename } } }')).data).toEqual({
        viewer: { user: { __typename: 'User' } },
      });
    }
    for (const transport of transports) await transport[Symbol.asyncDispose]();
  });

  it.each<[name: string, query: string, variables?: object]>([
    ['fields', '{ vewer { id } }'],
    ['arguments', '{ user(by: { usernam: "a" }) { id } }'],
    ['types', '{ viewer { user { ... on Usr { id } } } }'],
    [
      'fields of variables',
      'mutation ($input: LogInInput!) { logIn(input: $input) { session { deviceId } } }',
      { input: { usernam: 'a', password: 'b' } },
    ],
  ])('suggests no names of %s', async (_name, query, variables) => {
    await using open = await startServer();
    expect(JSON.stringify(await open.post(query, variables))).toContain('Did you mean');
    await using server = await startServer({ INTROSPECTION: 'false' });
    const { errors } = await server.post(query, variables);
    expect(errors?.[0]?.message).not.toBe('');
    expect(JSON.stringify(errors)).not.toContain('Did you mean');
  });
});

it('a server that listens on other networks without a proxy warns that nothing is encrypted', async () => {
  const warnings = async (env: Record<string, string>) => {
    await using server = await startServer(env);
    return server.logLines.filter(({ message }) => message.includes('unencrypted')).length;
  };
  expect(await warnings({ HOST: '0.0.0.0' })).toBe(1);
  expect(await warnings({ HOST: '0.0.0.0', TRUST_PROXY: '1' })).toBe(0);
  expect(await warnings({ HOST: 'localhost' })).toBe(0);
});

it('METRICS_PORT moves the pages for operators to a port of their own', async () => {
  await using server = await startServer({ METRICS_PORT: '0' });
  const { operatorUrl } = server.heliograph.server;
  expect(operatorUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  for (const path of ['/metrics', '/%6detrics', '/readyz'])
    expect([path, await statusOf(`${server.url}${path}`)]).toEqual([path, 404]);
  for (const path of ['/metrics', '/readyz', '/healthz'])
    expect([path, await statusOf(`${operatorUrl}${path}`)]).toEqual([path, 200]);
  expect(await statusOf(`${server.url}/healthz`)).toBe(200);
  expect(await statusOf(`${operatorUrl}/graphql?query={__typename}`)).toBe(404);
  expect(await (await fetch(`${operatorUrl}/metrics`)).text()).toContain('heliograph_operations_total');
});
