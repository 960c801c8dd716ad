/**
 * Who is in which conversation, as this instance knows it: member lists are read whole and kept while they are used.
 *
 * A change of membership is first announced here (`begin`), then said in the log, then settled. Between the two, who is
 * leaving can send no more, and fan-out of the conversation waits, so that nobody gets what was said after they left.
 */
import { LRUCache } from 'lru-cache';
import type { Member } from '../../domain/conversation.ts';
import { DomainError } from '../../domain/errors.ts';
import { type ConversationId, compareIds, isId, type Seq, type UserId } from '../../domain/ids.ts';
import { isDeparture } from '../../domain/message.ts';
import type { ConversationStore, MembershipChange } from '../../stores/conversation-store.ts';
import { createMemberList, type MemberList } from './member-list.ts';

export type { MemberList, Stays } from './member-list.ts';

/** Members over all member lists in memory; a group of 100,000 takes about 20 MB. */
const membersMax = 1_000_000;

export type MemberLists = ReturnType<typeof createMemberLists>;

export interface MemberListSettings {
  /** Groups of more members than this are large. */
  readonly fanOutOnWriteMaxMembers: number;
  /** Users whose list of conversations is kept in memory. */
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
          // Forgotten while it was read: what was read may be old.
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

    /** Sets what `at` calls for a list that is too old: it settles the changes that the log contains up to a number. */
    setSettleUpTo(settle: (id: ConversationId, version: Seq) => Promise<void>): void {
      settleUpTo = settle;
    },

    /**
     * The member list and the viewer's place in it, for those who are or were members.
     *
     * @throws DomainError `NOT_FOUND`: there is no such conversation, or the viewer may not know of it
     */
    async require(id: ConversationId, userId: UserId): Promise<{ memberList: MemberList; member: Member }> {
      const memberList = isId(id) ? await get(id) : null;
      const member = memberList?.members.get(userId);
      if (memberList === null || member === undefined) throw new DomainError('NOT_FOUND', 'Conversation not found.');
      return { memberList, member };
    },

    /** Whether a member has been taken out, or is about to be, so that they can do nothing more. */
    isLeaving(id: ConversationId, userId: UserId): boolean {
      return pending.get(id)?.leaving.has(userId) ?? false;
    },

    /** The conversations a user is or was in. */
    conversationIdsOf(userId: UserId): Promise<readonly ConversationId[]> {
      let ids = memberships.get(userId);
      if (ids === undefined) {
        ids = store.listMemberships(userId).then((list) => list.map(({ conversationId }) => conversationId));
        memberships.set(userId, ids);
        ids.catch(() => memberships.delete(userId));
      }
      return ids;
    },

    /** Drops what is known of a conversation and of those whose membership changed; it is read anew. */
    forget(id: ConversationId, userIds: readonly UserId[]): void {
      drop(id);
      for (const userId of userIds) memberships.delete(userId);
    },

    /** Announces a change; one at a time for each conversation. One that is tried again goes on with those who wait for it. */
    begin({ conversationId, event }: MembershipChange): void {
      const { promise, resolve } = Promise.withResolvers<void>();
      const { settled, settle } = pending.get(conversationId) ?? { settled: promise, settle: resolve };
      pending.set(conversationId, { leaving: new Set(isDeparture(event) ? event.userIds : []), settled, settle });
    },

    /** Ends what `begin` announced. */
    end(id: ConversationId): void {
      const change = pending.get(id);
      pending.delete(id);
      change?.settle();
    },

    /** Resolves when no change of the conversation is under way; null at once when there is none. */
    settled(id: ConversationId): Promise<void> | null {
      return pending.get(id)?.settled ?? null;
    },
  };
}

function byUserAndStay(a: Member, b: Member): number {
  return compareIds(a.userId, b.userId) || (a.joinedSeq < b.joinedSeq ? -1 : 1);
}
