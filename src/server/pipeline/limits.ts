/** Limits on the size of an operation, checked before it runs. */
import type { FieldNode, GraphQLError, OperationDefinitionNode, SelectionSetNode } from 'graphql';
import { clientError } from './client-errors.ts';
import type { Cost, createCost } from './cost.ts';
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
  // A full page with all fields of each message costs 73,000.
  costMax: 100_000,
};

interface Measure {
  depth: number;
  introspectionDepth: number;
  aliases: number;
}

export interface OperationSize {
  /** Lexical tokens of its document. */
  readonly tokens: number;
  readonly rootFields: number;
  readonly aliases: number;
}

export interface MeasuredOperation {
  readonly size: OperationSize;
  /** A problem that does not depend on the variables. */
  readonly error: GraphQLError | null;
  readonly cost: Cost;
}

/**
 * @param tokens - of the document
 * @param costOf - from `createCost`
 */
export function measureOperation(
  operation: OperationDefinitionNode,
  fragments: Fragments,
  tokens: number,
  limits: OperationLimits,
  costOf: ReturnType<typeof createCost>,
): MeasuredOperation {
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

  return {
    size: { tokens, rootFields, aliases: measure.aliases },
    error,
    cost: error === null ? costOf(operation, fieldsIn) : () => 0,
  };
}
