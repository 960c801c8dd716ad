/** How long the lists of a schema can be: a page that the request asks for, or a bound of the list itself. */
import {
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isListType,
  isObjectType,
} from 'graphql';
import type { ListBound } from '../../resolvers/list-bounds.ts';

const pageArguments: ReadonlySet<string> = new Set(['first', 'last']);

export function isPageArgument(name: string): boolean {
  return pageArguments.has(name);
}

/** Whether a field takes the size of a page. */
export function takesPage({ args }: GraphQLField<unknown, unknown>): boolean {
  return args.some(({ name }) => isPageArgument(name));
}

/** `page`: as long as the page that the field around it was asked for. */
export type ListSize = number | 'page';

/**
 * Finds the sizes of lists. A list is a page where every field that returns its type takes the size of one, as `edges` and `nodes` of a
 * connection are; any other needs a bound.
 *
 * @returns by type and field: 1 for a field that is not a list; null for a list with neither
 */
export function createListSizes(schema: GraphQLSchema, bounds: Readonly<Record<string, ListBound>>) {
  const paged = new Map<string, boolean>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const { name } = getNamedType(field.type);
      // Where any field returns it without a page, nobody knows how long its lists are.
      paged.set(name, takesPage(field) && !isList(field) && paged.get(name) !== false);
    }
  }
  return (typeName: string, field: GraphQLField<unknown, unknown>): ListSize | null => {
    if (!isList(field)) return 1;
    const bound = bounds[`${typeName}.${field.name}`];
    if (bound !== undefined) return bound.counted ?? bound.max;
    return paged.get(typeName) === true ? 'page' : null;
  };
}

export type ListSizes = ReturnType<typeof createListSizes>;

function isList({ type }: GraphQLField<unknown, unknown>): boolean {
  return isListType(getNullableType(type));
}
