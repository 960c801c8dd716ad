import { readFileSync } from 'node:fs';
import {
  buildSchema,
  findBreakingChanges,
  type GraphQLArgument,
  type GraphQLEnumType,
  type GraphQLInputField,
  type GraphQLSchema,
  type GraphQLType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  isUnionType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { errorCatalogue } from '../../src/domain/errors.ts';
import { resolvers } from '../../src/resolvers/index.ts';
import { createSchema } from '../../src/resolvers/schema.ts';

const contract = buildSchema(readFileSync(new URL('./contract.graphql', import.meta.url), 'utf8'));
const schema = createSchema(resolvers);

/** One element of a schema that a client can name, such as `Query.history(first:)`. */
interface Element {
  readonly description: string | null | undefined;
  /** All that a client relies on besides the name. */
  readonly shape: string;
}

function elementsOf(from: GraphQLSchema): Map<string, Element> {
  const elements = new Map<string, Element>();
  const add = (name: string, shape: string, description: string | null | undefined) =>
    elements.set(name, { shape, description });
  const shapeOf = ({ type, defaultValue }: GraphQLArgument | GraphQLInputField) =>
    defaultValue === undefined ? `${type}` : `${type} = ${JSON.stringify(defaultValue)}`;
  for (const type of Object.values(from.getTypeMap())) {
    if (isIntrospectionType(type) || isSpecifiedScalarType(type)) continue;
    const kind = type.constructor.name;
    if (isScalarType(type)) add(type.name, `${kind} ${type.specifiedByURL ?? ''}`, type.description);
    else if (isInputObjectType(type)) add(type.name, `${kind} ${type.isOneOf ? '@oneOf' : ''}`, type.description);
    else add(type.name, kind, type.description);
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        add(`${type.name}.${field.name}`, `${field.type}`, field.description);
        for (const arg of field.args) add(`${type.name}.${field.name}(${arg.name}:)`, shapeOf(arg), arg.description);
      }
      for (const { name } of type.getInterfaces()) add(`${type.name} implements ${name}`, 'interface', '(its own)');
    }
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) {
        add(`${type.name}.${field.name}`, shapeOf(field), field.description);
      }
    }
    if (isUnionType(type)) for (const { name } of type.getTypes()) add(`${type.name} = ${name}`, 'member', '(its own)');
    if (isEnumType(type)) {
      for (const value of type.getValues()) add(`${type.name}.${value.name}`, 'value', value.description);
    }
  }
  return elements;
}

const bareName = (type: GraphQLType): string => `${type}`.replace(/[[\]!]/g, '');

