/** Limits on the size of an operation, checked before it runs. */
import {
  type FieldNode,
  type GraphQLError,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { clientError } from './client-errors.ts';
import { type Fragments, fieldsOf } from './selections.ts';

export interface OperationLimits {
  /** Lexical tokens of the document. */
  readonly tokensMax: number;
  /** Nesting depth of fields. */
  readonly depthMax: number;
  /** Nesting depth below `__schema` and `__type`, where the usual introspection query needs more. */
  readonly introspectionDepthMax: number;
  readonly rootFieldsMax: number;
  readonly aliasesMax: number;
  /** Number of fields, each multiplied by the page sizes of its lists. */
  readonly costMax: number;
  /** Maximum page size. Larger sizes count as this one, because the list refuses them with a better error. */
  readonly pageSizeMax: number;
}

export const operationLimitDefaults: Omit<OperationLimits, 'pageSizeMax'> = {
  tokensMax: 2_000,
  depthMax: 12,
  introspectionDepthMax: 16,
  rootFieldsMax: 20,
  aliasesMax: 60,
  // A full page with all fields of each message, as nodes and as edges, costs 37,000.
  costMax: 50_000,
};

/** Assumed page size of a list without a page size or default, for the cost only. */
const usualPage = 50;
/** Cost of the whole schema, whose size these limits cannot measure. It allows a few per document. */
const schemaCost = 10_000;
const pageArguments = new Set(['first', 'last']);
/** Fields that contain the items of their parent's page. */
const pageFields = new Set(['edges', 'nodes', 'entries', 'pageInfo', 'node']);

interface Measure {
  depth: number;
  introspectionDepth: number;
  aliases: number;
}

export interface MeasuredOperation {
  /** A problem that does not depend on the variables. */
  readonly error: GraphQLError | null;
  /** The cost with the given variables. */
  cost(variables: Readonly<Record<string, unknown>>): number;
}

export function measureOperation(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: Fragments,
  limits: OperationLimits,
): MeasuredOperation {
  const root = schema.getRootType(operation.operation) as GraphQLObjectType;
  const measure: Measure = { depth: 0, introspectionDepth: 0, aliases: 0 };
  let visited = 0;

  const fieldsBySet = new Map<SelectionSetNode, readonly FieldNode[]>();

  function fieldsIn(selectionSet: SelectionSetNode): readonly FieldNode[] {
    let fields = fieldsBySet.get(selectionSet);
    if (fields === undefined) {
      fields = fieldsOf(selectionSet, fragments);
      fieldsBySet.set(selectionSet, fields);
    }
    return fields;
  }

  function walk(selectionSet: SelectionSetNode, depth: number, isIntrospection: boolean): void {
    for (const field of fieldsIn(selectionSet)) {
      // Aliases can repeat fragments exponentially. This many fields exceed the limit in any case.
      visited += 1;
      if (visited > limits.costMax) return;
      if (field.alias !== undefined) measure.aliases += 1;
      const isInside = isIntrospection || field.name.value === '__schema' || field.name.value === '__type';
      if (isInside) measure.introspectionDepth = Math.max(measure.introspectionDepth, depth);
      else measure.depth = Math.max(measure.depth, depth);
      if (field.selectionSet !== undefined) walk(field.selectionSet, depth + 1, isInside);
    }
  }

  walk(operation.selectionSet, 1, false);
  const rootFields = fieldsIn(operation.selectionSet).length;

  function refuse(what: string, found: number, max: number): GraphQLError {
    return clientError('QUERY_TOO_COMPLEX', `Operation has ${what} of ${found}; the maximum is ${max}.`, {
      max,
    });
  }

  let error: GraphQLError | null = null;
  if (visited > limits.costMax) error = refuse('a number of fields', visited, limits.costMax);
  else if (measure.depth > limits.depthMax) error = refuse('a depth', measure.depth, limits.depthMax);
  else if (measure.introspectionDepth > limits.introspectionDepthMax) {
    error = refuse('an introspection depth', measure.introspectionDepth, limits.introspectionDepthMax);
  } else if (rootFields > limits.rootFieldsMax)
    error = refuse('a number of root fields', rootFields, limits.rootFieldsMax);
  else if (measure.aliases > limits.aliasesMax)
    error = refuse('a number of aliases', measure.aliases, limits.aliasesMax);

  function costOf(
    selectionSet: SelectionSetNode,
    type: unknown,
    page: number,
    variables: Readonly<Record<string, unknown>>,
  ): number {
    let cost = 0;
    for (const field of fieldsIn(selectionSet)) {
      const name = field.name.value;
      if (name === '__schema') cost += schemaCost;
      if (name.startsWith('__')) continue;
      const definition = definitionOf(schema, type, name);
      cost += 1;
      if (field.selectionSet === undefined || definition === null) continue;
      const named = getNamedType(definition.type);
      if (isLeafType(named)) continue;
      const asked = pageSizeOf(field, variables);
      const takesPage = definition.args.some((argument) => pageArguments.has(argument.name));
      const inner = takesPage ? (asked ?? usualPageOf(definition)) : 0;
      const times = pageFields.has(name) && name !== 'node' && name !== 'pageInfo' ? page : 1;
      cost += times * costOf(field.selectionSet, named, inner > 0 ? inner : page, variables);
    }
    return cost;
  }

  const defaults = new Map<string, number>();
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    if (defaultValue?.kind === Kind.INT) defaults.set(variable.name.value, Number(defaultValue.value));
  }
  let dependsOnVariables = false;
  const withoutVariables = error === null ? costOf(operation.selectionSet, root, 1, {}) : 0;

  function pageSizeOf(field: FieldNode, variables: Readonly<Record<string, unknown>>): number | null {
    for (const { name, value } of field.arguments ?? []) {
      if (!pageArguments.has(name.value)) continue;
      if (value.kind === Kind.INT) return pageOf(Number(value.value));
      if (value.kind !== Kind.VARIABLE) continue;
      dependsOnVariables = true;
      const given = variables[value.name.value] ?? defaults.get(value.name.value);
      if (typeof given === 'number') return pageOf(given);
    }
    return null;
  }

  function pageOf(asked: number): number {
    return Math.min(Math.max(0, asked), limits.pageSizeMax);
  }

  return {
    error,
    cost: (variables) => (dependsOnVariables ? costOf(operation.selectionSet, root, 1, variables) : withoutVariables),
  };
}

/** The page size of a list that is requested without one. */
function usualPageOf({ args }: GraphQLField<unknown, unknown>): number {
  const initial = args.find(({ name }) => pageArguments.has(name))?.defaultValue;
  return typeof initial === 'number' ? initial : usualPage;
}

function definitionOf(schema: GraphQLSchema, type: unknown, field: string) {
  if (isObjectType(type) || isInterfaceType(type)) return type.getFields()[field] ?? null;
  if (!isUnionType(type)) return null;
  // The type does not matter for the cost, so the first one with such a field represents all.
  for (const member of schema.getPossibleTypes(type)) {
    const found = member.getFields()[field];
    if (found !== undefined) return found;
  }
  return null;
}
