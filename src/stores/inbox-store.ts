import { type ConversationId, compareIds, type DeviceId, type Millis, type Seq, type UserId } from '../domain/ids.ts';
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

/** The time at which a conversation was last active for a user. */
export interface Activity {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly activeAt: Millis;
}

/** A place in the list of a user's conversations by activity. */
export type ActivityPlace = Omit<Activity, 'userId'>;

/** A run to write. */
export interface NewRun extends InboxRun {
  /**
   * Raises the activity of the conversation for the user; absent for messages that are entered late. A crash may undo the last second
   * of it, but leaves no conversation out of the list.
   */
  readonly activeAt?: Millis;
}

/**
 * Every user's inbox as runs, and the user's conversations by activity. (userId, seq) and (userId, conversationId, fromSeq) are unique. Rows never change, except that a store may
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
  append(runs: readonly NewRun[]): Promise<boolean[]>;
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
  /** Raises times of activity, never lowers them. Safe to repeat, and in any order. */
  raiseActivity(activities: readonly Activity[]): Promise<void>;
  /** Removes conversations from the lists of users, except those that were active after the given time. */
  dropActivity(activities: readonly Activity[]): Promise<void>;
  /**
   * A user's conversations by activity: the latest first, and among equals the highest id as a number. From a place, which need
   * not be in the list, towards its end; or towards its beginning, where the nearest comes first. Null: from the other end.
   */
  listActive(userId: UserId, from: ActivityPlace | null, limit: number, towards?: 'end' | 'start'): Promise<Activity[]>;
  /** The acknowledged inbox positions of devices, 0 by default, in the order of the devices. */
  ackedSeqs(devices: readonly DeviceKey[]): Promise<Seq[]>;
  /** Raises acknowledged positions, never lowers them. Safe to repeat, and in any order. */
  raiseAckedSeqs(positions: readonly AckedSeq[]): Promise<void>;
}

/** The order of a user's conversations: the latest activity first, then the highest id. */
export function byActivity(a: ActivityPlace, b: ActivityPlace): number {
  return b.activeAt - a.activeAt || compareIds(b.conversationId, a.conversationId);
}