/** What clients written against `promised` would miss in `actual`: the largest elements only, a type without its fields. */
function missing(promised: GraphQLSchema, actual: GraphQLSchema): string[] {
  const found = elementsOf(actual);
  const names = [...elementsOf(promised).keys()].filter((name) => !found.has(name));
  return names.filter(
    (name) => !names.some((other) => /^[.( ]/.test(name.slice(other.length)) && name.startsWith(other)),
  );
}

/** What those clients would find in another shape, and what they would be required to send. */
function deviations(promised: GraphQLSchema, actual: GraphQLSchema): string[] {
  const found = elementsOf(actual);
  const changed = [...elementsOf(promised)]
    .filter(([name, { shape }]) => (found.get(name)?.shape ?? shape) !== shape)
    .map(([name, { shape }]) => `${name} is ${found.get(name)?.shape}, not ${shape}`);
  const required = findBreakingChanges(promised, actual).filter(({ type }) => type.startsWith('REQUIRED_'));
  return [...changed, ...required.map(({ description }) => description)];
}

const undescribed = (from: GraphQLSchema): string[] =>
  [...elementsOf(from)].filter(([, { description }]) => !description?.trim()).map(([name]) => name);

describe('the schema', () => {
  it('has all of the contract, unchanged', () => {
    expect(deviations(contract, schema)).toEqual([]);
    expect(missing(contract, schema)).toEqual([]);
  });

  it('describes every element', () => {
    expect(undescribed(schema)).toEqual([]);
  });

  it('is published as it is executed', () => {
    const published = buildSchema(
      readFileSync(new URL('../../schema/published/schema.graphql', import.meta.url), 'utf8'),
    );
    expect(elementsOf(published)).toEqual(elementsOf(schema));
  });

  it('names only errors of the catalogue', () => {
    const named = [...elementsOf(schema)].flatMap(([name, { description }]) =>
      [...(/\bErrors: (.*)/s.exec(description ?? '')?.[1] ?? '').matchAll(/`([A-Z_]{4,})`/g)].map(([, code]) => [
        name,
        code,
      ]),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(([, code]) => !Object.hasOwn(errorCatalogue, code as string))).toEqual([]);
  });

  it('has the codes of the catalogue', () => {
    const codes = schema.getType('ErrorCode') as GraphQLEnumType;
    const shown = codes
      .getValues()
      .map(({ name, description }) => [name, description?.replace(' Not produced yet.', '')]);
    expect(shown).toEqual(Object.entries(errorCatalogue).map(([name, { meaning }]) => [name, meaning]));
  });

  it('lets every root field fail alone', () => {
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const fields = roots.flatMap((root) => Object.values(root?.getFields() ?? {}));
    expect(fields.filter(({ type }) => `${type}`.endsWith('!')).map(({ name }) => name)).toEqual([]);
  });

  it('never takes the requesting user from an argument', () => {
    const names = [...elementsOf(schema).keys()].filter((name) =>
      /[.(](viewerId|senderId|myId|token):?\)?$/.test(name),
    );
    expect(names).toEqual(['Message.senderId']);
  });

  it('reaches all of its types', () => {
    const used = new Set(['Query', 'Mutation', 'Subscription', 'ErrorCode']);
    for (const type of Object.values(schema.getTypeMap())) {
      if (isUnionType(type)) for (const { name } of type.getTypes()) used.add(name);
      if (!isObjectType(type) && !isInputObjectType(type)) continue;
      for (const field of Object.values(type.getFields())) {
        used.add(bareName(field.type));
        if ('args' in field) for (const arg of field.args) used.add(bareName(arg.type));
      }
    }
    const own = Object.values(schema.getTypeMap()).filter(
      (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
    );
    expect(own.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
  });
});

describe('the comparison with the contract', () => {
  const sdl = `
    type Query { a(first: Int = 50): Int! b(input: In!): Kind u: U }
    input In @oneOf { x: ID y: ID }
    enum Kind { ONE TWO }
    union U = A | B
    type A { id: ID! } type B { id: ID! }
    scalar S @specifiedBy(url: "https://example.org/s")`;
  const change = (from: string, to: string) => {
    const [before, after] = [buildSchema(sdl), buildSchema(sdl.replace(from, to))];
    return [...missing(before, after), ...deviations(before, after)];
  };
  it.each([
    ['a field that is gone', ' u: U', ''],
    ['a field that became nullable', 'Int!', 'Int'],
    ['a field that became non-null', ': Kind', ': Kind!'],
    ['another default', '= 50', '= 20'],
    ['an argument that became optional', 'In!', 'In'],
    ['an input that is no longer @oneOf', '@oneOf', ''],
    ['an enum value that is gone', ' TWO', ''],
    ['a union member that is gone', ' | B', ''],
    ['another specification of a scalar', 'org/s', 'org/t'],
    ['a new required argument', '(first: Int = 50)', '(first: Int = 50, last: Int!)'],
  ])('notices %s', (_name, from, to) => {
    expect(change(from, to)).not.toEqual([]);
  });

  it.each([
    ['a field', ' u: U', ' u: U v: Int'],
    ['an optional argument', '(first: Int = 50)', '(first: Int = 50, last: Int)'],
    ['an enum value', ' TWO', ' TWO THREE'],
  ])('allows %s that is added', (_name, from, to) => {
    expect(change(from, to)).toEqual([]);
  });

  it('finds elements without a description', () => {
    expect(undescribed(buildSchema('"Reads." type Query { "Yes." a: Int b("Yes." x: Int, y: Int): Int }'))).toEqual([
      'Query.b',
      'Query.b(y:)',
    ]);
  });
});
