/** Makes contacts of two users once both have sent a message in their direct conversation. */
import { LRUCache } from 'lru-cache';
import type { Bus } from '../../pubsub/bus.ts';
import { topics } from '../../pubsub/topics.ts';
import type { ConversationStore } from '../../stores/conversation-store.ts';
import type { Follower } from '../log/conversation-log.ts';
import type { MemberLists } from '../members/member-lists.ts';

/** Maximum number of senders that are known to be recorded, or to have sent in a group. */
const knownMax = 200_000;

export function createContactFollower(ports: {
  store: ConversationStore;
  memberLists: MemberLists;
  bus: Bus;
}): Follower {
  const { store, memberLists, bus } = ports;
  const known = new LRUCache<string, true>({ maxSize: knownMax, sizeCalculation: () => 1 });

  return {
    // Before the messages are recorded as followed: after a crash, the sweep repeats it.
    async finish(messages) {
      for (const { conversationId, senderId: userId } of messages) {
        const key = `${conversationId}/${userId}`;
        if (known.has(key)) continue;
        const [state] = await memberLists.states([conversationId]);
        if (state?.conversation.kind === 'DIRECT' && (await store.noteSent({ conversationId, userId }))) {
          const hint = { conversationId, userIds: state.pair };
          for (const id of state.pair) bus.publish(topics.memberships(id), hint);
        }
        known.set(key, true);
      }
    },
  };
}
