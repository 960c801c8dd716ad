/** Instances of the messaging services over shared stores in memory, with faults that a test puts into the directory. */
import type { UserId } from '../../src/domain/ids.ts';
import { createSnowflakes } from '../../src/domain/snowflake.ts';
import type { Viewer } from '../../src/domain/user.ts';
import { createMemoryBus } from '../../src/pubsub/memory/memory-bus.ts';
import { createMessaging, type Messaging } from '../../src/services/messaging.ts';
import type { ConversationStore } from '../../src/stores/conversation-store.ts';
import { createMemoryConversationStore } from '../../src/stores/memory/memory-conversation-store.ts';
import { createMemoryMessageStore } from '../../src/stores/memory/memory-message-store.ts';
import { createMemoryUserStore } from '../../src/stores/memory/memory-user-store.ts';
import { january } from './drafts.ts';
import { fixedClock } from './fixed-clock.ts';

export const viewerOf = (userId: UserId): Viewer => ({ userId, deviceId: '1', expiresAt: Number.POSITIVE_INFINITY });

export async function setUpInstances(
  userIds: readonly UserId[],
  options: {
    isSoleWriter: boolean;
    override?: (store: ConversationStore) => Partial<ConversationStore>;
    onError?: (error: unknown) => void;
  },
) {
  const {
    isSoleWriter,
    override = () => ({}),
    onError = (error) => {
      throw error;
    },
  } = options;
  const messageStore = createMemoryMessageStore();
  const conversations = createMemoryConversationStore();
  const users = createMemoryUserStore();
  const bus = createMemoryBus({ onError });
  for (const id of userIds) {
    const user = { id, username: `u${id}`, displayName: id, createdAt: 0 };
    await users.create(user as never, { passwordHash: null, externalSubject: null });
  }
  let workers = 0;
  let passed = 0;
  const start = (): Messaging => {
    workers += 1;
    const worker = workers;
    return createMessaging({
      messageStore,
      conversations: { ...conversations, ...override(conversations) },
      users,
      bus,
      rateLimiter: { take: () => 0 },
      newId: createSnowflakes(
        () => january,
        () => worker,
      ).next,
      clock: fixedClock(january),
      // No two reads are at the same time, so that with several instances heads in memory are compared with the store.
      elapsed: () => {
        passed += 1;
        return passed;
      },
      isSoleWriter,
      onError,
      settings: {
        pageSizeMax: 100,
        groupMembersMax: 100,
        namedMembersMax: 100,
        sweepAgeMs: 0,
        textMaxBytes: 100,
        fanOutOnWriteMaxMembers: 100,
      },
    });
  };
  return { start, bus };
}
