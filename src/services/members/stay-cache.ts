/**
 * The stays of single users, for lists that do not hold them. Each is found under its list's own number, so that a list that is read
 * again begins without any.
 */
import { LRUCache } from 'lru-cache';
import type { UserId } from '../../domain/ids.ts';
import type { ConversationStore, MemberKey } from '../../stores/conversation-store.ts';
import { batched } from '../batched.ts';
import type { ConversationList, Stays } from './member-list.ts';

/** @param ports.isCurrent - whether a list is the one in memory, so that all changes known here are in it */
export function createStayCache(ports: {
  store: ConversationStore;
  maxSize: number;
  isCurrent: (list: ConversationList) => boolean;
}) {
  const { store, maxSize, isCurrent } = ports;
  const cached = new LRUCache<string, Stays>({ maxSize, sizeCalculation: () => 1 });
  const numbers = new WeakMap<ConversationList, number>();
  let lastNumber = 0;
  const read = batched<MemberKey, Stays>((keys) => store.listStaysOf(keys));

  function numberOf(list: ConversationList): number {
    let number = numbers.get(list);
    if (number === undefined) {
      lastNumber += 1;
      number = lastNumber;
      numbers.set(list, number);
    }
    return number;
  }

  return {
    of(list: ConversationList, userId: UserId): Stays | Promise<Stays> {
      const key = `${numberOf(list)}/${userId}`;
      const known = cached.get(key);
      if (known !== undefined) return known;
      return read({ conversationId: list.conversation.id, userId }).then((stays) => {
        // A change that was settled while they were read may be missing in them.
        if (isCurrent(list)) cached.set(key, stays);
        return stays;
      });
    },

    /** Keeps the known stays of a list for the list after it, except those of the users that the change between them concerned. */
    carryOver(before: ConversationList, list: ConversationList, changed: ReadonlyMap<UserId, Stays>): void {
      const number = numberOf(before);
      numbers.set(list, number);
      for (const [userId, stays] of changed) cached.set(`${number}/${userId}`, stays);
    },
  };
}
