/** The direct conversation of two users, in either order: its id never changes, so it is cached. */
import { LRUCache } from 'lru-cache';
import { directKey } from '../../domain/conversation.ts';
import { type ConversationId, isId, type UserId } from '../../domain/ids.ts';
import type { ConversationStore } from '../../stores/conversation-store.ts';
import type { MemberLists } from '../members/member-lists.ts';

export function createDirectPairs(ports: { store: ConversationStore; memberLists: MemberLists; cachedMax: number }) {
  const { store, memberLists, cachedMax } = ports;
  const ids = new LRUCache<string, ConversationId>({ max: cachedMax });

  return {
    /** The id in memory; undefined if it is not known here. */
    knownId: (pair: [UserId, UserId]): ConversationId | undefined => ids.get(directKey(pair)),

    remember(pair: [UserId, UserId], id: ConversationId): void {
      ids.set(directKey(pair), id);
    },

    /** Filters users to those who share a direct conversation with a user. */
    async peersAmong(userId: UserId, others: readonly UserId[]): Promise<Set<UserId>> {
      const peers = new Set<UserId>();
      await Promise.all(
        others.map(async (other) => {
          if (!isId(other)) return;
          const key = directKey([userId, other]);
          if (ids.has(key)) {
            peers.add(other);
            return;
          }
          const conversation = await store.findDirect([userId, other]);
          if (conversation === null) return;
          ids.set(key, conversation.id);
          peers.add(other);
        }),
      );
      return peers;
    },

    /** All users who share a direct conversation with a user. */
    async peersOf(userId: UserId): Promise<UserId[]> {
      const states = await memberLists.states(await memberLists.conversationIdsOf(userId));
      return states.flatMap((state) => state?.pair.filter((other) => other !== userId) ?? []);
    },
  };
}
