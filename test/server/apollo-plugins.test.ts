/** An operator's plugins of Apollo Server: they see and change operations over HTTP, and what is wrong with them stops the start. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { type Answer, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { connect } from '../support/raw-socket.ts';
import { ServerProcess } from '../support/server-process.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

let files = 0;
function moduleOf(text: string): string {
  const path = join(folder.path, `plugins-${files++}.js`);
  writeFileSync(path, text);
  return path;
}

/** Writes each hook that is called to the log, and has a part in operations whose names say so. */
const plugin = `
import { GraphQLError } from ${JSON.stringify(import.meta.resolve('graphql'))};

class Recorder {
  async serverWillStart({ logger, schema }) {
    logger.info('serverWillStart ' + schema.getQueryType().name);
    return { serverWillStop: async () => logger.info('serverWillStop') };
  }
  async invalidRequestWasReceived({ error }) {
    this.invalid = error.extensions.code;
  }
  async requestDidStart({ logger, contextValue, request }) {
    const say = (text) => logger.info(text);
    say('requestDidStart ' + contextValue.viewer?.userId);
    return {
      didResolveSource: async ({ source }) => say('didResolveSource ' + source.length),
      parsingDidStart: async () => say('parsingDidStart'),
      validationDidStart: async () => say('validationDidStart'),
      async didResolveOperation({ operationName }) {
        say('didResolveOperation ' + operationName);
        if (operationName === 'Forbidden') throw new GraphQLError('Not today.', { extensions: { code: 'FORBIDDEN' } });
        if (operationName === 'Teapot')
          throw new GraphQLError('A teapot.', { extensions: { code: 'BAD_REQUEST', http: { status: 418 } } });
        if (operationName === 'Unknown')
          throw new GraphQLError('A code of its own.', { extensions: { code: 'CUSTOM', retryable: 'perhaps' } });
        if (operationName === 'Bug') throw new TypeError('a secret of the plugin');
      },
      didEncounterErrors: async ({ errors }) => say('didEncounterErrors ' + errors.map((e) => e.extensions.code)),
      async executionDidStart() {
        say('executionDidStart');
        return {
          willResolveField({ info }) {
            return () => say('field ' + info.parentType.name + '.' + info.fieldName);
          },
          executionDidEnd: async () => say('executionDidEnd'),
        };
      },
      async willSendResponse({ response }) {
        say('willSendResponse');
        response.http.headers.set('x-plugin', request.operationName === 'Header' ? 'two\\r\\nlines' : 'seen');
        response.body.singleResult.extensions = { seen: true };
      },
    };
  }
}
export default [new Recorder()];
`;

