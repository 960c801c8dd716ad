/** The TypeScript types of the resolvers, from the schema. */
import { codegen } from '@graphql-codegen/core';
import * as typescript from '@graphql-codegen/typescript';
import * as typescriptResolvers from '@graphql-codegen/typescript-resolvers';
import { type GraphQLSchema, parse, printSchema } from 'graphql';

export const resolverTypesFile = 'src/generated/resolver-types.ts';

/** Types that resolvers return a model for; the fields' own resolvers derive the rest. */
const modelled = [
  'User',
  'Viewer',
  'Device',
  'Session',
  'Conversation',
  'Member',
  'Message',
  'SystemEvent',
  'Attachment',
  'Presence',
  'InboxPage',
  'InboxEntry',
  'TruncatedBacklog',
  'ReceiptChange',
  'MessageStatusChange',
  'StreamReady',
  'MessageReceived',
  'StreamTruncated',
  'StreamHeartbeat',
];

const config = {
  useTypeImports: true,
  enumsAsTypes: true,
  strictScalars: true,
  skipTypename: true,
  avoidOptionals: { field: true },
  inputMaybeValue: 'T | null | undefined',
  contextType: '../resolvers/context.ts#Context',
  scalars: { ID: 'string', DateTime: 'number', Seq: 'bigint', BigInt: 'bigint', JSONObject: 'Record<string, unknown>' },
  mapperTypeSuffix: '',
  mappers: Object.fromEntries(modelled.map((name) => [name, `../resolvers/models.ts#${name}Model`])),
};

export async function resolverTypes(schema: GraphQLSchema): Promise<string> {
  const types = await codegen({
    filename: resolverTypesFile,
    schema: parse(printSchema(schema)),
    schemaAst: schema,
    documents: [],
    config,
    plugins: [{ typescript: {} }, { typescriptResolvers: {} }],
    pluginMap: { typescript, typescriptResolvers },
  });
  return `/* Made by \`npm run codegen\` from schema/; do not edit. */\n${types}`;
}
