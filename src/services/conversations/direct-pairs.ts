/** The direct conversation of two users, in either order: its id never changes, so it is cached. */
import { LRUCache } from 'lru-cache';
import { directKey } from '../../domain/conversation.ts';
import type { ConversationId, UserId } from '../../domain/ids.ts';

export function createDirectPairs({ cachedMax }: { cachedMax: number }) {
  const ids = new LRUCache<string, ConversationId>({ max: cachedMax });

  return {
    /** The id in memory; undefined if it is not known here. */
    knownId: (pair: [UserId, UserId]): ConversationId | undefined => ids.get(directKey(pair)),

    remember(pair: [UserId, UserId], id: ConversationId): void {
      ids.set(directKey(pair), id);
    },
  };
}
