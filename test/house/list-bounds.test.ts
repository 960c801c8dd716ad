/** No list of the schema is of any length: the cost of an operation, and so the work that one request may cause, depends on it. */
import { buildSchema, type GraphQLSchema, getNullableType, isInputObjectType, isListType, isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { resolvers } from '../../src/resolvers/index.ts';
import { type ListBound, listBounds } from '../../src/resolvers/list-bounds.ts';
import { createSchema } from '../../src/resolvers/schema.ts';
import { createListSizes } from '../../src/server/pipeline/list-sizes.ts';

const schema = createSchema(resolvers);

/** Lists in answers, by type and field. */
function listsOf(from: GraphQLSchema, bounds: Readonly<Record<string, ListBound>>) {
  const sizeOf = createListSizes(from, bounds);
  return Object.values(from.getTypeMap())
    .filter((type) => isObjectType(type))
    .filter(({ name }) => !name.startsWith('__'))
    .flatMap((type) => Object.values(type.getFields()).map((field) => ({ type, field })))
    .filter(({ field }) => isListType(getNullableType(field.type)))
    .map(({ type, field }) => ({ name: `${type.name}.${field.name}`, size: sizeOf(type.name, field) }));
}

const withoutSize = (from: GraphQLSchema, bounds: Readonly<Record<string, ListBound>>) =>
  listsOf(from, bounds)
    .filter(({ size }) => size === null)
    .map(({ name }) => name);

/** Lists in requests without a documented maximum. */
function undescribedInputs(from: GraphQLSchema): string[] {
  const inputs = Object.values(from.getTypeMap()).flatMap((type) => {
    if (type.name.startsWith('__')) return [];
    if (isInputObjectType(type))
      return Object.values(type.getFields()).map((field) => ({ ...field, place: `${type.name}.${field.name}` }));
    if (!isObjectType(type)) return [];
    return Object.values(type.getFields()).flatMap(({ name, args }) =>
      args.map((arg) => ({ ...arg, place: `${type.name}.${name}(${arg.name}:)` })),
    );
  });
  return inputs
    .filter(({ type, description }) => isListType(getNullableType(type)) && !/at most [\d,]+/i.test(description ?? ''))
    .map(({ place }) => place);
}

describe('every list', () => {
  it('in an answer is a page, or has a bound', () => {
    expect(withoutSize(schema, listBounds)).toEqual([]);
  });

  it('with a bound is in the schema', () => {
    const names = new Set(listsOf(schema, listBounds).map(({ name }) => name));
    expect(Object.keys(listBounds).filter((name) => !names.has(name))).toEqual([]);
  });

  it('in a request has a documented maximum', () => {
    expect(undescribedInputs(schema)).toEqual([]);
  });
});

describe('a list is found to have neither', () => {
  const sdl = `
    type Query { items(first: Int = 50): Items! tags: [String!] }
    type Items { nodes: [Item!]! }
    type Item { id: ID! parts: [Item] }`;
  const lists = (text: string) => withoutSize(buildSchema(text), { 'Item.parts': { max: 3 } });

  it.each([
    ['on its own', sdl, ['Query.tags']],
    ['once nothing asks for its page', sdl.replace('(first: Int = 50)', ''), ['Query.tags', 'Items.nodes']],
    [
      'where one of two fields asks for no page',
      `${sdl} extend type Item { more: Items }`,
      ['Query.tags', 'Items.nodes'],
    ],
    ['where its page is of lists', sdl.replace(': Items!', ': [Items]'), ['Query.items', 'Query.tags', 'Items.nodes']],
  ])('%s', (_how, text, expected) => {
    expect(lists(text)).toEqual(expected);
  });

  it('in a request, without a word about its length', () => {
    const text = 'type Query { a("At most 5." x: [ID], y: [ID!]!): ID } input In { "Some." z: [Int!] }';
    expect(undescribedInputs(buildSchema(text))).toEqual(['Query.a(y:)', 'In.z']);
  });
});
