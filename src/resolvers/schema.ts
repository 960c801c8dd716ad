/** The executable schema: the SDL files in `schema/` and the resolvers of their fields. */
import { readdirSync, readFileSync } from 'node:fs';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { type GraphQLSchema, GraphQLSpecifiedByDirective, getDirectiveValues, isScalarType } from 'graphql';
import type { Resolvers } from '../generated/resolver-types.ts';

const folder = new URL('../../schema/', import.meta.url);

/** The SDL, one text per file, in the order of the files' names. */
export function loadTypeDefs(): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.graphql'));
  return names.sort().map((name) => readFileSync(new URL(name, folder), 'utf8'));
}

export function createSchema(resolvers: Resolvers): GraphQLSchema {
  const schema = makeExecutableSchema({
    typeDefs: loadTypeDefs(),
    resolvers,
    resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
  });
  // A scalar's resolver replaces everything that the SDL declares for it, even properties that the resolver leaves undefined.
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isScalarType(type) || type.astNode == null) continue;
    type.description = type.astNode.description?.value;
    type.specifiedByURL = getDirectiveValues(GraphQLSpecifiedByDirective, type.astNode)?.url as string | undefined;
  }
  return schema;
}
