/** Conversations and their members in maps, for tests that are not about storage. All data ends with the process. */
import { type Conversation, directKey, isActive, type Member, type MemberRole } from '../../domain/conversation.ts';
import { type ConversationId, compareIds, type Millis, type Seq, type UserId } from '../../domain/ids.ts';
import { isArrival, isDeparture, type SystemEvent } from '../../domain/message.ts';
import type { ConversationState, ConversationStore, MembershipChange } from '../conversation-store.ts';

interface Marks {
  isOnRead: boolean;
  hasSent: boolean;
  contactId: UserId | null;
}

export function createMemoryConversationStore(): ConversationStore {
  const states = new Map<ConversationId, ConversationState>();
  const directIds = new Map<string, ConversationId>();
  const membersOf = new Map<ConversationId, Map<UserId, Member>>();
  const earlierStays: Member[] = [];
  const marks = new Map<string, Marks>();
  /** By conversation. */
  const open = new Map<ConversationId, { change: MembershipChange; claimedUntil: Millis }>();
  const groupIds = new Map<string, ConversationId>();

  function rows(id: ConversationId): Map<UserId, Member> {
    let members = membersOf.get(id);
    if (members === undefined) {
      members = new Map();
      membersOf.set(id, members);
    }
    return members;
  }

  const active = (id: ConversationId) => [...rows(id).values()].filter(isActive).sort(byUserAndStay);

  function put(member: Member): void {
    rows(member.conversationId).set(member.userId, member);
  }

  function staysOf(id: ConversationId, userId: UserId): Member[] {
    const latest = rows(id).get(userId);
    if (latest === undefined) return [];
    const earlier = earlierStays.filter((one) => one.conversationId === id && one.userId === userId);
    return [...earlier.sort(byUserAndStay), latest];
  }

  function marksOf({ conversationId, userId }: { conversationId: ConversationId; userId: UserId }): Marks {
    const key = `${conversationId}/${userId}`;
    const found = marks.get(key) ?? { isOnRead: false, hasSent: false, contactId: null };
    marks.set(key, found);
    return found;
  }

  function membershipsOf(userId: UserId): Member[] {
    const found = [...membersOf.values()].flatMap((members) => members.get(userId) ?? []);
    return found.sort((a, b) => compareIds(a.conversationId, b.conversationId));
  }

  function contactsOf(userId: UserId): UserId[] {
    const found = membershipsOf(userId).flatMap((member) => marksOf(member).contactId ?? []);
    return found.sort(compareIds);
  }

  function findDirect(userIds: readonly [UserId, UserId]): Conversation | null {
    const id = directIds.get(directKey(userIds));
    return id === undefined ? null : (states.get(id)?.conversation ?? null);
  }

  function addMembers({ conversationId, actorId, event }: MembershipChange, seq: Seq): void {
    for (const userId of new Set(event.userIds)) {
      const known = rows(conversationId).get(userId);
      if (isActive(known)) continue;
      if (known !== undefined) {
        const { leftTitle: _, ...stay } = known;
        earlierStays.push(stay);
      }
      const isFounder = event.kind === 'GROUP_CREATED' && userId === actorId;
      put({ conversationId, userId, role: isFounder ? 'OWNER' : 'MEMBER', joinedSeq: seq - 1n, leftSeq: null });
      if (states.get(conversationId)?.isLarge === true) marksOf({ conversationId, userId }).isOnRead = true;
    }
  }

  /** @returns the member who became owner because the group had none */
  function removeMembers({ conversationId, event }: MembershipChange, seq: Seq): UserId[] {
    for (const userId of event.userIds) {
      const member = rows(conversationId).get(userId);
      if (member === undefined || !isActive(member)) continue;
      const title = states.get(conversationId)?.conversation.title ?? null;
      put({ ...member, leftSeq: seq, ...(title === null ? {} : { leftTitle: title }) });
    }
    const left = active(conversationId);
    if (left.some(({ role }) => role === 'OWNER')) return [];
    const admins = left.filter(({ role }) => role === 'ADMIN');
    const [heir] = (admins.length > 0 ? admins : left).sort(byStanding);
    if (heir === undefined) return [];
    put({ ...heir, role: 'OWNER' });
    return [heir.userId];
  }

  function close({ id, conversationId }: MembershipChange): void {
    if (open.get(conversationId)?.change.id === id) open.delete(conversationId);
  }

  /** @returns the actor, whose role may have changed too */
  function changeRoles({ conversationId, actorId, event }: MembershipChange): UserId {
    const change = (userId: UserId, role: MemberRole) => {
      const member = rows(conversationId).get(userId);
      if (member !== undefined && isActive(member)) put({ ...member, role });
    };
    if (event.role === 'OWNER') change(actorId, 'ADMIN');
    if (event.role !== undefined) for (const userId of event.userIds) change(userId, event.role);
    return actorId;
  }

  return {
    async openDirect(conversation, userIds) {
      const known = findDirect(userIds);
      if (known !== null) return known;
      const pair = [...new Set(userIds)].sort(compareIds);
      states.set(conversation.id, {
        conversation,
        pair,
        version: 0n,
        memberCount: pair.length,
        isLarge: false,
        modeSince: 0n,
      });
      directIds.set(directKey(userIds), conversation.id);
      for (const userId of pair) {
        put({ conversationId: conversation.id, userId, role: 'MEMBER', joinedSeq: 0n, leftSeq: null });
      }
      return conversation;
    },

    async createGroup(conversation, change, claimedUntil, clientGroupId) {
      const key = `${change.actorId}:${clientGroupId}`;
      const known = clientGroupId === null ? undefined : states.get(groupIds.get(key) ?? '');
      if (known !== undefined) return known.conversation;
      if (clientGroupId !== null) groupIds.set(key, conversation.id);
      const empty = { pair: [], version: 0n, memberCount: 0, isLarge: false, modeSince: 0n };
      states.set(conversation.id, { conversation, ...empty });
      open.set(conversation.id, { change, claimedUntil });
      return conversation;
    },

    get: async (ids) => ids.map((id) => states.get(id) ?? null),
    findDirect: async (userIds) => findDirect(userIds),

    listStays: async (id, since) =>
      [...rows(id).values()]
        .sort(byUserAndStay)
        .flatMap((latest) =>
          staysOf(id, latest.userId).filter(({ leftSeq }) => isActive(latest) || leftSeq === null || leftSeq >= since),
        ),
    listStaysOf: async (keys) => keys.map(({ conversationId, userId }) => staysOf(conversationId, userId)),
    listMemberships: async (userId) => membershipsOf(userId),
    async pageMembers(id, { afterId, beforeId, limit, fromEnd }) {
      const inRange = active(id).filter(
        ({ userId }) =>
          (afterId == null || compareIds(userId, afterId) > 0) &&
          (beforeId == null || compareIds(userId, beforeId) < 0),
      );
      return fromEnd ? inRange.slice(-limit) : inRange.slice(0, limit);
    },
    listOnRead: async (userIds) => userIds.flatMap(membershipsOf).filter((member) => marksOf(member).isOnRead),

    async markEntered(members) {
      for (const member of members) {
        const known = rows(member.conversationId).get(member.userId);
        if (known?.joinedSeq !== member.joinedSeq || known.leftSeq !== member.leftSeq) continue;
        if (isActive(member) && states.get(member.conversationId)?.isLarge === true) continue;
        marksOf(member).isOnRead = false;
      }
    },

    async noteSent({ conversationId, userId }) {
      const own = marksOf({ conversationId, userId });
      const otherId = states.get(conversationId)?.pair.find((id) => id !== userId);
      if (own.hasSent) return false;
      own.hasSent = true;
      if (otherId === undefined) return false;
      const other = marksOf({ conversationId, userId: otherId });
      if (!other.hasSent) return false;
      own.contactId = otherId;
      other.contactId = userId;
      return true;
    },
    findContacts: async (userId, others) => contactsOf(userId).filter((id) => others.includes(id)),
    listContacts: async (userId, limit) => contactsOf(userId).slice(0, limit),

    async beginChange(change, version, claimedUntil) {
      if (open.has(change.conversationId)) return 'busy';
      if (states.get(change.conversationId)?.version !== version) return 'stale';
      open.set(change.conversationId, { change, claimedUntil });
      return 'begun';
    },

    async settleChange(change, seq, largeAbove) {
      const { conversationId, event } = change;
      const before = states.get(conversationId);
      if (before === undefined) throw new Error(`there is no conversation ${conversationId}`);
      const concerned = new Set(event.userIds);
      close(change);
      const isFirst = seq > before.version;
      if (isFirst) {
        if (isDeparture(event)) for (const heir of removeMembers(change, seq)) concerned.add(heir);
        if (isArrival(event)) addMembers(change, seq);
        if (event.kind === 'ROLE_CHANGED') concerned.add(changeRoles(change));
        const memberCount = active(conversationId).length;
        const isLarge = memberCount > largeAbove;
        const modeSince = isLarge === before.isLarge ? before.modeSince : seq;
        const conversation = { ...before.conversation, ...profileOf(event) };
        states.set(conversationId, { ...before, conversation, version: seq, memberCount, isLarge, modeSince });
        if (isLarge && !before.isLarge) {
          for (const member of rows(conversationId).values()) {
            if (isActive(member) || member.leftSeq === seq) marksOf(member).isOnRead = true;
          }
        }
      }
      return {
        state: states.get(conversationId) ?? before,
        previousVersion: isFirst ? before.version : null,
        stays: [...concerned].sort(compareIds).flatMap((userId) => staysOf(conversationId, userId)),
      };
    },

    async dropChange(change) {
      close(change);
      if (change.event.kind === 'GROUP_CREATED' && states.get(change.conversationId)?.version === 0n)
        states.delete(change.conversationId);
    },

    findOpenChange: async (id) => open.get(id)?.change ?? null,
    listOpenChanges: async (claimedBefore, limit) =>
      [...open.values()]
        .filter(({ claimedUntil }) => claimedUntil < claimedBefore)
        .sort((a, b) => a.claimedUntil - b.claimedUntil || compareIds(a.change.id, b.change.id))
        .map(({ change }) => change)
        .slice(0, limit),
    async claimChange(id, now, until) {
      const found = [...open.values()].find(({ change }) => change.id === id);
      if (found === undefined || found.claimedUntil >= now) return false;
      found.claimedUntil = until;
      return true;
    },
  };
}

/** The values of a conversation that an event changes. */
function profileOf({ kind, title, description, avatarUrl }: SystemEvent): Partial<Conversation> {
  if (kind !== 'GROUP_UPDATED') return {};
  return {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(avatarUrl === undefined ? {} : { avatarUrl }),
  };
}

function byUserAndStay(a: Member, b: Member): number {
  return compareIds(a.userId, b.userId) || (a.joinedSeq < b.joinedSeq ? -1 : 1);
}

function byStanding(a: Member, b: Member): number {
  return a.joinedSeq === b.joinedSeq ? compareIds(a.userId, b.userId) : a.joinedSeq < b.joinedSeq ? -1 : 1;
}
