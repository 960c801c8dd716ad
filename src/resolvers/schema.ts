/** The executable schema: the SDL files in `schema/` and the resolvers of their fields. */
import { readdirSync, readFileSync } from 'node:fs';
import { makeExecutableSchema } from '@graphql-tools/schema';
import {
  defaultFieldResolver,
  type GraphQLSchema,
  GraphQLSpecifiedByDirective,
  getDirectiveValues,
  getNullableType,
  isListType,
  isObjectType,
  isScalarType,
} from 'graphql';
import type { Resolvers } from '../generated/resolver-types.ts';
import type { Context } from './context.ts';

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
  countLists(schema);
  return schema;
}

/** About the bytes of an item of a list in an answer, besides the texts that users wrote. */
const itemBytes = 512;

/** Counts the items of every list before they are resolved. */
function countLists(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      if (!isListType(getNullableType(field.type))) continue;
      const resolve = field.resolve ?? defaultFieldResolver;
      field.resolve = (parent, args, context: Context, info) => {
        const count = <T>(items: T): T => {
          if (Array.isArray(items)) context.budget.take(items.length * itemBytes);
          return items;
        };
        const items = resolve(parent, args, context, info);
        return items instanceof Promise ? items.then(count) : count(items);
      };
    }
  }
}
