/**
 * Who is in a conversation, as this instance knows it. Lists are read when they are first needed, and kept while they are used.
 *
 * The log decides about membership: each row carries the number of the latest membership entry up to it. To write, deliver or show a
 * row, a caller takes a list of that version or a later one (`at`). A list that is too old is read again, and changes that the log
 * contains and the directory does not are settled first.
 *
 * Invariants
 * - A settled change is applied to the list in memory as a difference. A list that lacks an earlier change is read again.
 * - Nothing on a request path reads all members of a large group.
 * - If other processes write to the store, a list in memory answers for `maxAgeMs` at most, and `at` compares its version.
 */
import { LRUCache } from 'lru-cache';
import type { Member } from '../../domain/conversation.ts';
import { DomainError } from '../../domain/errors.ts';
import { type Clock, type ConversationId, isId, type Millis, type Seq, type UserId } from '../../domain/ids.ts';
import type {
  ConversationState,
  ConversationStore,
  MemberKey,
  MemberRange,
  MembershipChange,
} from '../../stores/conversation-store.ts';
import { createListCache } from './list-cache.ts';
import { activeAmong, type MemberList, type Stays } from './member-list.ts';
import { createOnReadMemberships } from './on-read-memberships.ts';

export type { MemberList, Stays } from './member-list.ts';

export type MemberLists = ReturnType<typeof createMemberLists>;

export interface MemberListSettings {
  /** Groups of more members than this become large with their next change of membership. */
  readonly fanOutOnWriteMaxMembers: number;
  /** Stays in memory, for lists and for single users each; a direct conversation counts as one. */
  readonly memberStaysMax?: number;
  /** How long a list in memory is used, if other processes write to the store. */
  readonly memberListMaxAgeMs?: Millis;
}

/** Maximum number of changes that are remembered as settled without an answer. */
const unansweredMax = 10_000;

/** Maximum age of a user's large groups in memory, if other processes write to the store. They have no version to compare. */
const membershipsMaxAgeMs: Millis = 1_000;

