/** Conversations and their members in maps, for tests that are not about storage. All data ends with the process. */
import { type Conversation, directKey, isActive, type Member } from '../../domain/conversation.ts';
import { type ConversationId, compareIds, type MessageId, type Seq, type UserId } from '../../domain/ids.ts';
import { isDeparture } from '../../domain/message.ts';
import type { ConversationStore, MembershipChange } from '../conversation-store.ts';

export function createMemoryConversationStore(): ConversationStore {
  const conversations = new Map<ConversationId, Conversation>();
  const directIds = new Map<string, ConversationId>();
  const membersOf = new Map<ConversationId, Map<UserId, Member>>();
  const earlierStays: Member[] = [];
  const unsettled = new Map<MessageId, MembershipChange>();

  function rows(id: ConversationId): Map<UserId, Member> {
    let members = membersOf.get(id);
    if (members === undefined) {
      members = new Map();
      membersOf.set(id, members);
    }
    return members;
  }

  function put(member: Member): void {
    rows(member.conversationId).set(member.userId, member);
  }

  function findDirect(userIds: readonly [UserId, UserId]): Conversation | null {
    const id = directIds.get(directKey(userIds));
    return id === undefined ? null : (conversations.get(id) ?? null);
  }

  function addMembers({ conversationId, actorId, event }: MembershipChange, seq: Seq): void {
    for (const userId of new Set(event.userIds)) {
      const known = rows(conversationId).get(userId);
      if (isActive(known)) continue;
      if (known !== undefined) earlierStays.push(known);
      const isFounder = event.kind === 'GROUP_CREATED' && userId === actorId;
      put({ conversationId, userId, role: isFounder ? 'OWNER' : 'MEMBER', joinedSeq: seq - 1n, leftSeq: null });
    }
  }

  function removeMembers({ conversationId, event }: MembershipChange, seq: Seq): void {
    for (const userId of event.userIds) {
      const member = rows(conversationId).get(userId);
      if (member !== undefined && isActive(member)) put({ ...member, leftSeq: seq });
    }
    const active = [...rows(conversationId).values()].filter(isActive);
    if (active.some(({ role }) => role === 'OWNER')) return;
    const admins = active.filter(({ role }) => role === 'ADMIN');
    const [heir] = (admins.length > 0 ? admins : active).sort(byStanding);
    if (heir !== undefined) put({ ...heir, role: 'OWNER' });
  }

  return {
    async openDirect(conversation, userIds) {
      const known = findDirect(userIds);
      if (known !== null) return known;
      conversations.set(conversation.id, conversation);
      directIds.set(directKey(userIds), conversation.id);
      for (const userId of userIds) {
        put({ conversationId: conversation.id, userId, role: 'MEMBER', joinedSeq: 0n, leftSeq: null });
      }
      return conversation;
    },

    async createGroup(conversation, change) {
      conversations.set(conversation.id, conversation);
      unsettled.set(change.id, change);
    },

    get: async (ids) => ids.map((id) => conversations.get(id) ?? null),
    findDirect: async (userIds) => findDirect(userIds),
    listMembers: async (id) => [...rows(id).values()].sort((a, b) => compareIds(a.userId, b.userId)),
    listEarlierStays: async (id) =>
      earlierStays
        .filter(({ conversationId }) => conversationId === id)
        .sort((a, b) => compareIds(a.userId, b.userId) || (a.joinedSeq < b.joinedSeq ? -1 : 1)),

    async listMemberships(userId) {
      const found = [...membersOf.values()].flatMap((members) => members.get(userId) ?? []);
      return found.sort((a, b) => compareIds(a.conversationId, b.conversationId));
    },

    async beginChange(change) {
      unsettled.set(change.id, change);
    },

    async settleChange(change, seq) {
      if (!unsettled.delete(change.id)) return;
      (isDeparture(change.event) ? removeMembers : addMembers)(change, seq);
    },

    async dropChange(id) {
      unsettled.delete(id);
    },

    listUnsettled: async () => [...unsettled.values()].sort((a, b) => compareIds(a.id, b.id)),

    async setRole(conversationId, userId, role) {
      const member = rows(conversationId).get(userId);
      if (member !== undefined) put({ ...member, role });
    },
  };
}

function byStanding(a: Member, b: Member): number {
  return a.joinedSeq === b.joinedSeq ? compareIds(a.userId, b.userId) : a.joinedSeq < b.joinedSeq ? -1 : 1;
}
