/** Opens conversations, changes their members, and shows them. Every change of membership is first a message in the log. */

import type { ByteBudgets } from '../../domain/byte-budget.ts';
import type { Member, MemberRole } from '../../domain/conversation.ts';
import { DomainError } from '../../domain/errors.ts';
import { type Clock, type ConversationId, isId, type MessageId, type UserId } from '../../domain/ids.ts';
import type { Viewer } from '../../domain/user.ts';
import type { Bus } from '../../pubsub/bus.ts';
import type { ConversationStore } from '../../stores/conversation-store.ts';
import type { RateLimit, RateLimiter } from '../../stores/rate-limiter.ts';
import type { UserStore } from '../../stores/user-store.ts';
import { checkClientId } from '../client-ids.ts';
import type { InboxService } from '../inbox/inbox-service.ts';
import { type ConversationLog, emptyHead } from '../log/conversation-log.ts';
import type { MemberList, MemberLists } from '../members/member-lists.ts';
import { type PageRequest, pageSizeOf } from '../paging.ts';
import { takeOrThrow } from '../rate-limits.ts';
import type { ReceiptService } from '../receipts/receipt-service.ts';
import { createContactFollower } from './contact-follower.ts';
import { createConversationDrafts } from './conversation-draft.ts';
import { createConversationPages } from './conversation-pages.ts';
import { type ConversationView, cursorOf, viewOf } from './conversation-view.ts';
import { createDirectPairs } from './direct-pairs.ts';
import { type GroupProfileInput, newProfile, noProfile, planUpdate } from './group-profile.ts';
import { createLastMessages } from './last-messages.ts';
import { memberCursorOf, pageOfMembers } from './member-pages.ts';
import { createMemberViews } from './member-views.ts';
import { createMembershipChanges } from './membership-changes.ts';
import {
  checkNamedCount,
  type PlannedChange,
  planAdding,
  planRemoving,
  planRole,
  requireActiveInGroup,
  requireMayAdd,
  requireMayRemove,
  tooManyMembers,
} from './membership-rules.ts';
import { createSettlements } from './settlements.ts';
import { createUnreadCounts } from './unread-counts.ts';

export type { ConversationView } from './conversation-view.ts';
export type { UnreadTotals } from './unread-counts.ts';

export interface ConversationSettings {
  readonly pageSizeMax: number;
  /** Maximum number of named members in one call. */
  readonly namedMembersMax: number;
  readonly groupMembersMax: number;
  /** Maximum number of pairs of users, and of positions in logs, in memory. */
  readonly cachedMax?: number;
  /** Number of a user's conversations, the most recently active first, whose unread messages are counted in the totals. */
  readonly unreadWithinMax?: number;
}

/** Conversations and members on a page whose size is not given. */
const usualPage = 50;

/** Rate limit of new conversations and membership changes per user. */
export const conversationLimit: RateLimit = { name: 'conversations', points: 300, windowMs: 60_000 };

export type ConversationService = ReturnType<typeof createConversationService>;