export function createMemberLists(ports: {
  store: ConversationStore;
  isSoleWriter: boolean;
  /** Milliseconds on a clock that cannot be set. */
  elapsed: Clock;
  settings: MemberListSettings;
}) {
  const { store, isSoleWriter, elapsed } = ports;
  const { fanOutOnWriteMaxMembers, memberListMaxAgeMs = 30_000, memberStaysMax: maxSize = 500_000 } = ports.settings;
  const maxAgeMs = isSoleWriter ? Number.POSITIVE_INFINITY : memberListMaxAgeMs;
  const lists = createListCache({ store, maxSize, maxAgeMs, elapsed });
  const onRead = createOnReadMemberships({
    store,
    maxSize,
    elapsed,
    maxAgeMs: isSoleWriter ? maxAgeMs : membershipsMaxAgeMs,
  });
  /** The last change of each conversation whose settling was not answered. */
  const unanswered = new LRUCache<ConversationId, Seq>({ max: unansweredMax });
  let settleUpTo = async (_id: ConversationId, _version: Seq): Promise<void> => {};

  async function requireStays(id: ConversationId, userId: UserId): Promise<{ memberList: MemberList; stays: Stays }> {
    for (let read = isId(id) ? lists.get(id) : null; ; read = lists.reread(id)) {
      const memberList = await read;
      const own = memberList === null ? [] : await memberList.stays(userId);
      if (memberList !== null && own.length > 0) return { memberList, stays: own };
      // A list in memory may lack a user whom another process has added, so a refusal needs a list from the store.
      const isGuess = !isSoleWriter && read !== null && !(read instanceof Promise);
      if (!isGuess) throw new DomainError('NOT_FOUND', 'Conversation not found.');
    }
  }

  /** Settles a change and updates the lists in memory. Returns the users whose memberships it touched; null if they know of it. */
  async function apply(change: MembershipChange, seq: Seq): Promise<readonly UserId[] | null> {
    const { conversationId: id, event } = change;
    // An earlier call may have settled it and got no answer: its users have not heard of it yet.
    const isInDoubt = unanswered.get(id) === seq;
    const settlement = await store.settleChange(change, seq, fanOutOnWriteMaxMembers);
    for (const userId of lists.take(id, settlement)) onRead.forget(userId);
    if (isInDoubt) unanswered.delete(id);
    if (settlement.previousVersion === null && !isInDoubt) return null;
    if (settlement.state.modeSince !== seq) return event.userIds;
    // The group became large or small: its messages reach every member in another way from now on.
    const members = await lists.readSince(id, seq);
    const touched = new Set([...event.userIds, ...members.map(({ userId }) => userId)]);
    for (const userId of touched) onRead.forget(userId);
    return [...touched];
  }

  return {
    get: lists.get,

    /**
     * The member list as it is at `version` or later.
     *
     * @throws DomainError `UNAVAILABLE`: the change with that number is not settled yet
     */
    at(id: ConversationId, version: Seq): MemberList | Promise<MemberList | null> {
      const known = lists.get(id);
      if (!(known instanceof Promise) && known.version >= version) return known;
      return (async () => {
        let list = await known;
        if (!isSoleWriter && list !== null && list.version < version) list = await lists.reread(id);
        if (list !== null && list.version < version) {
          await settleUpTo(id, version);
          list = await lists.get(id);
        }
        // Changed in another way than this process knows of.
        if (list !== null && list.version < version) list = await lists.reread(id);
        if (list !== null && list.version < version)
          throw new DomainError('UNAVAILABLE', 'A change of this conversation is not settled yet.');
        return list;
      })();
    },

    /**
     * Of these users, those who are members according to a list at `version` or later; nobody if there is no such conversation.
     *
     * @throws DomainError `UNAVAILABLE`: the change with that number is not settled yet
     */
    membersAt(
      id: ConversationId,
      version: Seq,
      userIds: readonly UserId[],
    ): ReadonlySet<UserId> | Promise<ReadonlySet<UserId>> {
      const list = this.at(id, version);
      return list instanceof Promise ? list.then((read) => activeAmong(read, userIds)) : activeAmong(list, userIds);
    },

    /** Sets the callback of `at` for a list that is too old: it settles the changes that the log contains up to a number. */
    settleWith(settle: (id: ConversationId, version: Seq) => Promise<void>): void {
      settleUpTo = settle;
    },

    /**
     * The member list and the stays of a viewer who is or was a member.
     *
     * @throws DomainError `NOT_FOUND`: there is no such conversation, or the viewer may not know of it
     */
    requireStays,

    /** The same with the latest stay. */
    async require(id: ConversationId, userId: UserId): Promise<{ memberList: MemberList; member: Member }> {
      const { memberList, stays: own } = await requireStays(id, userId);
      return { memberList, member: own.at(-1) as Member };
    },

    /** The latest stays of the users who are or were members. */
    async membersAmong(memberList: MemberList, userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, Member>> {
      const found = await Promise.all(userIds.map((userId) => memberList.stays(userId)));
      return new Map(found.flatMap((own) => own.slice(-1)).map((member) => [member.userId, member]));
    },

    /**
     * The latest stay of each key's user, in the order of the keys; undefined for a user who never was a member. A list in memory may
     * lack a change by another process that the caller has heard of, so with other processes the store answers.
     */
    async latestStays(keys: readonly MemberKey[]): Promise<(Member | undefined)[]> {
      if (!isSoleWriter) return (await store.listStaysOf(keys)).map((own) => own.at(-1));
      return Promise.all(
        keys.map(async ({ conversationId, userId }) =>
          (await (await lists.get(conversationId))?.stays(userId))?.at(-1),
        ),
      );
    },

    /** The latest stay of a user in each conversation, in the order of the ids. No lists are read. */
    async membersIn(userId: UserId, ids: readonly ConversationId[]): Promise<(Member | undefined)[]> {
      const found = await store.listStaysOf(ids.map((conversationId) => ({ conversationId, userId })));
      return found.map((own) => own.at(-1));
    },

    /** Conversations by id, with their counts but without members, in the order asked for. */
    states(ids: readonly ConversationId[]): Promise<(ConversationState | null)[]> {
      return Promise.all(ids.map(lists.state));
    },

    /** The conversations a user is or was in. */
    async conversationIdsOf(userId: UserId): Promise<readonly ConversationId[]> {
      return (await store.listMemberships(userId)).map(({ conversationId }) => conversationId);
    },

    /** Whether a user has a stay in a list in memory; true as well when the list is not in memory. */
    mayConcern(id: ConversationId, userId: UserId): boolean {
      return lists.peek(id)?.holds(userId) ?? true;
    },

    /** A page of the current members, by user id. */
    page(id: ConversationId, range: MemberRange): Promise<readonly Member[]> {
      return store.pageMembers(id, range);
    },

    /** The memberships of a user whose messages get inbox numbers when the user syncs. */
    onReadOf: onRead.of,
    /** Takes memberships out of that list whose messages all have their numbers. */
    markEntered: onRead.markEntered,
    /** Has that list read again if another process may have changed it. */
    doubtMemberships(userId: UserId): void {
      if (!isSoleWriter) onRead.forget(userId);
    },

    /**
     * Settles a change that got number `seq` in the log, and updates the lists in memory.
     *
     * @returns the users whose memberships it touched; null if it was settled before, and answered
     */
    async settle(change: MembershipChange, seq: Seq): Promise<readonly UserId[] | null> {
      try {
        return await apply(change, seq);
      } catch (error) {
        // It may be settled all the same, and may have changed the way in which messages reach every member.
        lists.drop(change.conversationId);
        onRead.clear();
        unanswered.set(change.conversationId, seq);
        throw error;
      }
    },

    /** The number of a change whose settling was not answered: it is to be repeated, although the list may contain the change. */
    unansweredSeq: (id: ConversationId): Seq | undefined => unanswered.get(id),

    /** Drops a conversation's list from memory, so that it is read again. */
    forget: lists.drop,
  };
}
