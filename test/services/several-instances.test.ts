/** Two instances over shared stores, each with member lists in memory that the other one makes old. */
import { beforeEach, expect, it, type Mock, vi } from 'vitest';
import { DomainError } from '../../src/domain/errors.ts';
import { createSnowflakes } from '../../src/domain/snowflake.ts';
import type { Viewer } from '../../src/domain/user.ts';
import type { Bus } from '../../src/pubsub/bus.ts';
import { createMemoryBus } from '../../src/pubsub/memory/memory-bus.ts';
import { topics } from '../../src/pubsub/topics.ts';
import { createMessaging, type Messaging } from '../../src/services/messaging.ts';
import type { ConversationStore } from '../../src/stores/conversation-store.ts';
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

let settleChange: Mock<ConversationStore['settleChange']>;
let bus: Bus;
let isFailing = false;

function onError(error: unknown): void {
  if (!isFailing) throw error;
}

beforeEach(async () => {
  const messageStore = createMemoryMessageStore();
  const conversations = createMemoryConversationStore();
  const users = createMemoryUserStore();
  isFailing = false;
  settleChange = vi.fn(conversations.settleChange);
  bus = createMemoryBus({ onError });
  for (const { userId } of [owner, bob, carol]) {
    const user = { id: userId, username: `u${userId}`, displayName: userId, createdAt: 0 };
    await users.create(user as never, { passwordHash: null, externalSubject: null });
  }
  const start = (worker: number) =>
    createMessaging({
      messageStore,
      conversations: { ...conversations, settleChange },
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

it('notifies the users of a change whose settling was not answered', async () => {
  const heard: string[] = [];
  for (const { userId } of [bob, carol]) await bus.subscribe(topics.memberships(userId), () => heard.push(userId));
  isFailing = true;
  const settle = settleChange.getMockImplementation() as ConversationStore['settleChange'];
  settleChange.mockImplementationOnce(async (...args) => {
    await settle(...args);
    throw new DomainError('UNAVAILABLE', 'no answer');
  });
  const removal = here.conversations.removeMembers(owner, { conversationId, userIds: [bob.userId] });
  await expect(removal).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(heard).toEqual([]);
  await vi.waitFor(() => expect(heard).toEqual([bob.userId]), { timeout: 10_000 });
  // Once: a later change tells of itself only.
  await here.conversations.removeMembers(owner, { conversationId, userIds: [carol.userId] });
  expect(heard).toEqual([bob.userId, carol.userId]);
});
