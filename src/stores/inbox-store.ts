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
 * Every user's inbox as runs. (userId, seq) and (userId, conversationId, fromSeq) are unique; rows never change, but that a store may
 * join runs that follow one another both in the inbox and in the conversation.
 * Every method rejects with DomainError `UNAVAILABLE` (retryable) when the store does not answer within its deadline.
 */
export interface InboxStore {
  /**
   * Writes runs, in order for each user: once a run of a user is refused, that user's later ones in the call are refused too.
   * Users do not depend on one another. An answer means that what was written survives a crash.
   * The caller keeps the numbers dense: the store checks only that (userId, seq) and (userId, conversationId, fromSeq) are free.
   *
   * @returns for each run whether it was written; false: a unique key was taken, read the head and the end again
   */
  append(runs: readonly InboxRun[]): Promise<boolean[]>;
  /** The last inbox number of each user, 0 for an empty inbox, in the order asked for. */
  heads(userIds: readonly UserId[]): Promise<Seq[]>;
  /** `toSeq` of the user's last run of the conversation; null when there is none. In the order asked for. */
  runEnds(keys: readonly { userId: UserId; conversationId: ConversationId }[]): Promise<(Seq | null)[]>;
  /** The runs that reach beyond `afterSeq`, ascending, at most `limit`; the first may begin at or before `afterSeq`. */
  list(userId: UserId, afterSeq: Seq, limit: number): Promise<InboxRun[]>;
  /**
   * The last run of the conversation that begins at or before message `seq`, so that a message's inbox number can be told;
   * null when there is none. In the order asked for.
   */
  runsAt(keys: readonly { userId: UserId; conversationId: ConversationId; seq: Seq }[]): Promise<(InboxRun | null)[]>;
  /** The inbox positions that devices have acknowledged, 0 when none, in the order asked for. */
  ackedSeqs(devices: readonly DeviceKey[]): Promise<Seq[]>;
  /** Raises acknowledged positions, never lowers them; safe to repeat and in any order. */
  raiseAckedSeqs(positions: readonly AckedSeq[]): Promise<void>;
}
