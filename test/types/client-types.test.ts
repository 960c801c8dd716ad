/** The first step of a frontend team: generate types from the published schema, and write typed code with them. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { preset } from '@graphql-codegen/client-preset';
import { codegen } from '@graphql-codegen/core';
import {
  buildClientSchema,
  buildSchema,
  type GraphQLSchema,
  lexicographicSortSchema,
  parse,
  printSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';

const root = new URL('../..', import.meta.url).pathname;

const app = `import { graphql } from './gql/index.ts';
import type { ResultOf, VariablesOf } from '@graphql-typed-document-node/core';

const stream = graphql(\`
  subscription Stream($afterSeq: Seq) {
    messageReceived(afterSeq: $afterSeq) {
      __typename
      ... on StreamReady { startSeq headSeq }
      ... on MessageReceived { inboxSeq message { id seq status text data sentAt sender { displayName } } }
      ... on StreamTruncated { backlogs { inboxSeq conversationId fromSeq toSeq } }
      ... on StreamHeartbeat { position }
    }
  }
\`);

const send = graphql(\`
  mutation Send($input: SendMessageInput!) { sendMessage(input: $input) { deduplicated sentMessage { id status } } }
\`);

const history = graphql(\`
  query History($conversationId: ID!, $range: HistoryRange, $before: String) {
    history(conversationId: $conversationId, range: $range, last: 20, before: $before) {
      nodes { seq text attachments { url byteSize } systemEvent { kind } }
      pageInfo { hasPreviousPage startCursor }
    }
  }
\`);

type Event = NonNullable<ResultOf<typeof stream>['messageReceived']>;

export function show(event: Event): string {
  switch (event.__typename) {
    case 'StreamReady':
      return event.headSeq.padStart(4);
    case 'MessageReceived': {
      const { message, inboxSeq } = event;
      const position: bigint | null = inboxSeq == null ? null : BigInt(inboxSeq);
      const at: Date = new Date(message.sentAt);
      const color: unknown = message.data?.color;
      const status: 'SENDING' | 'SENT' | 'DELIVERED' | 'READ' | 'FAILED' = message.status;
      return [position, at, color, status, message.text.trim(), message.sender?.displayName].join(' ');
    }
    case 'StreamTruncated':
      return event.backlogs.map(({ fromSeq, toSeq }) => fromSeq + toSeq).join();
    case 'StreamHeartbeat':
      return event.position;
    default:
      return event satisfies never;
  }
}

export const sends: VariablesOf<typeof send>[] = [
  { input: { to: { userId: '1' }, clientMessageId: 'a', text: 'by user' } },
  { input: { to: { conversationId: '1' }, clientMessageId: 'b', text: '', data: { color: 'blue' }, replyToId: null } },
];
export const pages: VariablesOf<typeof history> = { conversationId: '1', range: { from: '2026-01-01T00:00:00Z' } };

// Scalars are what they are on the wire, and nothing looser.
// @ts-expect-error A Seq is text.
export const afterSeq: VariablesOf<typeof stream> = { afterSeq: 12.5 };
// @ts-expect-error A DateTime is text.
export const range: VariablesOf<typeof history> = { conversationId: '1', range: { from: new Date() } };
// @ts-expect-error A message has one target.
export const targets: VariablesOf<typeof send>['input']['to'] = { userId: '1', conversationId: '1' };
// @ts-expect-error A target is needed.
export const noTarget: VariablesOf<typeof send> = { input: { clientMessageId: 'a', text: 'x' } };
// @ts-expect-error The seq of a message that is on its way is null.
export const seqOf = (event: Event): string | false => event.__typename === 'MessageReceived' && event.message.seq;
`;

const tsconfig = {
  compilerOptions: {
    target: 'esnext',
    lib: ['esnext', 'dom'],
    module: 'nodenext',
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    noUncheckedIndexedAccess: true,
    noImplicitOverride: true,
  },
  include: ['**/*.ts'],
};

const config = {
  strictScalars: true,
  useTypeImports: true,
  enumsAsTypes: true,
  emitLegacyCommonJSImports: false,
  importExtension: '.ts' as const,
  scalars: { ID: 'string', DateTime: 'string', Seq: 'string', BigInt: 'string', JSONObject: 'Record<string, unknown>' },
};

function schemaOf(artefact: string): GraphQLSchema {
  const text = readFileSync(join(root, 'schema/published', artefact), 'utf8');
  return lexicographicSortSchema(artefact.endsWith('.json') ? buildClientSchema(JSON.parse(text)) : buildSchema(text));
}

/** The files that GraphQL Code Generator's client preset makes, by name, and the type checker's complaints about code that uses them. */
async function typesFrom(artefact: string): Promise<{ files: Map<string, string>; complaints: string }> {
  using folder = temporaryFolder();
  const schemaAst = schemaOf(artefact);
  const outputs = await preset.buildGeneratesSection({
    presetConfig: { fragmentMasking: false },
    baseOutputDir: 'gql/',
    schema: parse(printSchema(schemaAst)),
    schemaAst,
    documents: [...app.matchAll(/graphql\(`([^`]+)`\)/g)].map(([, rawSDL = '']) => ({
      location: 'app.ts',
      document: parse(rawSDL),
      rawSDL,
    })),
    config,
    plugins: [],
    pluginMap: {},
  });
  const files = new Map<string, string>();
  mkdirSync(join(folder.path, 'gql'));
  for (const output of outputs) {
    files.set(output.filename, await codegen({ ...output, schemaAst }));
    writeFileSync(join(folder.path, output.filename), files.get(output.filename) ?? '');
  }
  writeFileSync(join(folder.path, 'app.ts'), app);
  writeFileSync(join(folder.path, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder.path, 'tsconfig.json'), JSON.stringify(tsconfig));
  symlinkSync(join(root, 'node_modules'), join(folder.path, 'node_modules'));
  const tsc = join(root, 'node_modules/.bin/tsc');
  const complaints = await promisify(execFile)(tsc, ['-p', folder.path]).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
  return { files, complaints };
}

describe("a frontend's generated types", () => {
  it('are strict, and the same from both published artefacts', async () => {
    const [fromSdl, fromIntrospection] = [await typesFrom('schema.graphql'), await typesFrom('introspection.json')];
    expect(fromSdl.complaints).toBe('');
    expect([...fromSdl.files.keys()].sort()).toEqual(['gql/gql.ts', 'gql/graphql.ts', 'gql/index.ts']);
    expect(fromIntrospection).toEqual(fromSdl);
    // Descriptions come along, for the editor to show.
    expect(fromSdl.files.get('gql/graphql.ts')).toContain('/**');
  }, 60_000);
});
