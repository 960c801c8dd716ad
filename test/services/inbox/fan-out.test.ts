import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../../src/pubsub/memory/memory-bus.ts';
import { createFanOut, type FanOut } from '../../../src/services/inbox/fan-out.ts';
import { createInboxWriter } from '../../../src/services/inbox/inbox-writer.ts';
import { createMemberLists } from '../../../src/services/members/member-lists.ts';
import { createMemoryConversationStore } from '../../../src/stores/memory/memory-conversation-store.ts';
import { createMemoryMessageStore } from '../../../src/stores/memory/memory-message-store.ts';
import { aConversation, aMessage, january } from '../../support/drafts.ts';

describe('what waits to be in every inbox', () => {
  let fanOut: FanOut;
  afterEach(() => fanOut.close());

  it('is as old as its oldest message, and nothing when all of it is there', async () => {
    const store = createMemoryMessageStore();
    const conversations = createMemoryConversationStore();
    const conversation = aConversation();
    const event = { kind: 'GROUP_CREATED', userIds: ['101', '102'] } as const;
    const change = { id: '9', conversationId: conversation.id, actorId: '101', event, at: january };
    await conversations.createGroup(conversation, change);
    await conversations.settleChange(change, 1n);
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const inboxes = {
      ...store.inboxes,
      append: (...args: Parameters<typeof store.inboxes.append>) => held.then(() => store.inboxes.append(...args)),
    };
    fanOut = createFanOut({
      memberLists: createMemberLists(conversations),
      writer: createInboxWriter({ inboxes }),
      log: store.messageLog,
      bus: createMemoryBus({ onError: () => {} }),
      saveSent: async () => {},
      onError: () => {},
    });
    expect(fanOut.oldestPendingAt).toBeNull();
    fanOut.take(conversation, [aMessage(2n, { sentAt: january + 5 })]);
    fanOut.take(conversation, [aMessage(3n, { sentAt: january + 9 })]);
    expect(fanOut.oldestPendingAt).toBe(january + 5);
    release();
    await fanOut.settle([conversation.id]);
    expect(fanOut.oldestPendingAt).toBeNull();
    expect(await store.inboxes.heads(['101', '102'])).toEqual([3n, 3n]);
  });
});
