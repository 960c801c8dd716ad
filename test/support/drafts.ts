/** Conversations and drafts for tests of the services below the API. */
import type { Conversation } from '../../src/domain/conversation.ts';
import { userKey } from '../../src/domain/entry-key.ts';
import type { Draft, Message } from '../../src/domain/message.ts';
import { monthOf } from '../../src/domain/month.ts';
import { createSnowflakes } from '../../src/domain/snowflake.ts';

export const january = Date.UTC(2026, 0, 15);
export const february = Date.UTC(2026, 1, 15);
export const day = 24 * 60 * 60 * 1000;

let sends = 0;

export function aConversation(id = '1', createdAt = january): Conversation {
  const texts = { title: 'g', description: null, avatarUrl: null };
  return { id, kind: 'GROUP', ...texts, createdAt, firstMonth: monthOf(createdAt) };
}

/** @param at - when its id is made */
export function aDraft(draft: Partial<Draft> = {}, at = january): Draft {
  sends += 1;
  return {
    id: createSnowflakes(
      () => at + sends,
      () => 1,
    ).next(),
    conversationId: '1',
    kind: 'USER',
    senderId: '101',
    key: userKey(draft.senderId ?? '101', `c${sends}`),
    body: { text: `t${sends}` },
    ...draft,
  };
}

/** A draft that was stored under a number, in a conversation whose members never changed. */
export function aMessage(seq: bigint, message: Partial<Message> = {}): Message {
  return { ...aDraft(message), seq, ordinal: seq, membershipSeq: 0n, sentAt: january, ...message };
}
