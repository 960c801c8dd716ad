/**
 * Opens conversations, changes who is in them, and shows them. Every change of membership is a message in the log first.
 *
 * Two caches, of what never changes once it is there: the direct conversation of two users, in whatever order they are named, and
 * how many USER messages there are up to a place in a log.
 */
import { LRUCache } from 'lru-cache';
import { type Conversation, directKey, isActive, type Member, type MemberRole } from '../../domain/conversation.ts';
import { DomainError } from '../../domain/errors.ts';
import {
  type Clock,
  type ConversationId,
  isId,
  type MessageId,
  maxSeq,
  type Seq,
  type UserId,
} from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import { monthOf } from '../../domain/month.ts';
import { snowflakeTime } from '../../domain/snowflake.ts';
import type { Viewer } from '../../domain/user.ts';
import type { Bus } from '../../pubsub/bus.ts';
import type { ConversationStore } from '../../stores/conversation-store.ts';
import type { RateLimit, RateLimiter } from '../../stores/rate-limiter.ts';
import type { UserStore } from '../../stores/user-store.ts';
import type { InboxService } from '../inbox/inbox-service.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { MemberList, MemberLists } from '../members/member-lists.ts';
import { checkPageSize } from '../paging.ts';
import { takeOrThrow } from '../rate-limits.ts';
import type { ReceiptService } from '../receipts/receipt-service.ts';
import {
  type ConversationView,
  cursorOf,
  memberCursorOf,
  pageOfMembers,
  pageOfViews,
  viewOf,
} from './conversation-view.ts';
import { createMembershipChanges } from './membership-changes.ts';
import {
  checkNamedCount,
  checkTitle,
  type PlannedChange,
  planAdding,
  planRemoving,
  requireActiveInGroup,
  requireMayAdd,
  requireMayGiveRole,
  requireMayRemove,
  tooManyMembers,
} from './membership-rules.ts';

export type { ConversationView } from './conversation-view.ts';

export interface ConversationSettings {
  readonly pageSizeMax: number;
  /** Members named in one call. */
  readonly namedMembersMax: number;
  readonly groupMembersMax: number;
  /** Pairs of users, and places in logs, that are kept in memory. */
  readonly cachedMax?: number;
}

