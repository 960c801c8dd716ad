/** Pages of a conversation's current members, by user id. */
import { isActive, type Member } from '../../domain/conversation.ts';
import { compareIds } from '../../domain/ids.ts';
import type { MemberLists } from '../members/member-lists.ts';
import { decodeCursor, encodeCursor } from '../paging.ts';
import type { ConversationView } from './conversation-view.ts';

export interface MemberPage {
  readonly members: readonly Member[];
  readonly totalCount: number;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** The page after a cursor; nobody for a viewer who has left. Costs no more in a larger group. */
export async function pageOfMembers(
  memberLists: MemberLists,
  { conversation, member: viewer, memberCount }: ConversationView,
  first: number,
  after: string | null,
): Promise<MemberPage> {
  const afterId = after === null ? '0' : (decodeCursor('u', after, 1) as [string])[0];
  if (!isActive(viewer)) return { members: [], totalCount: 0, hasNextPage: false, hasPreviousPage: false };
  const [found, [earliest]] = await Promise.all([
    memberLists.page(conversation.id, afterId, first + 1),
    after === null ? [] : memberLists.page(conversation.id, '0', 1),
  ]);
  return {
    members: found.slice(0, first),
    totalCount: memberCount,
    hasNextPage: found.length > first,
    hasPreviousPage: earliest !== undefined && compareIds(earliest.userId, afterId) <= 0,
  };
}

export function memberCursorOf({ userId }: Member): string {
  return encodeCursor('u', userId);
}
