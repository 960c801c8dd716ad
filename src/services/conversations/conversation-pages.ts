/**
 * Pages of a user's conversations, most recent activity first. Small conversations come from the index of the user's conversations by
 * activity, which fan-out maintains. Large groups are not in it, because a message must not cost one write for each member: the page
 * includes them by their heads.
 */
import { isActive } from '../../domain/conversation.ts';
import type { ConversationId, UserId } from '../../domain/ids.ts';
import { type ActivityPlace, byActivity } from '../../stores/inbox-store.ts';
import type { InboxService } from '../inbox/inbox-service.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { MemberLists } from '../members/member-lists.ts';
import { decodeCursor, type PageRequest } from '../paging.ts';
import { type ConversationView, viewOf } from './conversation-view.ts';

export function createConversationPages(ports: {
  memberLists: MemberLists;
  inbox: InboxService;
  log: ConversationLog;
}) {
  const { memberLists, inbox, log } = ports;

  /** The conversations that a user is a member of, among the given ones. */
  async function viewsOf(userId: UserId, ids: readonly ConversationId[]): Promise<ConversationView[]> {
    const [states, members] = await Promise.all([memberLists.states(ids), memberLists.membersIn(userId, ids)]);
    const found = states.flatMap((state, index) => {
      const member = members[index];
      return state === null || member === undefined || !isActive(member) ? [] : [{ state, member }];
    });
    const heads = await log.heads(found.map(({ state }) => state.conversation));
    return found.map(({ state, member }, index) => viewOf(state, member, heads[index]));
  }

  async function largeGroups(userId: UserId): Promise<ConversationView[]> {
    const active = (await memberLists.onReadOf(userId)).filter(isActive);
    const states = await memberLists.states(active.map(({ conversationId }) => conversationId));
    const large = states.flatMap((state) => (state?.isLarge === true ? state.conversation.id : []));
    return large.length === 0 ? [] : viewsOf(userId, large);
  }

  /** At most `limit` small conversations from a place. Conversations that the user has left are removed from the index. */
  async function smallOnes(
    userId: UserId,
    from: ActivityPlace | null,
    towards: 'end' | 'start',
    limit: number,
    large: ReadonlySet<ConversationId>,
  ): Promise<ConversationView[]> {
    const views: ConversationView[] = [];
    for (let place = from; views.length < limit; ) {
      const found = await inbox.listActive(userId, place, limit, towards);
      const small = found.filter(({ conversationId }) => !large.has(conversationId));
      const ids = small.map(({ conversationId }) => conversationId);
      const byId = new Map((await viewsOf(userId, ids)).map((view) => [view.conversation.id, view]));
      const left = small.filter(({ conversationId }) => !byId.has(conversationId));
      if (left.length > 0) await inbox.dropActivity(left);
      for (const { conversationId, activeAt } of small) {
        const view = byId.get(conversationId);
        // The place of the index, so that a cursor continues in it.
        if (view !== undefined) views.push({ ...view, activeAt });
      }
      place = found.at(-1) ?? place;
      if (found.length < limit) break;
    }
    return views.slice(0, limit);
  }

  async function page(userId: UserId, { after, before, last }: PageRequest, size: number) {
    const [start, end] = [placeOf(after), placeOf(before)];
    const isFromEnd = last != null;
    // A message already answered SENT to its sender has its place in the list.
    await inbox.settle(userId);
    const large = await largeGroups(userId);
    const largeIds = new Set(large.map(({ conversation }) => conversation.id));
    const found = isFromEnd
      ? await smallOnes(userId, end, 'start', size + 1, largeIds)
      : await smallOnes(userId, start, 'end', size + 1, largeIds);
    const isBetween = (view: ConversationView) =>
      (start === null || byActivity(start, toPlace(view)) < 0) && (end === null || byActivity(toPlace(view), end) < 0);
    const between = [...found, ...large].filter(isBetween).sort((a, b) => byActivity(toPlace(a), toPlace(b)));
    const hasMore = between.length > size;
    return {
      views: isFromEnd ? between.slice(-size) : between.slice(0, size),
      hasNextPage: (!isFromEnd && hasMore) || (await hasAnyFrom(userId, end, large)),
      hasPreviousPage: (isFromEnd && hasMore) || (await hasAnyUpTo(userId, start, large)),
    };
  }

  /** The conversations with the most recent activity, at most `limit`. */
  async function newest(userId: UserId, limit: number): Promise<ConversationView[]> {
    return (await page(userId, {}, limit)).views;
  }

  /** Whether the list has a conversation at or before a place. */
  async function hasAnyUpTo(userId: UserId, place: ActivityPlace | null, large: readonly ConversationView[]) {
    if (place === null) return false;
    const first = await inbox.listActive(userId, null, 1);
    return [...large.map(toPlace), ...first].some((one) => byActivity(one, place) <= 0);
  }

  /** Whether the list has a conversation at or after a place. */
  async function hasAnyFrom(userId: UserId, place: ActivityPlace | null, large: readonly ConversationView[]) {
    if (place === null) return false;
    const final = await inbox.listActive(userId, null, 1, 'start');
    return [...large.map(toPlace), ...final].some((one) => byActivity(place, one) <= 0);
  }

  return { page, newest };
}

function toPlace({ activeAt, conversation }: ConversationView): ActivityPlace {
  return { activeAt, conversationId: conversation.id };
}

function placeOf(cursor: string | null | undefined): ActivityPlace | null {
  if (cursor == null) return null;
  const [activeAt, conversationId] = decodeCursor('c', cursor, 2) as [string, string];
  return { activeAt: Number(activeAt), conversationId };
}
