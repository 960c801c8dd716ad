import type { Conversation, Member } from '../domain/conversation.ts';
import type { ConversationId, MessageId, Millis, Seq, UserId } from '../domain/ids.ts';
import type { SystemEvent } from '../domain/message.ts';

/**
 * A change of membership that is also a message in the log. It is recorded first, then written to the log, then settled with its
 * number in the log. An instance that finds it unsettled after a crash can finish it: the message's `clientMessageId` is `id`.
 */
export interface MembershipChange {
  readonly id: MessageId;
  readonly conversationId: ConversationId;
  readonly actorId: UserId;
  readonly event: SystemEvent;
  readonly at: Millis;
}

/**
 * Conversations and their members.
 * Every method rejects with DomainError `UNAVAILABLE` (retryable) when the store does not answer within its deadline.
 */
export interface ConversationStore {
  /**
   * Returns the direct conversation of two users, and creates it if it does not exist. Racing calls get the same one.
   * A user's conversation with themselves has one member.
   */
  openDirect(conversation: Conversation, userIds: readonly [UserId, UserId]): Promise<Conversation>;
  /** Adds a group without members; `change` (GROUP_CREATED) adds them when it is settled. Both or neither are stored. */
  createGroup(conversation: Conversation, change: MembershipChange): Promise<void>;
  /** Conversations by id, in the order of the ids. */
  get(ids: readonly ConversationId[]): Promise<(Conversation | null)[]>;
  /** The direct conversation of two users, or null. */
  findDirect(userIds: readonly [UserId, UserId]): Promise<Conversation | null>;

  /** The latest stay of each current and former member, ordered by user id as a number. */
  listMembers(conversationId: ConversationId): Promise<Member[]>;
  /** Earlier stays of users who left and rejoined, ordered by user id as a number, then by `joinedSeq`. */
  listEarlierStays(conversationId: ConversationId): Promise<Member[]>;
  /** A user's current and former memberships, ordered by conversation id as a number. */
  listMemberships(userId: UserId): Promise<Member[]>;

  /** Records a change before it is written to the log. */
  beginChange(change: MembershipChange): Promise<void>;
  /**
   * Applies a change that got number `seq` in the log and removes it from the unsettled ones, in one step. Repeating it is
   * harmless. Added users become MEMBER (the actor of GROUP_CREATED becomes OWNER) with `joinedSeq = seq - 1`; existing members
   * stay unchanged. Removed and leaving members get `leftSeq = seq`. When the OWNER leaves, the longest-standing ADMIN becomes
   * OWNER, or the longest-standing MEMBER if there is no ADMIN (by `joinedSeq`, then user id).
   */
  settleChange(change: MembershipChange, seq: Seq): Promise<void>;
  /** Withdraws a change that was never written to the log. */
  dropChange(id: MessageId): Promise<void>;
  /** Changes that are not settled, oldest first. */
  listUnsettled(): Promise<MembershipChange[]>;
  setRole(conversationId: ConversationId, userId: UserId, role: Member['role']): Promise<void>;
}
