/** Two instances over shared stores, each with member lists in memory that the other one makes old. */
import { beforeEach, expect, it, type Mock, vi } from 'vitest';
import { DomainError } from '../../src/domain/errors.ts';
import type { Bus } from '../../src/pubsub/bus.ts';
import { topics } from '../../src/pubsub/topics.ts';
import type { Messaging } from '../../src/services/messaging.ts';
import type { ConversationStore } from '../../src/stores/conversation-store.ts';
import { setUpInstances, viewerOf } from '../support/instances.ts';

const [owner, bob, carol] = [viewerOf('101'), viewerOf('102'), viewerOf('103')];

let here: Messaging;
let there: Messaging;
let conversationId: string;
let settleChange: Mock<ConversationStore['settleChange']>;
let bus: Bus;
let isFailing = false;

beforeEach(async () => {
  isFailing = false;
  const instances = await setUpInstances(['101', '102', '103'], {
    isSoleWriter: false,
    override(store) {
      settleChange ??= vi.fn();
      settleChange.mockImplementation(store.settleChange);
      return { settleChange };
    },
    onError(error) {
      if (!isFailing) throw error;
    },
  });
  ({ bus } = instances);
  [here, there] = [instances.start(), instances.start()];
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