/** New conversations and changes of membership by one user. */
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
  onError: (error: unknown, what: string) => void;
  settings: ConversationSettings;
}) {
  const { store, users, memberLists, log, receipts, rateLimiter, newId, clock, settings } = ports;
  const changes = createMembershipChanges(ports);
  const directIds = new LRUCache<string, ConversationId>({ max: settings.cachedMax ?? 50_000 });
  /** `ordinal` by message: it never changes. */
  const ordinals = new LRUCache<string, Seq>({ max: settings.cachedMax ?? 50_000 });

  function draftConversation(kind: Conversation['kind'], title: string | null): Conversation {
    const id = newId();
    const createdAt = clock();
    // Never before the month of the ids made from now on, so that an id leads to its message.
    const firstMonth = monthOf(Math.max(createdAt, snowflakeTime(id)));
    return { id, kind, title, createdAt, firstMonth };
  }

  async function openDirect(viewer: Viewer, userId: UserId): Promise<MemberList> {
    const pair: [UserId, UserId] = [viewer.userId, userId];
    const key = directKey(pair);
    const known = directIds.get(key);
    if (known !== undefined) {
      const memberList = await memberLists.get(known);
      if (memberList !== null) return memberList;
    }
    const [user] = isId(userId) ? await users.get([userId]) : [null];
    if (user == null) throw new DomainError('NOT_FOUND', 'User not found.');
    let conversation = await store.findDirect(pair);
    if (conversation === null) {
      await takeOrThrow(rateLimiter, conversationLimit, viewer.userId);
      conversation = await store.openDirect(draftConversation('DIRECT', null), pair);
      memberLists.forget(conversation.id, pair);
      changes.announce(conversation.id, pair);
    }
    directIds.set(key, conversation.id);
    return (await memberLists.require(conversation.id, viewer.userId)).memberList;
  }

  async function view(viewer: Viewer, id: ConversationId): Promise<ConversationView> {
    const { memberList, member } = await memberLists.require(id, viewer.userId);
    const [head] = await log.heads([memberList.conversation]);
    return viewOf(memberList, member, head);
  }

  async function changeMembers(
    viewer: Viewer,
    conversationId: ConversationId,
    plan: (memberList: MemberList, member: Member) => Promise<PlannedChange | null>,
  ): Promise<ConversationView> {
    await takeOrThrow(rateLimiter, conversationLimit, viewer.userId);
    await changes.run(viewer.userId, conversationId, async () => {
      const { memberList, member } = await memberLists.require(conversationId, viewer.userId);
      requireActiveInGroup(memberList, member);
      return plan(memberList, member);
    });
    return view(viewer, conversationId);
  }

  /** @throws DomainError `NOT_FOUND`: one of them does not exist */
  async function requireUsers(userIds: readonly UserId[]): Promise<void> {
    checkNamedCount(userIds, settings.namedMembersMax);
    const found = userIds.every(isId) ? await users.get(userIds) : [null];
    const missing = userIds.filter((_, index) => found[index] == null);
    if (missing.length > 0) throw new DomainError('NOT_FOUND', `User ${missing[0]} not found.`);
  }

  async function ordinalAt(conversation: Conversation, seq: Seq): Promise<Seq> {
    if (seq === 0n) return 0n;
    const key = `${conversation.id}/${seq}`;
    const known = ordinals.get(key);
    if (known !== undefined) return known;
    const [message] = await log.list(conversation, { fromSeq: seq, toSeq: seq, limit: 1 });
    const ordinal = message?.ordinal ?? 0n;
    if (message !== undefined) ordinals.set(key, ordinal);
    return ordinal;
  }

  return {
    /** The direct conversation with a user, opened when there is none; with oneself it has one member. */
    openDirect,

    async openDirectView(viewer: Viewer, userId: UserId): Promise<ConversationView> {
      return view(viewer, (await openDirect(viewer, userId)).conversation.id);
    },

    async createGroup(
      viewer: Viewer,
      input: { title: string; memberIds: readonly UserId[] },
    ): Promise<ConversationView> {
      const title = checkTitle(input.title);
      const others = [...new Set(input.memberIds)].filter((id) => id !== viewer.userId);
      if (others.length >= settings.groupMembersMax) throw tooManyMembers();
      await requireUsers(others);
      await takeOrThrow(rateLimiter, conversationLimit, viewer.userId);
      const conversation = draftConversation('GROUP', title);
      await changes.found(viewer.userId, conversation, [viewer.userId, ...others]);
      return view(viewer, conversation.id);
    },

    /** @throws DomainError `FORBIDDEN`: only the owner and admins add members */
    addMembers(
      viewer: Viewer,
      input: { conversationId: ConversationId; userIds: readonly UserId[] },
    ): Promise<ConversationView> {
      return changeMembers(viewer, input.conversationId, async (memberList, member) => {
        requireMayAdd(member);
        const wanted = [...new Set(input.userIds)];
        await requireUsers(wanted);
        return planAdding(memberList, wanted, settings.groupMembersMax);
      });
    },

    /** @throws DomainError `FORBIDDEN`: the owner removes anybody else, an admin plain members */
    removeMembers(
      viewer: Viewer,
      input: { conversationId: ConversationId; userIds: readonly UserId[] },
    ): Promise<ConversationView> {
      return changeMembers(viewer, input.conversationId, async (memberList, member) => {
        requireMayRemove(member);
        const wanted = [...new Set(input.userIds)];
        checkNamedCount(wanted, settings.namedMembersMax);
        return planRemoving(memberList, member, wanted);
      });
    },

    leaveGroup(viewer: Viewer, conversationId: ConversationId): Promise<ConversationView> {
      return changeMembers(viewer, conversationId, async () => ({ kind: 'MEMBER_LEFT', userIds: [viewer.userId] }));
    },

    /** @throws DomainError `FORBIDDEN`: only the owner gives roles; giving away OWNER makes the giver an admin */
    async setRole(
      viewer: Viewer,
      input: { conversationId: ConversationId; userId: UserId; role: MemberRole },
    ): Promise<ConversationView> {
      await changeMembers(viewer, input.conversationId, async (memberList, member) => {
        requireMayGiveRole(memberList, member, input.userId);
        await store.setRole(input.conversationId, input.userId, input.role);
        if (input.role === 'OWNER') await store.setRole(input.conversationId, viewer.userId, 'ADMIN');
        memberLists.forget(input.conversationId, []);
        return null;
      });
      return view(viewer, input.conversationId);
    },

    /** @throws DomainError `NOT_FOUND`: no such conversation for the viewer */
    view,

    /** The conversations the viewer is in, newest activity first. */
    async page(viewer: Viewer, first: number, after: string | null) {
      checkPageSize('first', first, settings.pageSizeMax);
      const ids = await memberLists.conversationIdsOf(viewer.userId);
      const found = await Promise.all(ids.map((id) => memberLists.get(id)));
      const active = found.filter((memberList): memberList is MemberList =>
        isActive(memberList?.members.get(viewer.userId)),
      );
      const heads = await log.heads(active.map(({ conversation }) => conversation));
      const views = active.map((memberList, index) =>
        viewOf(memberList, memberList.members.get(viewer.userId) as Member, heads[index]),
      );
      return pageOfViews(views, first, after);
    },

    cursorOf,

    /** The active members, in the order of their user ids; nobody for a viewer who has left. */
    memberPage(conversation: ConversationView, first: number, after: string | null) {
      checkPageSize('first', first, settings.pageSizeMax);
      return pageOfMembers(conversation, first, after);
    },

    memberCursorOf,

    /** USER messages after the viewer's read position; what they sent themselves counts as read up to there. */
    async unreadCount({ conversation, member, headSeq }: ConversationView): Promise<number> {
      const [positions] = await receipts.positions(conversation.id, [member.userId]);
      const readSeq = maxSeq(positions?.readSeq ?? 0n, member.joinedSeq);
      if (readSeq >= headSeq) return 0;
      const [head, read] = await Promise.all([ordinalAt(conversation, headSeq), ordinalAt(conversation, readSeq)]);
      return Number(head - read);
    },

    async lastMessage({ conversation, member, headSeq }: ConversationView): Promise<Message | null> {
      if (headSeq <= member.joinedSeq) return null;
      const [message] = await log.list(conversation, { fromSeq: headSeq, toSeq: headSeq, limit: 1 });
      return message ?? null;
    },

    /** Carries out the changes of membership that an earlier run of the server left unsettled. */
    resume: changes.resume,

    /** Tries no failed change again. */
    close: changes.close,

    /** Of the users asked for, those with whom the viewer has a direct conversation. */
    async directPeers(userId: UserId, others: readonly UserId[]): Promise<Set<UserId>> {
      const peers = new Set<UserId>();
      await Promise.all(
        others.map(async (other) => {
          if (!isId(other)) return;
          const key = directKey([userId, other]);
          if (directIds.has(key)) {
            peers.add(other);
            return;
          }
          const conversation = await store.findDirect([userId, other]);
          if (conversation === null) return;
          directIds.set(key, conversation.id);
          peers.add(other);
        }),
      );
      return peers;
    },

    /** Everybody with whom a user has a direct conversation. */
    async allDirectPeers(userId: UserId): Promise<UserId[]> {
      const ids = await memberLists.conversationIdsOf(userId);
      const found = await Promise.all(ids.map((id) => memberLists.get(id)));
      return found
        .filter((memberList): memberList is MemberList => memberList?.conversation.kind === 'DIRECT')
        .flatMap(({ members }) => [...members.keys()].filter((other) => other !== userId));
    },
  };
}
