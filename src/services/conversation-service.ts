/** Opens conversations and says who is in them. Every change of membership is a message in the log first. */
import { LRUCache } from 'lru-cache';
import type { Conversation, Member, MemberRole } from '../domain/conversation.ts';
import { DomainError } from '../domain/errors.ts';
import {
  type Clock,
  type ConversationId,
  isId,
  type MessageId,
  type Millis,
  type Seq,
  type UserId,
} from '../domain/ids.ts';
import type { Message, SystemEvent } from '../domain/message.ts';
import { monthOf } from '../domain/month.ts';
import { maxSeq } from '../domain/receipt.ts';
import { snowflakeTime } from '../domain/snowflake.ts';
import type { User, Viewer } from '../domain/user.ts';
import type { ConversationStore } from '../stores/conversation-store.ts';
import type { RateLimit, RateLimiter } from '../stores/rate-limiter.ts';
import type { UserStore } from '../stores/user-store.ts';
import type { ConversationLog } from './conversation-log.ts';
import { checkPageSize, decodeCursor, encodeCursor } from './cursor.ts';
import type { MembershipChanges } from './membership-changes.ts';
import { takeOrThrow } from './rate-limits.ts';
import type { ReceiptBook } from './receipt-book.ts';
import { type Roster, type Rosters, visibleHead } from './rosters.ts';

/** A conversation as one user sees it. */
export interface ConversationView {
  readonly conversation: Conversation;
  readonly roster: Roster;
  readonly member: Member;
  /** The last message they may see. */
  readonly headSeq: Seq;
  /** When the last message was sent, or the conversation was opened. */
  readonly activeAt: Millis;
}

export interface ConversationSettings {
  readonly pageSizeMax: number;
  /** Members named in one call. */
  readonly namedMembersMax: number;
  readonly groupMembersMax: number;
  /** Pairs of users, and places in logs, that are kept in memory. */
  readonly cachedMax?: number;
}

const titleMax = 100;
/** New conversations and changes of membership by one user. */
export const conversationLimit: RateLimit = { name: 'conversations', points: 300, windowMs: 60_000 };

export type ConversationService = ReturnType<typeof createConversationService>;

