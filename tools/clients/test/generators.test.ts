/** Code generators accept the published SDL, and the query that every developer writes first, and their output compiles. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CodegenConfig, generate } from '@graphql-codegen/cli';
import { buildSchema as buildOldSchema, validateSchema as validateOldSchema } from 'graphql-15';
import { describe, expect, it } from 'vitest';
import { createProject, type Project, root } from './support/project.ts';
import { createRelayProject } from './support/relay.ts';

const operations = readFileSync(join(import.meta.dirname, '../documents/operations.graphql'), 'utf8');
const good = { code: 0, text: '' };

/** Each union member under its own condition, and no alias. */
const useOfTheStream = `
export function describe(event: NonNullable<StreamSubscription['messageReceived']>): string {
  switch (event.__typename) {
    case 'StreamReady': return event.startSeq + event.headSeq;
    case 'MessageReceived': return (event.inboxSeq ?? '') + event.message.id;
    case 'StreamTruncated': return event.backlogs.map(({ inboxSeq }) => inboxSeq).join();
    case 'StreamHeartbeat': return event.position;
  }
}
// A branch that reads another member's field must not compile.
export function misuse(event: NonNullable<StreamSubscription['messageReceived']>): string {
  // @ts-expect-error
  return event.__typename === 'StreamReady' ? event.position : '';
}
`;

const scalars = {
  ID: 'string',
  DateTime: 'string',
  Seq: 'string',
  BigInt: 'string',
  JSONObject: 'Record<string, unknown>',
};

async function generateInto(project: Project, generates: CodegenConfig['generates']) {
  const files: { filename: string; content: string }[] = await generate(
    { cwd: project.folder, schema: 'schema.graphql', generates, silent: true },
    false,
  );
  project.write(Object.fromEntries(files.map(({ filename, content }) => [filename, content])));
}

it('graphql-codegen with the plugins typescript and typescript-operations', async () => {
  using project = createProject();
  project.write({ 'operations.graphql': operations });
  await generateInto(project, {
    'src/types.ts': {
      documents: 'operations.graphql',
      plugins: ['typescript-operations'],
      config: { strictScalars: true, useTypeImports: true, nonOptionalTypename: true, scalars },
    },
    'src/schema-types.ts': {
      plugins: ['typescript'],
      config: { strictScalars: true, useTypeImports: true, enumsAsTypes: true, scalars },
    },
  });
  project.write({
    'src/use.ts': `import type { StreamSubscription } from './types.ts';
import type { MessageTarget } from './schema-types.ts';
${useOfTheStream}
export const target: MessageTarget = { userId: '1' };
// @ts-expect-error exactly one of the two
export const both: MessageTarget = { userId: '1', conversationId: '2' };
`,
  });
  expect(await project.types()).toEqual(good);
});

it('gql.tada', async () => {
  using project = createProject();
  const tsconfig = JSON.parse(project.read('tsconfig.json')) as { compilerOptions: object; include: string[] };
  project.write({
    'tsconfig.json': {
      ...tsconfig,
      compilerOptions: {
        ...tsconfig.compilerOptions,
        strict: true,
        plugins: [
          { name: 'gql.tada/ts-plugin', schema: './schema.graphql', tadaOutputLocation: './src/graphql-env.d.ts' },
        ],
      },
    },
    'src/use.ts': `import { initGraphQLTada, type ResultOf } from 'gql.tada';
import type { introspection } from './graphql-env.d.ts';
const graphql = initGraphQLTada<{
  introspection: introspection;
  disableMasking: true;
  scalars: { ID: string; DateTime: string; Seq: string; BigInt: string; JSONObject: Record<string, unknown> };
}>();
const stream = graphql(\`
  subscription Stream($afterSeq: Seq) {
    messageReceived(afterSeq: $afterSeq) {
      __typename
      ... on StreamReady { startSeq headSeq }
      ... on MessageReceived { inboxSeq message { id } }
      ... on StreamTruncated { backlogs { inboxSeq } }
      ... on StreamHeartbeat { position }
    }
  }
\`);
type StreamSubscription = ResultOf<typeof stream>;
${useOfTheStream}
`,
  });
  const output = await project.run('gql.tada', 'generate-output');
  expect(output, output.text).toMatchObject({ code: 0 });
  expect(project.read('src/graphql-env.d.ts')).toContain('MessageStreamEvent');
  expect(await project.types()).toEqual(good);
});

it('relay-compiler', async () => {
  const { project, output } = await createRelayProject();
  using _ = project;
  expect(output, output.text).toMatchObject({ code: 0 });
  expect(await project.types()).toEqual(good);
});

describe('a parser that is older than @oneOf', () => {
  const sdl = readFileSync(join(root, 'schema/published/schema.graphql'), 'utf8');

  it('accepts the published schema', () => {
    const schema = buildOldSchema(sdl);
    expect([validateOldSchema(schema), schema.getType('MessageTarget')?.name]).toEqual([[], 'MessageTarget']);
  });

  it('would not accept it without the definition of @oneOf', () => {
    const withoutDefinition = sdl.replace(/^"""[^"]*"""\ndirective @oneOf .*$/m, '');
    expect(() => buildOldSchema(withoutDefinition)).toThrow('Unknown directive "@oneOf"');
  });
});
