import type { Conversation, Member } from '../domain/conversation.ts';
import type { ConversationId, MessageId, Millis, Seq, UserId } from '../domain/ids.ts';
import type { SystemEvent } from '../domain/message.ts';

/**
 * A change of membership that is also a message in the log. It is recorded first, then said in the log, then settled with the
 * number it got there, so that whoever finds it unsettled after a crash can finish it: the message's `clientMessageId` is `id`.
 */
export interface MembershipChange {
  readonly id: MessageId;
  readonly conversationId: ConversationId;
  readonly actorId: UserId;
  readonly event: SystemEvent;
  readonly at: Millis;
}

/**
 * Conversations and who is in them.
 * Every method rejects with DomainError `UNAVAILABLE` (retryable) when the store does not answer within its deadline.
 */
export interface ConversationStore {
  /**
   * Opens the direct conversation of two users, or returns the one they have: racing calls get the same one.
   * A conversation with oneself has one member.
   */
  openDirect(conversation: Conversation, userIds: readonly [UserId, UserId]): Promise<Conversation>;
  /** Adds a group without members; `change` (GROUP_CREATED) brings them in when it is settled. Both or neither are stored. */
  createGroup(conversation: Conversation, change: MembershipChange): Promise<void>;
  /** Conversations by id, in the order asked for. */
  get(ids: readonly ConversationId[]): Promise<(Conversation | null)[]>;
  /** The direct conversation of two users, if they have one. */
  findDirect(userIds: readonly [UserId, UserId]): Promise<Conversation | null>;

  /** The latest stay of everyone who is or was a member, ordered by user id as a number. */
  listMembers(conversationId: ConversationId): Promise<Member[]>;
  /** The stays before the latest of users who left and came back, ordered by user id as a number, then by `joinedSeq`. */
  listEarlierStays(conversationId: ConversationId): Promise<Member[]>;
  /** What a user is or was a member of, ordered by conversation id as a number. */
  listMemberships(userId: UserId): Promise<Member[]>;

  /** Records a change before it is said in the log. */
  beginChange(change: MembershipChange): Promise<void>;
  /**
   * Applies a change that got number `seq` in the log and removes it from the unsettled ones, in one step; repeating it is
   * harmless. Added users become MEMBER (the actor of GROUP_CREATED becomes OWNER) with `joinedSeq = seq - 1`; those who are
   * members already stay as they are. Removed and leaving ones get `leftSeq = seq`. When the OWNER leaves, the longest-standing
   * ADMIN, else the longest-standing MEMBER (by `joinedSeq`, then user id), becomes OWNER.
   */
  settleChange(change: MembershipChange, seq: Seq): Promise<void>;
  /** Withdraws a change that was never said in the log. */
  dropChange(id: MessageId): Promise<void>;
  /** Changes that are not settled, oldest first. */
  listUnsettled(): Promise<MembershipChange[]>;
  setRole(conversationId: ConversationId, userId: UserId, role: Member['role']): Promise<void>;
}
