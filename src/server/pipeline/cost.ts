/** The cost of an operation: about as many fields as its answer can have. */
import {
  type FieldNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { isPageArgument, type ListSizes, takesPage } from './list-sizes.ts';

type Variables = Readonly<Record<string, unknown>>;

/** The cost with the given variables. */
export type Cost = (variables: Variables) => number;

/** Assumed page size of a list without a page size or default. */
const usualPage = 50;
/** Cost of the whole schema, whose size these limits cannot measure. It allows a few per document. */
const schemaCost = 10_000;

/** @param pageSizeMax - larger pages are counted with this size, because the list itself refuses them */
export function createCost(schema: GraphQLSchema, sizeOf: ListSizes, pageSizeMax: number) {
  /** @param fieldsIn - the fields of a selection, with those of its fragments */
  return (
    operation: OperationDefinitionNode,
    fieldsIn: (selectionSet: SelectionSetNode) => readonly FieldNode[],
  ): Cost => {
    const root = schema.getRootType(operation.operation) as GraphQLObjectType;
    const defaults = new Map<string, number>();
    for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
      if (defaultValue?.kind === Kind.INT) defaults.set(variable.name.value, Number(defaultValue.value));
    }
    let dependsOnVariables = false;

    /** @param page - the size that the field around the selection was asked for */
    function costOf(selectionSet: SelectionSetNode, type: unknown, page: number, variables: Variables): number {
      let cost = 0;
      for (const field of fieldsIn(selectionSet)) {
        const name = field.name.value;
        if (name === '__schema') cost += schemaCost;
        if (name.startsWith('__')) continue;
        cost += 1;
        const found = find(type, name);
        if (found === null) continue;
        const { typeName, definition } = found;
        const size = sizeOf(typeName, definition) ?? usualPage;
        const times = size === 'page' ? page : size;
        if (field.selectionSet === undefined) {
          cost += times - 1;
          continue;
        }
        const inner = takesPage(definition) ? (pageSizeOf(field, variables) ?? usualPageOf(definition)) : 1;
        cost += times * costOf(field.selectionSet, getNamedType(definition.type), inner, variables);
      }
      return cost;
    }

    function pageSizeOf(field: FieldNode, variables: Variables): number | null {
      let largest: number | null = null;
      for (const { name, value } of field.arguments ?? []) {
        if (!isPageArgument(name.value)) continue;
        let given: unknown;
        if (value.kind === Kind.INT) given = Number(value.value);
        if (value.kind === Kind.VARIABLE) {
          dependsOnVariables = true;
          given = variables[value.name.value] ?? defaults.get(value.name.value);
        }
        // Of `first` and `last`, each list decides which one counts.
        if (typeof given === 'number') largest = Math.max(largest ?? 0, pageOf(given));
      }
      return largest;
    }

    const withoutVariables = costOf(operation.selectionSet, root, 1, {});
    return (variables) => (dependsOnVariables ? costOf(operation.selectionSet, root, 1, variables) : withoutVariables);
  };

  function pageOf(asked: number): number {
    return Math.min(Math.max(0, asked), pageSizeMax);
  }

  /** A field of a type; of an interface or a union, the field of any type that it stands for, which makes no difference for the cost. */
  function find(type: unknown, name: string): { typeName: string; definition: GraphQLField<unknown, unknown> } | null {
    const types = isObjectType(type) ? [type] : isAbstractType(type) ? schema.getPossibleTypes(type) : [];
    for (const one of types) {
      const definition = one.getFields()[name];
      if (definition !== undefined) return { typeName: one.name, definition };
    }
    return null;
  }
}

/** The default page size of a list. */
function usualPageOf({ args }: GraphQLField<unknown, unknown>): number {
  const initial = args.find(({ name }) => isPageArgument(name))?.defaultValue;
  return typeof initial === 'number' ? initial : usualPage;
}