describe('a plugin', () => {
  let server: TestServer;
  let alice: TestUser;
  beforeAll(async () => {
    server = await startServer({ APOLLO_PLUGINS: moduleOf(plugin), OPERATIONS_PER_BATCH_MAX: '5' });
    alice = await server.user();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const said = () =>
    server.logLines.filter((line) => line['log.logger'] === 'apollo-server').map(({ message }) => message);

  async function ask(query: string, { accept = 'application/json', variables = {} } = {}) {
    const before = said().length;
    const headers = {
      accept,
      'content-type': 'application/json',
      authorization: `Bearer ${alice.session.accessToken}`,
    };
    const operationName = /^\w+ (\w+)/.exec(query)?.[1];
    const init = { method: 'POST', headers, body: JSON.stringify({ query, variables, operationName }) };
    const response = await fetch(`${server.url}/graphql`, init);
    const answer = (await response.json()) as Answer & { extensions?: object };
    return { status: response.status, header: response.headers.get('x-plugin'), answer, hooks: said().slice(before) };
  }

  it('has its hooks called around an operation, and not those of parsing and validation', async () => {
    const query = 'query Me { viewer { user { id } } }';
    const { answer, header, hooks } = await ask(query);
    expect(answer).toEqual({ data: { viewer: { user: { id: alice.id } } }, extensions: { seen: true } });
    expect(header).toBe('seen');
    expect(hooks).toEqual([
      `requestDidStart ${alice.id}`,
      `didResolveSource ${query.length}`,
      'didResolveOperation Me',
      'executionDidStart',
      'field Query.viewer',
      'field Viewer.user',
      'field User.id',
      'executionDidEnd',
      'willSendResponse',
    ]);
  });

  it.each([
    ['GRAPHQL_PARSE_FAILED', '{ viewer {', {}],
    ['GRAPHQL_VALIDATION_FAILED', 'query A { nothing }', {}],
    ['QUERY_TOO_COMPLEX', `{ ${Array.from({ length: 30 }, (_, i) => `a${i}: __typename`).join(' ')} }`, {}],
    ['BAD_USER_INPUT', 'query B($n: Int!) { conversations(first: $n) { totalUnread: __typename } }', { n: 'x' }],
    ['BAD_USER_INPUT', 'query C { conversations(first: 0) { nodes { id } } }', {}],
    ['BAD_REQUEST', 'subscription D { messageReceived { __typename } }', {}],
  ])('sees the errors that clients see: %s', async (code, query, variables) => {
    for (const [accept, refused] of [
      ['application/json', 200],
      ['application/graphql-response+json', 400],
    ] as const) {
      const { status, answer, hooks } = await ask(query, { accept, variables });
      expect(answer.errors?.[0]?.extensions).toMatchObject({ code, retryable: false });
      expect(answer.errors?.[0]?.extensions).not.toHaveProperty('http');
      expect(status).toBe(answer.data === undefined ? refused : 200);
      expect(hooks).toContain(`didEncounterErrors ${code}`);
      expect(hooks.at(-1)).toBe('willSendResponse');
    }
  });

  it('may refuse an operation', async () => {
    const { status, answer } = await ask('query Forbidden { viewer { user { id } } }');
    expect(answer.errors).toEqual([{ message: 'Not today.', extensions: { code: 'FORBIDDEN', retryable: false } }]);
    expect({ status, data: answer.data }).toEqual({ status: 200, data: undefined });
    const accept = 'application/graphql-response+json';
    expect((await ask('query Forbidden { __typename }', { accept })).status).toBe(400);
    expect((await ask('query Teapot { __typename }')).status).toBe(418);
  });

  it('may refuse it with a code of the catalogue only', async () => {
    const { answer } = await ask('query Unknown { __typename }');
    expect(answer.errors).toEqual([
      { message: 'A code of its own.', extensions: { code: 'BAD_REQUEST', retryable: false } },
    ]);
  });

  it('sets no header that would break the answer', async () => {
    const { status, header, answer } = await ask('query Header { __typename }');
    expect({ status, header }).toEqual({ status: 500, header: null });
    expect(answer).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: true } }] });
  });

  it('has its faults masked and logged', async () => {
    const { answer } = await ask('query Bug { __typename }');
    expect(answer.errors).toMatchObject([
      { message: 'Internal server error.', extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: true } },
    ]);
    const { traceId } = answer.errors?.[0]?.extensions ?? {};
    expect(JSON.stringify(server.logLines.find((line) => line['trace.id'] === traceId))).toContain(
      'a secret of the plugin',
    );
    expect((await ask('{ __typename }')).answer.data).toEqual({ __typename: 'Query' });
  });

  it('sees each operation of a batch', async () => {
    const before = said().length;
    const body = JSON.stringify([{ query: 'query One { __typename }' }, { query: 'query Two { __typename }' }]);
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    expect(await (await fetch(`${server.url}/graphql`, init)).json()).toHaveLength(2);
    expect(said().slice(before)).toEqual(
      expect.arrayContaining(['didResolveOperation One', 'didResolveOperation Two']),
    );
  });

  it('sees no operation of a socket', async () => {
    const socket = await connect(server, alice.session.accessToken);
    const before = said().length;
    expect((await socket.ask('query OnSocket { viewer { user { id } } }')).data).toMatchObject({ viewer: {} });
    expect(said().slice(before)).toEqual([]);
    await socket.close();
  });

  it('may be the one in docs/operation.md', async () => {
    const page = readFileSync(new URL('../../docs/operation.md', import.meta.url), 'utf8');
    const example = /```js\n(.*?export default.*?)```/s.exec(page)?.[1] ?? '';
    await using own = await startServer({ APOLLO_PLUGINS: moduleOf(example) });
    await own.post('query Wrong { nothing }');
    const warnings = own.logLines.filter((line) => line['log.level'] === 'warn').map(({ message }) => message);
    expect(warnings).toEqual(['an operation failed: GRAPHQL_VALIDATION_FAILED']);
  });

  it('is started and stopped with the server', async () => {
    const own = await startServer({ APOLLO_PLUGINS: moduleOf(plugin) });
    const { logLines } = own;
    await own[Symbol.asyncDispose]();
    const messages = logLines.map(({ message }) => message);
    expect(messages).toContain('serverWillStart Query');
    expect(messages).toContain('serverWillStop');
  });
});

describe('the start is refused', () => {
  it.each([
    ['throw new Error("no licence");', 'cannot be loaded: no licence'],
    ['export const plugins = [];', 'must export a list of plugins as its default export'],
    ['export default { async requestDidStart() {} };', 'must export a list of plugins as its default export'],
    ['export default [42];', 'plugin 1 is not an object'],
    ['export default [{ async requestDidStart() {} }, () => {}];', 'plugin 2 is not an object'],
    ['export default [{ async requestDidStrat() {} }];', 'plugin 1 has no hook of Apollo Server'],
    ['export default [{ requestDidStart: true }];', 'plugin 1 has a `requestDidStart` that is not a function'],
    ['export default [{ async serverWillStart() { throw new Error("no network"); } }];', 'does not start: no network'],
  ])('for %s', async (text, problem) => {
    await expect(startServer({ APOLLO_PLUGINS: moduleOf(text) })).rejects.toThrow(problem);
  });

  it('with a message for the operator', async () => {
    await using missing = new ServerProcess({
      DATA_DIR: join(folder.path, 'data'),
      APOLLO_PLUGINS: './no-such-file.js',
    });
    expect(await missing.failToStart()).toBe(1);
    expect(missing.stderr).toMatch(
      /^\nHeliograph cannot start\. APOLLO_PLUGINS \.\/no-such-file\.js cannot be loaded: .*\n\n$/,
    );
  });
});

it('without plugins Apollo Server shows no page of its own, and writes nothing to the log', async () => {
  await using server = await startServer();
  const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
  const response = await fetch(`${server.url}/graphql`, { headers: { accept } });
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  await server.post('{ __typename }');
  const lines = server.logLines.filter((line) => line['log.logger'] !== undefined || line['log.level'] !== 'info');
  expect(lines).toEqual([]);
});
