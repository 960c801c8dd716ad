/** The published SDL passes graphql-eslint's rules for schemas and for Relay, except where a reason stands here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import graphql from '@graphql-eslint/eslint-plugin';
import { ESLint, type Linter } from 'eslint';
import { describe, expect, it } from 'vitest';
import { root } from './support/project.ts';

const schemaPath = join(root, 'schema/published/schema.graphql');
const { configs } = graphql as unknown as { configs: Record<string, { rules: Linter.RulesRecord }> };

/** Results, pages and the events of subscriptions are values: no two answers are the same object. */
const valueSuffixes = ['Payload', 'Connection', 'Edge'];
const typesWithoutId = [
  // Values, as above.
  'PageInfo',
  'InboxPage',
  'StreamReady',
  'MessageReceived',
  'StreamTruncated',
  'StreamHeartbeat',
  'ReceiptChange',
  'MessageStatusChange',
  // Parts of one object each, which caches store with it.
  'Attachment',
  'SystemEvent',
  'Presence',
  // Keyed by their number in the viewer's own inbox.
  'InboxEntry',
  'TruncatedBacklog',
  // One for each session and server. Relay knows `viewer` as such an object.
  'Viewer',
  'Session',
  'ServerInfo',
];

const options: Linter.RulesRecord = {
  '@graphql-eslint/strict-id-in-types': ['error', { exceptions: { suffixes: valueSuffixes, types: typesWithoutId } }],
  // Connections have `nodes` beside `edges`, and lists with a documented bound need no pages.
  '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
  // Results of a search are paged forward only.
  '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
};

/** Rules that take no exceptions report these. */
const accepted = [
  // Clients get it in `extensions.code`, which no field can have as its type.
  '@graphql-eslint/no-unreachable-types: Enum type `ErrorCode` is unreachable.',
  // The name to log in with. `User.name` would read as the name to display.
  '@graphql-eslint/no-typename-prefix: Field "username" starts with the name of the parent type "User"',
];

async function problemsOf(sdl: string, exceptions = options): Promise<string[]> {
  const eslint = new ESLint({
    overrideConfigFile: true,
    overrideConfig: [
      {
        files: ['**/*.graphql'],
        languageOptions: {
          parser: graphql.parser,
          parserOptions: { graphQLConfig: { schema: sdl } },
        },
        plugins: { '@graphql-eslint': graphql as never },
        rules: {
          ...configs['flat/schema-recommended']?.rules,
          ...configs['flat/schema-relay']?.rules,
          ...exceptions,
        },
      },
    ],
  });
  const [result] = await eslint.lintText(sdl, { filePath: 'schema.graphql' });
  return (result?.messages ?? []).map(({ ruleId, message }) => `${ruleId}: ${message}`);
}

const published = readFileSync(schemaPath, 'utf8');

describe('graphql-eslint', () => {
  it('accepts the published schema', async () => {
    expect((await problemsOf(published)).sort()).toEqual(accepted.sort());
  });

  it('would report each exception, so that none is left over', async () => {
    const reported = await problemsOf(published, {});
    for (const name of typesWithoutId)
      expect(
        reported.some((problem) => problem.includes(`type "${name}" must have`)),
        name,
      ).toBe(true);
    expect(reported.some((problem) => problem.startsWith('@graphql-eslint/relay-edge-types'))).toBe(true);
    expect(reported.some((problem) => problem.startsWith('@graphql-eslint/relay-arguments'))).toBe(true);
  });

  it.each([
    ['a page without pageInfo', published.replace(/type MemberConnection \{/, '$& pageInfo: Int! } type Other {')],
    ['an object without an id', `${published}\n"A." type Extra { "B." a: Int }`],
  ])('reports %s', async (_name, sdl) => {
    expect((await problemsOf(sdl)).length).toBeGreaterThan(accepted.length);
  });
});
