/** Two instances over shared stores, each with member lists in memory that the other one makes old. */
import { beforeEach, expect, it } from 'vitest';
import { createSnowflakes } from '../../src/domain/snowflake.ts';
import type { Viewer } from '../../src/domain/user.ts';
import { createMemoryBus } from '../../src/pubsub/memory/memory-bus.ts';
import { createMessaging, type Messaging } from '../../src/services/messaging.ts';
import { createMemoryConversationStore } from '../../src/stores/memory/memory-conversation-store.ts';
import { createMemoryMessageStore } from '../../src/stores/memory/memory-message-store.ts';
import { createMemoryUserStore } from '../../src/stores/memory/memory-user-store.ts';
import { january } from '../support/drafts.ts';
import { fixedClock } from '../support/fixed-clock.ts';

const [owner, bob, carol] = ['101', '102', '103'].map((userId) => ({
  userId,
  deviceId: '1',
  expiresAt: Number.POSITIVE_INFINITY,
})) as [Viewer, Viewer, Viewer];

let here: Messaging;
let there: Messaging;
let conversationId: string;
let passed = 0;

function onError(error: unknown): never {
  throw error;
}

beforeEach(async () => {
  const messageStore = createMemoryMessageStore();
  const conversations = createMemoryConversationStore();
  const users = createMemoryUserStore();
  const bus = createMemoryBus({ onError });
  for (const { userId } of [owner, bob, carol]) {
    const user = { id: userId, username: `u${userId}`, displayName: userId, createdAt: 0 };
    await users.create(user as never, { passwordHash: null, externalSubject: null });
  }
  const start = (worker: number) =>
    createMessaging({
      messageStore,
      conversations,
      users,
      bus,
      rateLimiter: { take: () => 0 },
      newId: createSnowflakes(
        () => january,
        () => worker,
      ).next,
      clock: fixedClock(january),
      // No two reads are at the same time, so that heads in memory are compared with the store.
      elapsed: () => {
        passed += 1;
        return passed;
      },
      isSoleWriter: false,
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
  [here, there] = [start(1), start(2)];
  const { view } = await here.conversations.createGroup(owner, { title: 'g', memberIds: [bob.userId] });
  conversationId = view.conversation.id;
  // In memory from now on.
  await there.conversations.view(owner, conversationId);
  await here.conversations.addMembers(owner, { conversationId, userIds: [carol.userId] });
});

it('finds a member whom another instance has added, and none whom it has removed', async () => {
  expect(await there.conversations.findMember(owner, conversationId, carol.userId)).toMatchObject({ joinedSeq: 1n });
  expect(await there.conversations.findMember(carol, conversationId, bob.userId)).toMatchObject({ leftSeq: null });
  await here.conversations.removeMembers(owner, { conversationId, userIds: [bob.userId] });
  expect(await there.conversations.findMember(owner, conversationId, bob.userId)).toBeNull();
  expect(await there.conversations.findMember(bob, conversationId, owner.userId)).toBeNull();
});

it('takes the acknowledgement of a member whom another instance has added', async () => {
  const to = { conversationId };
  await here.messages.send(owner, { to, clientMessageId: 'a', text: 'hello' });
  const { nextSeq } = await here.inbox.page(carol.userId, 0n, 10);
  await there.receipts.ack(carol, { status: 'READ', upToInboxSeq: nextSeq });
  expect(await here.receipts.positions(conversationId, [carol.userId])).toEqual([{ deliveredSeq: 3n, readSeq: 3n }]);
});

it('raises no position by an acknowledgement of an earlier stay', async () => {
  await there.conversations.view(owner, conversationId);
  await here.conversations.removeMembers(owner, { conversationId, userIds: [carol.userId] });
  await here.conversations.addMembers(owner, { conversationId, userIds: [carol.userId] });
  expect((await here.inbox.page(carol.userId, 0n, 10)).nextSeq).toBe(3n);
  await there.receipts.ack(carol, { status: 'READ', upToInboxSeq: 1n });
  expect(await here.receipts.positions(conversationId, [carol.userId])).toEqual([{ deliveredSeq: 0n, readSeq: 0n }]);
});
