/**
 * A conversation as one user sees it, and pages of such views and of members.
 *
 * Conversations are ordered by most recent activity, members by user id, and both orders are total. A cursor contains the position of
 * its item, so that the next page continues from there even if the item is no longer in the list.
 */

import type { Conversation, Member } from '../../domain/conversation.ts';
import { isActive, visibleHead } from '../../domain/conversation.ts';
import type { ConversationId, Millis, Seq } from '../../domain/ids.ts';
import type { MemberList } from '../members/member-lists.ts';
import { decodeCursor, encodeCursor } from '../paging.ts';

export interface ConversationView {
  readonly conversation: Conversation;
  readonly memberList: MemberList;
  readonly member: Member;
  /** The number of the last message that the user may see. */
  readonly headSeq: Seq;
  /** Time of the last message, or of the conversation's creation. */
  readonly activeAt: Millis;
}

/** @param head - the last message of the log, which users who left may not see; none in an empty log */
export function viewOf(
  memberList: MemberList,
  member: Member,
  head: { seq: Seq; sentAt: Millis } = { seq: 0n, sentAt: 0 },
): ConversationView {
  const { conversation } = memberList;
  const activeAt = Math.max(head.sentAt, conversation.createdAt);
  return { conversation, memberList, member, headSeq: visibleHead(member, head.seq), activeAt };
}

export function pageOfViews(views: readonly ConversationView[], first: number, after: string | null) {
  const sorted = [...views].sort(byNewestActivity);
  const cursor = after === null ? null : (decodeCursor('c', after, 2) as [string, string]);
  const rest = cursor === null ? sorted : sorted.filter((one) => isAfter(one, Number(cursor[0]), cursor[1]));
  return {
    views: rest.slice(0, first),
    hasNextPage: rest.length > first,
    hasPreviousPage: rest.length < sorted.length,
  };
}

export function cursorOf({ activeAt, conversation }: ConversationView): string {
  return encodeCursor('c', activeAt, conversation.id);
}

/** The active members; none for a viewer who has left. */
export function pageOfMembers({ memberList, member: viewer }: ConversationView, first: number, after: string | null) {
  const afterId = after === null ? 0n : BigInt((decodeCursor('u', after, 1) as [string])[0]);
  if (!isActive(viewer)) return { members: [], totalCount: 0, hasNextPage: false, hasPreviousPage: false };
  const active = [...memberList.members.values()].filter(isActive);
  const rest = active.filter(({ userId }) => BigInt(userId) > afterId);
  return {
    members: rest.slice(0, first),
    totalCount: active.length,
    hasNextPage: rest.length > first,
    hasPreviousPage: rest.length < active.length,
  };
}

export function memberCursorOf({ userId }: Member): string {
  return encodeCursor('u', userId);
}

function byNewestActivity(a: ConversationView, b: ConversationView): number {
  if (a.activeAt !== b.activeAt) return b.activeAt - a.activeAt;
  return BigInt(a.conversation.id) > BigInt(b.conversation.id) ? -1 : 1;
}

function isAfter({ activeAt, conversation }: ConversationView, at: Millis, id: ConversationId): boolean {
  return activeAt < at || (activeAt === at && BigInt(conversation.id) < BigInt(id));
}
