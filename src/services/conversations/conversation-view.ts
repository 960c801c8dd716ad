/** A conversation as one user sees it. */
import { type Conversation, isActive, type Member, visibleHead } from '../../domain/conversation.ts';
import type { Millis, Seq, UserId } from '../../domain/ids.ts';
import type { ConversationState } from '../../stores/conversation-store.ts';
import { encodeCursor } from '../paging.ts';

export interface ConversationView {
  /** The present state. It may be newer than the last message of a viewer who has left. */
  readonly conversation: Conversation;
  /** Null for direct conversations; for a viewer who has left, the title when they left. */
  readonly title: string | null;
  /** The users of a direct conversation; empty for groups. */
  readonly pair: readonly UserId[];
  /** The viewer's latest stay. */
  readonly member: Member;
  /** The number of current members; 0 for a viewer who has left, who is not shown changes after that. */
  readonly memberCount: number;
  /** The last message they may see. */
  readonly headSeq: Seq;
  /** The number of user messages up to it; null for a viewer who has left. */
  readonly headOrdinal: Seq | null;
  /** Time of the last message, or of the conversation's creation. */
  readonly activeAt: Millis;
}

/** @param head - the last message of the log, which users who left may not see; none in an empty log */
export function viewOf(
  { conversation, pair, memberCount }: Pick<ConversationState, 'conversation' | 'pair' | 'memberCount'>,
  member: Member,
  head: { seq: Seq; ordinal: Seq; sentAt: Millis } = { seq: 0n, ordinal: 0n, sentAt: 0 },
): ConversationView {
  return {
    conversation,
    title: isActive(member) ? conversation.title : (member.leftTitle ?? null),
    pair,
    member,
    memberCount: isActive(member) ? memberCount : 0,
    headSeq: visibleHead(member, head.seq),
    headOrdinal: isActive(member) ? head.ordinal : null,
    activeAt: Math.max(head.sentAt, conversation.createdAt),
  };
}

/** The place in the list, so that the next page continues there even if the conversation is no longer in it. */
export function cursorOf({ activeAt, conversation }: ConversationView): string {
  return encodeCursor('c', activeAt, conversation.id);
}
