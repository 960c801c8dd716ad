import { type FieldNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql';

/** The fragments of a document, by name. */
export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/**
 * The fields of a selection set, including those in its fragments. Each fragment is visited once, as in execution: fragments that
 * name each other twice would double at every step.
 */
export function fieldsOf(selectionSet: SelectionSetNode, fragments: Fragments): FieldNode[] {
  return [...collect(selectionSet, fragments, new Set())];
}

function* collect({ selections }: SelectionSetNode, fragments: Fragments, seen: Set<string>): Generator<FieldNode> {
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) yield selection;
    else if (selection.kind === Kind.INLINE_FRAGMENT) yield* collect(selection.selectionSet, fragments, seen);
    else if (!seen.has(selection.name.value)) {
      seen.add(selection.name.value);
      const fragment = fragments.get(selection.name.value);
      if (fragment !== undefined) yield* collect(fragment.selectionSet, fragments, seen);
    }
  }
}
