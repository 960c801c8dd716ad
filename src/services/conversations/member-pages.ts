/** Pages of a conversation's current members, by user id. */
import { isActive, type Member } from '../../domain/conversation.ts';
import { compareIds, type UserId } from '../../domain/ids.ts';
import type { MemberLists } from '../members/member-lists.ts';
import { decodeCursor, encodeCursor, type PageRequest } from '../paging.ts';
import type { ConversationView } from './conversation-view.ts';

export interface MemberPage {
  readonly members: readonly Member[];
  readonly totalCount: number;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** The page at a cursor; nobody for a viewer who has left. Costs no more in a larger group. */
export async function pageOfMembers(
  memberLists: MemberLists,
  { conversation, member: viewer, memberCount }: ConversationView,
  { after, before, last }: PageRequest,
  size: number,
): Promise<MemberPage> {
  const afterId = idOf(after);
  const beforeId = idOf(before);
  if (!isActive(viewer)) return { members: [], totalCount: 0, hasNextPage: false, hasPreviousPage: false };
  const fromEnd = last != null;
  // One more than asked for says whether there are more on that side. The other side is looked at only where a cursor was given.
  const [found, [earliest], [latest]] = await Promise.all([
    memberLists.page(conversation.id, { afterId, beforeId, limit: size + 1, fromEnd }),
    afterId === null ? [] : memberLists.page(conversation.id, { limit: 1 }),
    beforeId === null ? [] : memberLists.page(conversation.id, { limit: 1, fromEnd: true }),
  ]);
  const hasMore = found.length > size;
  const isAnyUpToAfter = afterId !== null && earliest !== undefined && compareIds(earliest.userId, afterId) <= 0;
  const isAnyFromBefore = beforeId !== null && latest !== undefined && compareIds(latest.userId, beforeId) >= 0;
  return {
    members: fromEnd ? found.slice(-size) : found.slice(0, size),
    totalCount: memberCount,
    hasNextPage: (!fromEnd && hasMore) || isAnyFromBefore,
    hasPreviousPage: (fromEnd && hasMore) || isAnyUpToAfter,
  };
}

function idOf(cursor: string | null | undefined): UserId | null {
  return cursor == null ? null : (decodeCursor('u', cursor, 1) as [string])[0];
}

export function memberCursorOf({ userId }: Member): string {
  return encodeCursor('u', userId);
}