export function createConversationService(ports: {
  store: ConversationStore;
  users: UserStore;
  rosters: Rosters;
  changes: MembershipChanges;
  log: ConversationLog;
  book: ReceiptBook;
  rateLimiter: RateLimiter;
  newId: () => MessageId;
  clock: Clock;
  settings: ConversationSettings;
}) {
  const { store, users, rosters, changes, log, book, rateLimiter, newId, clock, settings } = ports;
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

  async function openDirect(viewer: Viewer, userId: UserId): Promise<Roster> {
    const pair: [UserId, UserId] = [viewer.userId, userId];
    const key = inOneOrder(pair).join('/');
    const known = directIds.get(key);
    if (known !== undefined) {
      const roster = await rosters.get(known);
      if (roster !== null) return roster;
    }
    const [user] = isId(userId) ? await users.get([userId]) : [null];
    if (user == null) throw new DomainError('NOT_FOUND', 'There is no such user.');
    let conversation = await store.findDirect(pair);
    if (conversation === null) {
      await takeOrThrow(rateLimiter, conversationLimit, viewer.userId);
      conversation = await store.openDirect(draftConversation('DIRECT', null), pair);
      rosters.forget(conversation.id, pair);
      changes.announce(conversation.id, pair);
    }
    directIds.set(key, conversation.id);
    return (await rosters.require(conversation.id, viewer.userId)).roster;
  }

  async function view(roster: Roster, member: Member): Promise<ConversationView> {
    const [head] = await log.heads([roster.conversation]);
    return viewWithHead(roster, member, head ?? { seq: 0n, sentAt: 0 });
  }

  function viewWithHead(roster: Roster, member: Member, head: { seq: Seq; sentAt: Millis }): ConversationView {
    const { conversation } = roster;
    const activeAt = Math.max(head.sentAt, conversation.createdAt);
    return { conversation, roster, member, headSeq: visibleHead(member, head.seq), activeAt };
  }

  async function changeMembers(
    viewer: Viewer,
    conversationId: ConversationId,
    plan: (roster: Roster, member: Member) => Promise<Omit<SystemEvent, 'title'> | null>,
  ): Promise<ConversationView> {
    await takeOrThrow(rateLimiter, conversationLimit, viewer.userId);
    await changes.run(viewer.userId, conversationId, async () => {
      const { roster, member } = await rosters.require(conversationId, viewer.userId);
      if (roster.conversation.kind !== 'GROUP') throw forbidden('A direct conversation always has the same members.');
      if (member.leftSeq !== null) throw forbidden('You are not a member of this group any more.');
      return plan(roster, member);
    });
    const { roster, member } = await rosters.require(conversationId, viewer.userId);
    return view(roster, member);
  }

  async function requireUsers(userIds: readonly UserId[]): Promise<User[]> {
    if (userIds.length > settings.namedMembersMax) {
      throw new DomainError('BAD_USER_INPUT', `At most ${settings.namedMembersMax} users at once.`);
    }
    const found = userIds.every(isId) ? await users.get(userIds) : [null];
    const missing = userIds.filter((_, index) => found[index] == null);
    if (missing.length > 0) throw new DomainError('NOT_FOUND', `There is no user ${missing[0]}.`);
    return found as User[];
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
      return this.view(viewer, (await openDirect(viewer, userId)).conversation.id);
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
      return this.view(viewer, conversation.id);
    },

    /** @throws DomainError `FORBIDDEN`: only the owner and admins add members */
    addMembers(
      viewer: Viewer,
      input: { conversationId: ConversationId; userIds: readonly UserId[] },
    ): Promise<ConversationView> {
      return changeMembers(viewer, input.conversationId, async (roster, { role }) => {
        if (role === 'MEMBER') throw forbidden('Only the owner and admins add members.');
        const wanted = [...new Set(input.userIds)];
        await requireUsers(wanted);
        const userIds = wanted.filter((id) => roster.members.get(id)?.leftSeq !== null);
        if (roster.activeCount + userIds.length > settings.groupMembersMax) throw tooManyMembers();
        return userIds.length === 0 ? null : { kind: 'MEMBERS_ADDED', userIds };
      });
    },

    /** @throws DomainError `FORBIDDEN`: the owner removes anybody else, an admin plain members */
    removeMembers(
      viewer: Viewer,
      input: { conversationId: ConversationId; userIds: readonly UserId[] },
    ): Promise<ConversationView> {
      return changeMembers(viewer, input.conversationId, async (roster, { role }) => {
        if (role === 'MEMBER') throw forbidden('Only the owner and admins remove members.');
        const wanted = [...new Set(input.userIds)];
        if (wanted.length > settings.namedMembersMax) {
          throw new DomainError('BAD_USER_INPUT', `At most ${settings.namedMembersMax} users at once.`);
        }
        if (wanted.includes(viewer.userId)) throw new DomainError('BAD_USER_INPUT', 'Use leaveGroup to leave.');
        for (const id of wanted) {
          const member = roster.members.get(id);
          if (member === undefined) throw new DomainError('NOT_FOUND', `User ${id} is not a member.`);
          if (role === 'ADMIN' && member.leftSeq === null && member.role !== 'MEMBER') {
            throw forbidden('Only the owner removes admins.');
          }
        }
        const userIds = wanted.filter((id) => roster.members.get(id)?.leftSeq === null);
        return userIds.length === 0 ? null : { kind: 'MEMBERS_REMOVED', userIds };
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
      await changeMembers(viewer, input.conversationId, async (roster, member) => {
        if (member.role !== 'OWNER') throw forbidden('Only the owner gives roles.');
        const other = roster.members.get(input.userId);
        if (other === undefined || other.leftSeq !== null)
          throw new DomainError('NOT_FOUND', 'There is no such member.');
        if (other.userId === viewer.userId)
          throw new DomainError('BAD_USER_INPUT', 'The owner hands the role to another member.');
        await store.setRole(input.conversationId, other.userId, input.role);
        if (input.role === 'OWNER') await store.setRole(input.conversationId, viewer.userId, 'ADMIN');
        rosters.forget(input.conversationId, []);
        return null;
      });
      return this.view(viewer, input.conversationId);
    },

    /** @throws DomainError `NOT_FOUND`: no such conversation for the viewer */
    async view(viewer: Viewer, id: ConversationId): Promise<ConversationView> {
      const { roster, member } = await rosters.require(id, viewer.userId);
      return view(roster, member);
    },

    /** The conversations the viewer is in, newest activity first. */
    async page(viewer: Viewer, first: number, after: string | null) {
      checkPageSize('first', first, settings.pageSizeMax);
      const ids = await rosters.conversationIdsOf(viewer.userId);
      const found = await Promise.all(ids.map((id) => rosters.get(id)));
      const active = found.filter((roster): roster is Roster => roster?.members.get(viewer.userId)?.leftSeq === null);
      const heads = await log.heads(active.map(({ conversation }) => conversation));
      const views = active
        .map((roster, index) =>
          viewWithHead(roster, roster.members.get(viewer.userId) as Member, heads[index] ?? { seq: 0n, sentAt: 0 }),
        )
        .sort(byNewestActivity);
      const cursor = after === null ? null : (decodeCursor('c', after, 2) as [string, string]);
      const rest = cursor === null ? views : views.filter((one) => isAfter(one, Number(cursor[0]), cursor[1]));
      return {
        views: rest.slice(0, first),
        hasNextPage: rest.length > first,
        hasPreviousPage: rest.length < views.length,
      };
    },

    cursorOf: ({ activeAt, conversation }: ConversationView): string => encodeCursor('c', activeAt, conversation.id),

    /** The active members, in the order of their user ids; nobody for a viewer who has left. */
    memberPage(
      { roster, member: viewer }: ConversationView,
      first: number,
      after: string | null,
    ): { members: Member[]; totalCount: number; hasNextPage: boolean; hasPreviousPage: boolean } {
      checkPageSize('first', first, settings.pageSizeMax);
      const afterId = after === null ? 0n : BigInt((decodeCursor('u', after, 1) as [string])[0]);
      if (viewer.leftSeq !== null) return { members: [], totalCount: 0, hasNextPage: false, hasPreviousPage: false };
      const active = [...roster.members.values()].filter(({ leftSeq }) => leftSeq === null);
      const rest = active.filter(({ userId }) => BigInt(userId) > afterId);
      return {
        members: rest.slice(0, first),
        totalCount: active.length,
        hasNextPage: rest.length > first,
        hasPreviousPage: rest.length < active.length,
      };
    },

    memberCursorOf: ({ userId }: Member): string => encodeCursor('u', userId),

    /** USER messages after the viewer's read position; what they sent themselves counts as read up to there. */
    async unreadCount({ conversation, member, headSeq }: ConversationView): Promise<number> {
      const [positions] = await book.get(conversation.id, [member.userId]);
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

    /** Of the users asked for, those with whom the viewer has a direct conversation. */
    async directPeers(userId: UserId, others: readonly UserId[]): Promise<Set<UserId>> {
      const peers = new Set<UserId>();
      await Promise.all(
        others.map(async (other) => {
          if (!isId(other)) return;
          const key = inOneOrder([userId, other]).join('/');
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
      const ids = await rosters.conversationIdsOf(userId);
      const found = await Promise.all(ids.map((id) => rosters.get(id)));
      return found
        .filter((roster): roster is Roster => roster?.conversation.kind === 'DIRECT')
        .flatMap(({ members }) => [...members.keys()].filter((other) => other !== userId));
    },
  };
}

function byNewestActivity(a: ConversationView, b: ConversationView): number {
  if (a.activeAt !== b.activeAt) return b.activeAt - a.activeAt;
  return BigInt(a.conversation.id) > BigInt(b.conversation.id) ? -1 : 1;
}

function isAfter({ activeAt, conversation }: ConversationView, at: Millis, id: ConversationId): boolean {
  return activeAt < at || (activeAt === at && BigInt(conversation.id) < BigInt(id));
}

/** Two ids in one order, whoever asks. */
function inOneOrder([a, b]: readonly [UserId, UserId]): [UserId, UserId] {
  return a.length < b.length || (a.length === b.length && a < b) ? [a, b] : [b, a];
}

function checkTitle(text: string): string {
  const title = text.trim();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (title.length < 1 || title.length > titleMax || !title.isWellFormed() || /[\u0000-\u001f\u007f]/.test(title)) {
    throw new DomainError('BAD_USER_INPUT', `title must have 1 to ${titleMax} characters on one line.`);
  }
  return title;
}

function forbidden(message: string): DomainError {
  return new DomainError('FORBIDDEN', message);
}

function tooManyMembers(): DomainError {
  return new DomainError('BAD_USER_INPUT', 'The group would have too many members.');
}
