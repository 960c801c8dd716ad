import type { ConversationId, DeviceId, Seq, UserId } from '../domain/ids.ts';
import type { InboxRun } from '../domain/inbox.ts';

/** A device of a user. */
export interface DeviceKey {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
}

/** The inbox position that a device has acknowledged. */
export interface AckedSeq extends DeviceKey {
  readonly seq: Seq;
}

/**
 * Every user's inbox as runs. (userId, seq) and (userId, conversationId, fromSeq) are unique. Rows never change, except that a store may
 * join runs that are consecutive both in the inbox and in the conversation.
 * Every method rejects with DomainError `UNAVAILABLE` (retryable) when the store does not answer within its deadline.
 */
export interface InboxStore {
  /**
   * Writes runs, in order for each user: once a run of a user is refused, that user's later runs in the call are refused too.
   * Users are independent of each other. An answer means that the written runs survive a crash.
   * The caller keeps the numbers dense: the store checks only that (userId, seq) and (userId, conversationId, fromSeq) are free.
   *
   * @returns for each run whether it was written. False: a unique key was taken; read the head and the end again
   */
  append(runs: readonly InboxRun[]): Promise<boolean[]>;
  /** The last inbox number of each user, 0 for an empty inbox, in the order of the ids. */
  heads(userIds: readonly UserId[]): Promise<Seq[]>;
  /** `toSeq` of the user's last run of the conversation; null if there is none. In the order of the keys. */
  runEnds(keys: readonly { userId: UserId; conversationId: ConversationId }[]): Promise<(Seq | null)[]>;
  /** The runs that end after `afterSeq`, ascending, at most `limit`. The first may begin at or before `afterSeq`. */
  list(userId: UserId, afterSeq: Seq, limit: number): Promise<InboxRun[]>;
  /**
   * The last run of the conversation that begins at or before message `seq`, for finding a message's inbox number; null if there is
   * none. In the order of the keys.
   */
  runsAt(keys: readonly { userId: UserId; conversationId: ConversationId; seq: Seq }[]): Promise<(InboxRun | null)[]>;
  /** The acknowledged inbox positions of devices, 0 by default, in the order of the devices. */
  ackedSeqs(devices: readonly DeviceKey[]): Promise<Seq[]>;
  /** Raises acknowledged positions, never lowers them. Safe to repeat, and in any order. */
  raiseAckedSeqs(positions: readonly AckedSeq[]): Promise<void>;
}
