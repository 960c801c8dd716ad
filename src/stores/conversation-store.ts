import type { Conversation, Member } from '../domain/conversation.ts';
import type { ConversationId, MessageId, Millis, Seq, UserId } from '../domain/ids.ts';
import type { SystemEvent } from '../domain/message.ts';

/**
 * A change of membership that is also a message in the log. It is recorded first, then written to the log under the key that its
 * `id` gives, then settled with its number in the log. It is open until it is settled or dropped. An instance that finds it open
 * after a crash can finish it. The log decides: a change that is in the log can be settled without its record.
 */
export interface MembershipChange {
  readonly id: MessageId;
  readonly conversationId: ConversationId;
  readonly actorId: UserId;
  readonly event: SystemEvent;
  readonly at: Millis;
}

/** A conversation with the result of its settled membership changes. */
export interface ConversationState {
  readonly conversation: Conversation;
  /** The users of a direct conversation, ordered by id: two, or one with themselves. Empty for groups. */
  readonly pair: readonly UserId[];
  /** The number of the last membership entry that is settled; 0 before the first, and in direct conversations. */
  readonly version: Seq;
  readonly memberCount: number;
  /** Whether messages are fanned out on read, from number `modeSince` on. Before it the other mode applied. */
  readonly isLarge: boolean;
  readonly modeSince: Seq;
}

export interface MemberKey {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
}

/** Members between two user ids, both exclusive. */
export interface MemberRange {
  readonly afterId?: UserId | null;
  readonly beforeId?: UserId | null;
  readonly limit: number;
  /** Whether `limit` counts from the end. The order of the result stays the same. */
  readonly fromEnd?: boolean;
}

/** The outcome of a settled change. */
export interface Settlement {
  readonly state: ConversationState;
  /** The version that the change was applied to; null when it had been applied before this call. */
  readonly previousVersion: Seq | null;
  /** Every stay, after the change, of the users it concerned and of a member who became owner by it, as `listStays` orders them. */
  readonly stays: readonly Member[];
}

/**
 * Conversations and their members. No method's cost depends on the number of members or memberships that it does not return,
 * except where a change turns a group from small to large.
 * Every method rejects with DomainError `UNAVAILABLE` (retryable) when the store does not answer within its deadline.
 */
export interface ConversationStore {
  /**
   * Returns the direct conversation of two users, and creates it if it does not exist. Racing calls get the same one.
   * A user's conversation with themselves has one member.
   */
  openDirect(conversation: Conversation, userIds: readonly [UserId, UserId]): Promise<Conversation>;
  /**
   * Adds a group without members, or returns the one that its creator has made with the same `clientGroupId`: racing calls get the
   * same one. `change` (GROUP_CREATED) is recorded with a new group, and adds the members when it is settled.
   *
   * @param claimedUntil - other instances leave the change alone until then
   */
  createGroup(
    conversation: Conversation,
    change: MembershipChange,
    claimedUntil: Millis,
    clientGroupId: string | null,
  ): Promise<Conversation>;
  /** Conversations by id, in the order of the ids. */
  get(ids: readonly ConversationId[]): Promise<(ConversationState | null)[]>;
  /** The direct conversation of two users, or null. */
  findDirect(userIds: readonly [UserId, UserId]): Promise<Conversation | null>;

  /**
   * Every stay of the current members, and the stays of others that ended with or after `since`. Ordered by user id as a number,
   * then by `joinedSeq`.
   */
  listStays(conversationId: ConversationId, since: Seq): Promise<Member[]>;
  /** All stays of a user in a conversation, the latest last; empty for a user who was never a member. In the order of the keys. */
  listStaysOf(keys: readonly MemberKey[]): Promise<Member[][]>;
  /** A user's current and former memberships, ordered by conversation id as a number. */
  listMemberships(userId: UserId): Promise<Member[]>;
  /** Current members within a range, ordered by user id as a number. */
  pageMembers(conversationId: ConversationId, range: MemberRange): Promise<Member[]>;
  /**
   * The memberships whose inboxes may lack messages until the user syncs: of large groups, and of groups that were left, or
   * became small, since the last `markEntered`. Ordered by conversation id as a number for each user.
   */
  listOnRead(userIds: readonly UserId[]): Promise<Member[]>;
  /**
   * Takes memberships off that list whose messages are all in the inbox: of users who have left with `leftSeq`, or of groups that
   * are small. Memberships that have changed since stay on it.
   */
  markEntered(members: readonly Member[]): Promise<void>;

  /**
   * Records that a member of a direct conversation has sent a message. Two users are contacts once both have.
   *
   * @returns whether the two became contacts by this call
   */
  noteSent(key: MemberKey): Promise<boolean>;
  /** Of the users asked for, the contacts of a user. */
  findContacts(userId: UserId, others: readonly UserId[]): Promise<UserId[]>;
  /** The contacts of a user, ordered by user id as a number. */
  listContacts(userId: UserId, limit: number): Promise<UserId[]>;

  /**
   * Records a change before it is written to the log. A conversation has one open change at a time.
   *
   * @param version - of the members that the change was planned for
   * @returns `busy`: another change is open; `stale`: the conversation has another version. In both cases nothing is recorded.
   */
  beginChange(change: MembershipChange, version: Seq, claimedUntil: Millis): Promise<'begun' | 'busy' | 'stale'>;
  /**
   * Applies a change that got number `seq` in the log, and closes it, in one step. It is applied if `seq` is above the version,
   * whether or not it is still recorded. So repeating it is harmless, and the caller settles changes in the order of their numbers.
   * Added users become MEMBER (the actor of GROUP_CREATED becomes OWNER) with `joinedSeq = seq - 1`; existing members stay unchanged.
   * Removed and leaving members get `leftSeq = seq`, and the group's title as their `leftTitle`, which only the latest stay has. When
   * the OWNER leaves, the longest-standing ADMIN becomes OWNER, or the longest-standing MEMBER if there is no ADMIN (by `joinedSeq`,
   * then user id). ROLE_CHANGED gives current members the role; an actor who gives OWNER away becomes ADMIN. GROUP_UPDATED changes
   * the conversation.
   *
   * @param largeAbove - groups of more members are large from this change on, others small
   */
  settleChange(change: MembershipChange, seq: Seq, largeAbove: number): Promise<Settlement>;
  /** Withdraws a change that is not in the log, and with GROUP_CREATED the group that it was to fill. */
  dropChange(change: MembershipChange): Promise<void>;
  findOpenChange(conversationId: ConversationId): Promise<MembershipChange | null>;
  /** Open changes whose claim ended before an instant, in the order of these ends, then of their ids. */
  listOpenChanges(claimedBefore: Millis, limit: number): Promise<MembershipChange[]>;
  /**
   * Claims an open change whose claim ended before `now`. Of racing callers one gets it.
   *
   * @returns whether the caller has it
   */
  claimChange(id: MessageId, now: Millis, until: Millis): Promise<boolean>;
}
