/**
 * A conversation as one user sees it, and the pages that are made of such views.
 *
 * Conversations come newest activity first, and no two share a place. A cursor holds the place of the conversation that it was
 * made for, so that a page continues from there even if that conversation is no longer in the list.
 */
import { type Conversation, isActive, type Member, visibleHead } from '../../domain/conversation.ts';
import type { ConversationId, Millis, Seq, UserId } from '../../domain/ids.ts';
import type { ConversationState } from '../../stores/conversation-store.ts';
import { decodeCursor, encodeCursor, type PageRequest } from '../paging.ts';

export interface ConversationView {
  readonly conversation: Conversation;
  /** The users of a direct conversation; empty for groups. */
  readonly pair: readonly UserId[];
  /** The viewer's latest stay. */
  readonly member: Member;
  /** The number of current members; 0 for a viewer who has left, who is not shown changes after that. */
  readonly memberCount: number;
  /** The last message they may see. */
  readonly headSeq: Seq;
  /** Time of the last message, or of the conversation's creation. */
  readonly activeAt: Millis;
}

/** @param head - the last message of the log, which users who left may not see; none in an empty log */
export function viewOf(
  { conversation, pair, memberCount }: Pick<ConversationState, 'conversation' | 'pair' | 'memberCount'>,
  member: Member,
  head: { seq: Seq; sentAt: Millis } = { seq: 0n, sentAt: 0 },
): ConversationView {
  return {
    conversation,
    pair,
    member,
    memberCount: isActive(member) ? memberCount : 0,
    headSeq: visibleHead(member, head.seq),
    activeAt: Math.max(head.sentAt, conversation.createdAt),
  };
}

export function pageOfViews(views: readonly ConversationView[], { after, before, last }: PageRequest, size: number) {
  const sorted = [...views].sort(byNewestActivity);
  let [start, end] = [0, sorted.length];
  if (after != null) {
    const [at, id] = decodeCursor('c', after, 2) as [string, string];
    start = sorted.filter((one) => !isAfter(one, Number(at), id)).length;
  }
  if (before != null) {
    const [at, id] = decodeCursor('c', before, 2) as [string, string];
    end = sorted.filter((one) => isBefore(one, Number(at), id)).length;
  }
  if (last != null) start = Math.max(start, end - size);
  else end = Math.min(end, start + size);
  return { views: sorted.slice(start, end), hasNextPage: end < sorted.length, hasPreviousPage: start > 0 };
}

export function cursorOf({ activeAt, conversation }: ConversationView): string {
  return encodeCursor('c', activeAt, conversation.id);
}

function byNewestActivity(a: ConversationView, b: ConversationView): number {
  if (a.activeAt !== b.activeAt) return b.activeAt - a.activeAt;
  return BigInt(a.conversation.id) > BigInt(b.conversation.id) ? -1 : 1;
}

function isBefore({ activeAt, conversation }: ConversationView, at: Millis, id: ConversationId): boolean {
  return activeAt > at || (activeAt === at && BigInt(conversation.id) > BigInt(id));
}

function isAfter({ activeAt, conversation }: ConversationView, at: Millis, id: ConversationId): boolean {
  return activeAt < at || (activeAt === at && BigInt(conversation.id) < BigInt(id));
}