export function createConversationService(ports: {
  store: ConversationStore;
  users: UserStore;
  memberLists: MemberLists;
  log: ConversationLog;
  inbox: InboxService;
  receipts: ReceiptService;
  bus: Bus;
  rateLimiter: RateLimiter;
  newId: () => MessageId;
  clock: Clock;
  isSoleWriter: boolean;
  /** Counts the bytes that unread counts read; absent in tests. */
  budgets?: ByteBudgets;
  onError: (error: unknown, what: string) => void;
  settings: ConversationSettings;
}) {
  const { store, users, memberLists, log, inbox, receipts, rateLimiter, budgets, settings } = ports;
  const draftConversation = createConversationDrafts(ports);
  const settlements = createSettlements(ports);
  const changes = createMembershipChanges({ ...ports, settlements });
  const pages = createConversationPages(ports);
  const { cachedMax = 50_000, unreadWithinMax = 500 } = settings;
  const directPairs = createDirectPairs({ cachedMax });
  const memberViews = createMemberViews({ memberLists, log });
  const lastMessages = createLastMessages({ log });
  const unread = createUnreadCounts({ log, receipts, budgets, cachedMax });

  async function openDirect(viewer: Viewer, userId: UserId): Promise<MemberList> {
    const pair: [UserId, UserId] = [viewer.userId, userId];
    const known = directPairs.knownId(pair);
    if (known !== undefined) {
      const memberList = await memberLists.get(known);
      if (memberList !== null) return memberList;
    }
    const [user] = isId(userId) ? await users.get([userId]) : [null];
    if (user == null) throw new DomainError('NOT_FOUND', 'User not found.');
    let conversation = await store.findDirect(pair);
    if (conversation === null) {
      await takeOrThrow(rateLimiter, conversationLimit, viewer.userId);
      conversation = await store.openDirect(draftConversation('DIRECT', noProfile), pair);
    }
    directPairs.remember(pair, conversation.id);
    return (await memberLists.require(conversation.id, viewer.userId)).memberList;
  }

  async function view(viewer: Viewer, id: ConversationId): Promise<ConversationView> {
    const { memberList } = await memberLists.require(id, viewer.userId);
    const [head = emptyHead] = await log.heads([memberList.conversation]);
    const current = (await memberLists.at(id, head.membershipSeq)) ?? memberList;
    const member = (await current.stays(viewer.userId)).at(-1);
    if (member === undefined) throw notFound();
    return viewOf(current, member, head);
  }

  async function changeMembers(
    viewer: Viewer,
    conversationId: ConversationId,
    plan: (memberList: MemberList, member: Member) => Promise<PlannedChange | null>,
  ): Promise<ConversationView> {
    await takeOrThrow(rateLimiter, conversationLimit, viewer.userId);
    await memberLists.require(conversationId, viewer.userId);
    await changes.run(viewer.userId, conversationId, async (memberList) => {
      const member = (await memberList.stays(viewer.userId)).at(-1);
      if (member === undefined) throw notFound();
      requireActiveInGroup(memberList, member);
      return plan(memberList, member);
    });
    return view(viewer, conversationId);
  }

  /** @throws DomainError `NOT_FOUND`: a user does not exist */
  async function requireUsers(userIds: readonly UserId[], field: string): Promise<void> {
    checkNamedCount(userIds, settings.namedMembersMax, field);
    const found = userIds.every(isId) ? await users.get(userIds) : [null];
    const missing = userIds.filter((_, index) => found[index] == null);
    if (missing.length > 0) throw new DomainError('NOT_FOUND', `User ${missing[0]} not found.`);
  }

  return {
    /** The direct conversation with a user, created if it does not exist. With the viewer's own id it has one member. */
    openDirect,

    async openDirectView(viewer: Viewer, userId: UserId): Promise<ConversationView> {
      const found = await view(viewer, (await openDirect(viewer, userId)).conversation.id);
      const { conversation, activeAt } = found;
      // Until the first message, only users who opened the conversation themselves have it in their lists.
      if (found.headSeq === 0n) {
        await inbox.raiseActivity([{ userId: viewer.userId, conversationId: conversation.id, activeAt }]);
      }
      return found;
    },

    async createGroup(
      viewer: Viewer,
      input: GroupProfileInput & { title: string; memberIds: readonly UserId[]; clientGroupId?: string | null },
    ): Promise<{ view: ConversationView; isRepeat: boolean }> {
      const profile = newProfile(input);
      const clientGroupId = input.clientGroupId ?? null;
      if (clientGroupId !== null) checkClientId('clientGroupId', clientGroupId);
      const others = [...new Set(input.memberIds)].filter((id) => id !== viewer.userId);
      if (others.length >= settings.groupMembersMax) throw tooManyMembers('memberIds');
      // Before the users are looked up, which is the work that the limit bounds.
      await takeOrThrow(rateLimiter, conversationLimit, viewer.userId);
      await requireUsers(others, 'memberIds');
      const conversation = draftConversation('GROUP', profile);
      const founded = await changes.found(viewer.userId, conversation, [viewer.userId, ...others], clientGroupId);
      return { view: await view(viewer, founded.id), isRepeat: founded.id !== conversation.id };
    },

    /** @throws DomainError `FORBIDDEN`: only the owner and admins can add members */
    addMembers(
      viewer: Viewer,
      input: { conversationId: ConversationId; userIds: readonly UserId[] },
    ): Promise<ConversationView> {
      return changeMembers(viewer, input.conversationId, async (memberList, member) => {
        requireMayAdd(member);
        const wanted = [...new Set(input.userIds)];
        await requireUsers(wanted, 'userIds');
        const known = await memberLists.membersAmong(memberList, wanted);
        return planAdding(memberList, wanted, known, settings.groupMembersMax);
      });
    },

    /** @throws DomainError `FORBIDDEN`: the owner can remove any other member, an admin only plain members */
    removeMembers(
      viewer: Viewer,
      input: { conversationId: ConversationId; userIds: readonly UserId[] },
    ): Promise<ConversationView> {
      return changeMembers(viewer, input.conversationId, async (memberList, member) => {
        requireMayRemove(member);
        const wanted = [...new Set(input.userIds)];
        checkNamedCount(wanted, settings.namedMembersMax, 'userIds');
        return planRemoving(member, wanted, await memberLists.membersAmong(memberList, wanted));
      });
    },

    leaveGroup(viewer: Viewer, conversationId: ConversationId): Promise<ConversationView> {
      return changeMembers(viewer, conversationId, async () => ({ kind: 'MEMBER_LEFT', userIds: [viewer.userId] }));
    },

    /** @throws DomainError `FORBIDDEN`: only the owner can change roles; an owner who gives OWNER away becomes an admin */
    setRole(
      viewer: Viewer,
      input: { conversationId: ConversationId; userId: UserId; role: MemberRole },
    ): Promise<ConversationView> {
      return changeMembers(viewer, input.conversationId, async (memberList, member) => {
        const known = await memberLists.membersAmong(memberList, [input.userId]);
        return planRole(member, known.get(input.userId), input.role);
      });
    },

    /** @throws DomainError `FORBIDDEN`: only the owner and admins change a group's title, description and picture */
    updateGroup(
      viewer: Viewer,
      input: GroupProfileInput & { conversationId: ConversationId },
    ): Promise<ConversationView> {
      return changeMembers(viewer, input.conversationId, async ({ conversation }, member) =>
        planUpdate(conversation, member, input),
      );
    },

    /** @throws DomainError `NOT_FOUND`: the conversation does not exist, or is hidden from the viewer */
    view,

    /** The viewer's current conversations, most recent activity first. */
    page(viewer: Viewer, request: PageRequest) {
      return pages.page(viewer.userId, request, pageSizeOf(request, usualPage, settings.pageSizeMax));
    },

    cursorOf,

    /** The active members, ordered by user id; none for a viewer who has left. */
    memberPage(conversation: ConversationView, request: PageRequest) {
      const size = pageSizeOf(request, usualPage, settings.pageSizeMax);
      return pageOfMembers(memberLists, conversation, request, size);
    },

    memberCursorOf,

    unreadCount: unread.count,

    /** The unread messages of the viewer's most recently active conversations. */
    unreadTotals: async (viewer: Viewer) => unread.totals(await pages.newest(viewer.userId, unreadWithinMax)),

    /** A current or former member; `NOT_FOUND` for a user who was never one. */
    memberOf: memberViews.memberOf,

    findMember: memberViews.findMember,

    joinedAt: memberViews.joinedAt,

    lastActivityAt: lastMessages.lastActivityAt,
    lastMessage: lastMessages.lastMessage,

    /** Finishes the changes of members that no instance is working on; never rejects. */
    finishOpenChanges: changes.finishOpenChanges,

    /** Stops retries of failed changes. */
    close: changes.close,

    /** Filters users to the user's contacts: both have sent a message in their direct conversation. */
    async contactsAmong(userId: UserId, others: readonly UserId[]): Promise<Set<UserId>> {
      return new Set(await store.findContacts(userId, others.filter(isId)));
    },

    /** A user's contacts, at most `limit`. */
    contacts: (userId: UserId, limit: number): Promise<UserId[]> => store.listContacts(userId, limit),

    /** Settles the changes that the log contains up to a number; for member lists that are too old. */
    settleUpTo: settlements.upTo,

    /** Learns who has sent in direct conversations; to be added to the followers of the log. */
    follower: createContactFollower(ports),
  };
}

function notFound(): DomainError {
  return new DomainError('NOT_FOUND', 'Conversation not found.');
}
