/**
 * The fields that look the same to every viewer. An event whose selection contains only these is executed once for all subscribers.
 * With any other field, including one that is missing here by mistake, it is executed for each subscriber.
 */
import {
  type ArgumentNode,
  type FieldNode,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  Kind,
  type SelectionSetNode,
  visit,
} from 'graphql';
import type { Fragments } from './selections.ts';

const sharedFields: Readonly<Record<string, ReadonlySet<string>>> = {
  Subscription: new Set(['messageReceived']),
  MessageReceived: new Set(['inboxSeq', 'message']),
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
  User: new Set(['id', 'username', 'displayName', 'avatarUrl', 'externalId', 'createdAt']),
  SystemEvent: new Set(['kind', 'users', 'userCount', 'title', 'role']),
  Attachment: new Set(['url', 'contentType', 'name', 'byteSize']),
};

/** Whether a subscription to `messageReceived` shows every viewer the same message except for its inbox number. */
export function isShared(
  schema: GraphQLSchema,
  selectionSet: SelectionSetNode,
  typeName: string,
  fragments: Fragments,
  seen: Set<string> = new Set(),
): boolean {
  return selectionSet.selections.every((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      // Visited once: fragments that name each other twice would double at every step.
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
    // Other types of the union are never shared events.
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
 * The variables that an event's rendering may depend on: all variables in the selection and the document's fragments, except in the
 * arguments of the root fields, which set the start of a subscription.
 */
export function variablesOfEvents(
  selectionSet: SelectionSetNode,
  fragments: Fragments,
  roots: readonly FieldNode[],
): string[] {
  const names = new Set<string>();
  const leftOut = new Set<ArgumentNode>(roots.flatMap((root) => root.arguments ?? []));
  // Each fragment is visited once, by itself. Following fragment spreads could double at every step.
  for (const node of [selectionSet, ...[...fragments.values()].map((fragment) => fragment.selectionSet)]) {
    visit(node, {
      Argument: (argument) => (leftOut.has(argument) ? false : undefined),
      Variable: ({ name }) => void names.add(name.value),
    });
  }
  return [...names].sort();
}
