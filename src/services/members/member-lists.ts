/**
 * The member lists that this instance has in memory. Lists are read whole and kept while they are used.
 *
 * A change of membership is first announced here (`begin`), then written to the log, then settled. Between `begin` and the end, a
 * leaving member can no longer send, and fan-out of the conversation waits, so that users do not get messages sent after they left.
 */
import { LRUCache } from 'lru-cache';
import type { Member } from '../../domain/conversation.ts';
import { DomainError } from '../../domain/errors.ts';
import { type ConversationId, compareIds, isId, type Seq, type UserId } from '../../domain/ids.ts';
import { isDeparture } from '../../domain/message.ts';
import type { ConversationStore, MembershipChange } from '../../stores/conversation-store.ts';
import { createMemberList, type MemberList } from './member-list.ts';

export type { MemberList, Stays } from './member-list.ts';

/** Maximum number of members in all lists in memory. A group of 100,000 takes about 20 MB. */
const membersMax = 1_000_000;

export type MemberLists = ReturnType<typeof createMemberLists>;

export interface MemberListSettings {
  /** Groups of more members than this are large. */
  readonly fanOutOnWriteMaxMembers: number;
  /** Maximum number of users whose list of conversations is kept in memory. */
  readonly usersMax?: number;
}

export function createMemberLists(ports: { store: ConversationStore; settings: MemberListSettings }) {
  const { store } = ports;
  const { fanOutOnWriteMaxMembers, usersMax = 50_000 } = ports.settings;
  const memberLists = new LRUCache<ConversationId, MemberList>({
    maxSize: membersMax,
    sizeCalculation: ({ members }) => members.size + 1,
  });
  const loading = new Map<ConversationId, Promise<MemberList | null>>();
  const memberships = new LRUCache<UserId, Promise<ConversationId[]>>({ max: usersMax });
  const pending = new Map<ConversationId, { leaving: Set<UserId>; settled: Promise<void>; settle: () => void }>();

  let settleUpTo = async (id: ConversationId, _version: Seq): Promise<void> => pending.get(id)?.settled;

  function drop(id: ConversationId): void {
    memberLists.delete(id);
    loading.delete(id);
  }

  async function load(id: ConversationId): Promise<MemberList | null> {
    const [[conversation], members, earlier] = await Promise.all([
      store.get([id]),
      store.listMembers(id),
      store.listEarlierStays(id),
    ]);
    if (conversation === null || conversation === undefined) return null;
    return createMemberList(
      conversation,
      earlier.length === 0 ? members : [...earlier, ...members].sort(byUserAndStay),
      fanOutOnWriteMaxMembers,
    );
  }

  function get(id: ConversationId): Promise<MemberList | null> | MemberList {
    const cached = memberLists.get(id);
    if (cached !== undefined) return cached;
    let promise = loading.get(id);
    if (promise === undefined) {
      promise = load(id)
        .then((memberList) => {
          // If `forget` was called during the read, the result may be old.
          if (memberList !== null && loading.get(id) === promise) memberLists.set(id, memberList);
          return memberList;
        })
        .finally(() => {
          if (loading.get(id) === promise) loading.delete(id);
        });
      loading.set(id, promise);
    }
    return promise;
  }

  return {
    get,

    /**
     * The member list as it is at `version` or later.
     *
     * @throws DomainError `UNAVAILABLE`: the change with that number is not settled yet
     */
    async at(id: ConversationId, version: Seq): Promise<MemberList | null> {
      const known = await get(id);
      if (known === null || known.version >= version) return known;
      await settleUpTo(id, version);
      drop(id);
      const fresh = await get(id);
      if (fresh !== null && fresh.version < version)
        throw new DomainError('UNAVAILABLE', 'A change of this conversation is not settled yet.');
      return fresh;
    },

    /** Sets the function that `at` calls for a list that is too old. It settles the changes that the log contains up to a number. */
    setSettleUpTo(settle: (id: ConversationId, version: Seq) => Promise<void>): void {
      settleUpTo = settle;
    },

    /**
     * The member list and the viewer's entry in it, for current and former members.
     *
     * @throws DomainError `NOT_FOUND`: the conversation does not exist, or is hidden from the viewer
     */
    async require(id: ConversationId, userId: UserId): Promise<{ memberList: MemberList; member: Member }> {
      const memberList = isId(id) ? await get(id) : null;
      const member = memberList?.members.get(userId);
      if (memberList === null || member === undefined) throw new DomainError('NOT_FOUND', 'Conversation not found.');
      return { memberList, member };
    },

    /** Whether a member has been removed, or a removal is in progress, so that they can no longer act. */
    isLeaving(id: ConversationId, userId: UserId): boolean {
      return pending.get(id)?.leaving.has(userId) ?? false;
    },

    /** A user's current and former conversations. */
    conversationIdsOf(userId: UserId): Promise<readonly ConversationId[]> {
      let ids = memberships.get(userId);
      if (ids === undefined) {
        ids = store.listMemberships(userId).then((list) => list.map(({ conversationId }) => conversationId));
        memberships.set(userId, ids);
        ids.catch(() => memberships.delete(userId));
      }
      return ids;
    },

    /** Drops a conversation's list and the conversations of the users whose membership changed, so that they are read again. */
    forget(id: ConversationId, userIds: readonly UserId[]): void {
      drop(id);
      for (const userId of userIds) memberships.delete(userId);
    },

    /** Announces a change; one at a time for each conversation. A retried change keeps its waiters. */
    begin({ conversationId, event }: MembershipChange): void {
      const { promise, resolve } = Promise.withResolvers<void>();
      const { settled, settle } = pending.get(conversationId) ?? { settled: promise, settle: resolve };
      pending.set(conversationId, { leaving: new Set(isDeparture(event) ? event.userIds : []), settled, settle });
    },

    /** Ends the change that `begin` announced. */
    end(id: ConversationId): void {
      const change = pending.get(id);
      pending.delete(id);
      change?.settle();
    },

    /** Resolves when no change of the conversation is in progress; null if there is none now. */
    settled(id: ConversationId): Promise<void> | null {
      return pending.get(id)?.settled ?? null;
    },
  };
}

function byUserAndStay(a: Member, b: Member): number {
  return compareIds(a.userId, b.userId) || (a.joinedSeq < b.joinedSeq ? -1 : 1);
}
