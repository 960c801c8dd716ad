/** Configuration of Apollo Client's cache, for any app on Heliograph: `new InMemoryCache(cacheConfig)`. */
import type { FieldPolicy, InMemoryCacheConfig, Reference, StoreObject } from '@apollo/client';
import { conversations, opened } from './apollo-conversations.ts';
import { arrived, history, outbox } from './apollo-history.ts';
import { status, statusRanges } from './apollo-status.ts';

/** Positions only rise. An answer that was on its way for long may have an earlier one. */
const position: FieldPolicy<string> = {
  merge: (known, next) => (known !== undefined && BigInt(known) > BigInt(next) ? known : next),
};

/** Of two messages the later one. Null means that the conversation has none yet. */
const lastMessage: FieldPolicy<Reference | null> = {
  merge(known, next, { readField }) {
    const seqOf = (message: Reference | null | undefined) =>
      BigInt(readField<string>('seq', message ?? undefined) ?? 0);
    return known !== undefined && seqOf(known) > seqOf(next) ? known : next;
  },
};

/** Texts in the form of the server's times compare as times do. */
const time: FieldPolicy<string> = { merge: (known, next) => (known !== undefined && known > next ? known : next) };

export const cacheConfig: InMemoryCacheConfig = {
  typePolicies: {
    // Unlike the id, the pair exists from the optimistic copy on. A selection without it is kept by its id, as another object.
    Message: {
      keyFields: keyOr(['senderId', 'clientMessageId'], ['id']),
      fields: {
        status,
        // A copy from before the answer has none.
        seq: { merge: (known: string | null | undefined, next: string | null) => next ?? known ?? null },
      },
    },
    Conversation: {
      fields: { headSeq: position, readSeq: position, deliveredSeq: position, lastMessage, lastActivityAt: time },
    },
    Member: { fields: { readSeq: position, deliveredSeq: position } },
    // So that each event of `presenceChanged` is seen wherever `User.presence` is shown.
    Presence: { keyFields: keyOr(['userId']) },
    // One for each signed-in user, and for each server.
    Viewer: { keyFields: [] },
    ServerInfo: { keyFields: [] },
    // One list per conversation, and one of conversations, whatever order pages, live events and sends come in.
    Query: { fields: { history, arrived, outbox, statusRanges, conversations, opened } },
    // Each event replaces the previous one; the objects in it stay in the cache.
    Subscription: {
      fields: {
        messageReceived: { merge: false },
        receiptChanged: { merge: false },
        messageStatusChanged: { merge: false },
        presenceChanged: { merge: false },
      },
    },
  },
  possibleTypes: {
    MessageStreamEvent: ['StreamReady', 'MessageReceived', 'StreamTruncated', 'StreamHeartbeat'],
    Node: ['User', 'Conversation', 'Message', 'Member', 'Device'],
  },
};

/** The first key whose fields are all selected. Apollo throws for a missing field of a fixed key; without any key it embeds the object. */
function keyOr(...keys: string[][]) {
  return (object: Readonly<StoreObject>): string[] | false =>
    keys.find((fields) => fields.every((field) => object[field] !== undefined)) ?? false;
}
