/** Reviews of the large groups that a stream follows. */
import { expect, it, vi } from 'vitest';
import type { Bus } from '../../../src/pubsub/bus.ts';
import { topics } from '../../../src/pubsub/topics.ts';
import { Stream, type StreamPorts } from '../../../src/services/stream/stream.ts';
import { aConversation } from '../../support/drafts.ts';

const userId = '7';

it('follows a group once if a hint of changed memberships arrives while the stream opens', async () => {
  const conversation = aConversation();
  const stay = { conversationId: conversation.id, userId, role: 'MEMBER', joinedSeq: 0n, leftSeq: null };
  const list = { conversation, isLarge: true, stays: () => [stay] };
  const subscribed: string[] = [];
  const subscribe = vi.fn<Bus['subscribe']>(async (topic, receive) => {
    subscribed.push(topic.name);
    if (topic.name === topics.memberships(userId).name) receive({ conversationId: '1', userIds: [userId] } as never);
    return () => {};
  });
  const ports = {
    bus: { subscribe },
    log: { heads: async () => [{ seq: 0n, ordinal: 0n, membershipSeq: 0n, sentAt: 0 }] },
    memberLists: {
      doubtMemberships() {},
      onReadOf: async () => [stay],
      get: async () => list,
      at: async () => list,
    },
    inbox: {
      head: async () => 0n,
      ackedSeq: async () => 0n,
      enterAll: async () => {},
      read: async () => ({ entries: [], truncated: [], nextSeq: 0n, headSeq: 0n, hasMore: false }),
    },
    onError(error: unknown) {
      throw error;
    },
  } as unknown as StreamPorts;
  const sink = { push: () => true, onReady() {}, fail() {}, end() {} };
  const stream = new Stream(ports, { catchUpPage: 1, retryAfterMs: 1 }, { userId, deviceId: '1', expiresAt: 0 }, sink);
  await stream.open(null);
  stream.close();
  expect(subscribed.filter((name) => name === topics.conversation(conversation.id).name)).toHaveLength(1);
});
