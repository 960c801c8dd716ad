/** The rows of conversations, members and changes, and the values they stand for. */
import type { Conversation, ConversationKind, Member, MemberRole } from '../../domain/conversation.ts';
import type { Millis, Seq } from '../../domain/ids.ts';
import type { SystemEvent } from '../../domain/message.ts';
import type { ConversationState, MembershipChange } from '../conversation-store.ts';

export type Row = Record<string, unknown>;

export function fromConversation({ id, kind, title, description, avatarUrl, createdAt, firstMonth }: Conversation) {
  const profile = { title, description, avatar_url: avatarUrl };
  return { id, kind, ...profile, created_at: createdAt, first_month: firstMonth, direct_key: null };
}

export function toConversation(row: Row): Conversation {
  return {
    id: String(row.id),
    kind: row.kind as ConversationKind,
    title: (row.title as string | null) ?? null,
    description: (row.description as string | null) ?? null,
    avatarUrl: (row.avatar_url as string | null) ?? null,
    createdAt: Number(row.created_at),
    firstMonth: row.first_month as string,
  };
}

export function toState(row: Row): ConversationState {
  const pair = row.direct_key === null ? [] : [...new Set((row.direct_key as string).split(':'))];
  return {
    conversation: toConversation(row),
    pair,
    version: toSeq(row.version),
    memberCount: row.direct_key === null ? Number(row.member_count) : pair.length,
    isLarge: Number(row.is_large) === 1,
    modeSince: toSeq(row.mode_since),
  };
}

export function toMember(row: Row): Member {
  return {
    conversationId: String(row.conversation_id),
    userId: String(row.user_id),
    role: row.role as MemberRole,
    joinedSeq: toSeq(row.joined_seq),
    leftSeq: row.left_seq === null ? null : toSeq(row.left_seq),
    ...(row.left_title == null ? {} : { leftTitle: row.left_title as string }),
  };
}

export function fromChange({ id, conversationId, actorId, event, at }: MembershipChange, claimedUntil: Millis) {
  const values = { actor_id: actorId, event: JSON.stringify(event), at, claimed_until: claimedUntil };
  return { id, conversation_id: conversationId, ...values };
}

export function toChange(row: Row): MembershipChange {
  return {
    id: String(row.id),
    conversationId: String(row.conversation_id),
    actorId: String(row.actor_id),
    event: JSON.parse(row.event as string) as SystemEvent,
    at: Number(row.at),
  };
}

/** The database gives integers as `bigint` or as text. */
function toSeq(value: unknown): Seq {
  return BigInt(value as string | bigint);
}
