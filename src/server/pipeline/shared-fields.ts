/**
 * Which fields look the same to every viewer. An event whose selection has only these is executed once for all its subscribers;
 * any other field, one that was forgotten here included, is executed for each.
 */
import {
  type ASTNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  Kind,
  type SelectionSetNode,
  visit,
} from 'graphql';

const sharedFields: Readonly<Record<string, ReadonlySet<string>>> = {
  Subscription: new Set(['messageReceived']),
  MessageReceived: new Set(['seq', 'message']),
  Message: new Set([
    'id',
    'kind',
    'conversationId',
    'seq',
    'sender',
    'senderId',
    'clientMessageId',
    'systemEvent',
    'text',
    'data',
    'attachments',
    'status',
    'deliveredCount',
    'readCount',
    'sentAt',
  ]),
  User: new Set(['id', 'username', 'displayName', 'createdAt']),
  SystemEvent: new Set(['kind', 'users', 'userCount', 'title']),
  Attachment: new Set(['url', 'contentType', 'name', 'bytes']),
};

/** Whether a subscription to `messageReceived` shows every viewer the same message, but for its inbox number. */
export function isShared(
  schema: GraphQLSchema,
  selectionSet: SelectionSetNode,
  typeName: string,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  seen: Set<string> = new Set(),
): boolean {
  return selectionSet.selections.every((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      // Looked at once: fragments that name each other twice would double at every step.
      if (seen.has(selection.name.value)) return true;
      seen.add(selection.name.value);
      const fragment = fragments.get(selection.name.value);
      if (fragment === undefined) return false;
      return isShared(schema, fragment.selectionSet, fragment.typeCondition.name.value, fragments, seen);
    }
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      return isShared(schema, selection.selectionSet, selection.typeCondition?.name.value ?? typeName, fragments, seen);
    }
    const name = selection.name.value;
    if (name === '__typename') return true;
    // Other members of the union never come as a shared event.
    if (['StreamReady', 'StreamTruncated', 'StreamHeartbeat'].includes(typeName)) return true;
    if (sharedFields[typeName]?.has(name) !== true) return false;
    if (selection.selectionSet === undefined) return true;
    const type = schema.getType(typeName);
    const field =
      type !== undefined && isCompositeType(type) && 'getFields' in type ? type.getFields()[name] : undefined;
    return (
      field !== undefined && isShared(schema, selection.selectionSet, getNamedType(field.type).name, fragments, seen)
    );
  });
}

/**
 * The variables an event's rendering depends on: all that its selection mentions, but for the arguments of the root field, which
 * say where a subscription begins.
 */
export function variablesOfEvents(
  selectionSet: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): string[] {
  const names = new Set<string>();
  const collect = (node: ASTNode) => void visit(node, { Variable: ({ name }) => void names.add(name.value) });

  function walk({ selections }: SelectionSetNode, isRoot: boolean): void {
    for (const selection of selections) {
      for (const directive of selection.directives ?? []) collect(directive);
      if (selection.kind === Kind.FIELD) {
        if (!isRoot) for (const argument of selection.arguments ?? []) collect(argument);
        if (selection.selectionSet !== undefined) walk(selection.selectionSet, false);
      } else {
        const inner = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
        if (inner !== undefined) walk(inner.selectionSet, isRoot);
      }
    }
  }

  walk(selectionSet, true);
  return [...names].sort();
}
