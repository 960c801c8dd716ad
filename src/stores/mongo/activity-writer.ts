/**
 * Raises the times at which conversations were last active for a user.
 *
 * A conversation in a user's list is in one of these states here:
 * - unknown: it may be missing from the list, so its time is written before the run of its message;
 * - known (`known`): it was written, so only its place can be out of date;
 * - waiting (`waiting`): it is known, and a later time is written within `writeEveryMs`, or before the user's list is read.
 *
 * A busy conversation therefore costs one write a second for each member, and not one for every message. A crash loses the last second
 * of the order, and no conversation.
 */
import { LRUCache } from 'lru-cache';
import type { UserId } from '../../domain/ids.ts';
import type { Activity } from '../inbox-store.ts';
import { bulkRaise } from './bulk-raise.ts';
import type { Call, MongoCalls } from './mongo-calls.ts';
import type { MongoCollections } from './mongo-collections.ts';

const writeEveryMs = 1_000;
const knownMax = 200_000;
/** Maximum number of times that wait; more are written at once. */
const waitingMax = 50_000;

export type ActivityWriter = ReturnType<typeof createActivityWriter>;

export function createActivityWriter({ activity }: Pick<MongoCollections, 'activity'>, run: MongoCalls['run']) {
  const known = new LRUCache<string, true>({ max: knownMax });
  /** The latest time of each conversation, by user. */
  const waiting = new Map<UserId, Map<string, Activity>>();
  let waitingCount = 0;
  let timer: NodeJS.Timeout | undefined;

  function wait(one: Activity): void {
    const own = waiting.get(one.userId) ?? new Map<string, Activity>();
    waiting.set(one.userId, own);
    const before = own.get(one.conversationId);
    if (before === undefined) waitingCount += 1;
    if (before === undefined || before.activeAt < one.activeAt) own.set(one.conversationId, one);
    timer ??= setTimeout(() => void writeAll(), writeEveryMs);
  }

  function take(userIds: Iterable<UserId>): Activity[] {
    const taken: Activity[] = [];
    for (const userId of userIds) {
      for (const one of waiting.get(userId)?.values() ?? []) taken.push(one);
      waiting.delete(userId);
    }
    waitingCount -= taken.length;
    return taken;
  }

  async function raise(call: Call, activities: readonly Activity[]): Promise<void> {
    const raises = activities.map(({ userId, conversationId, activeAt }) => ({
      filter: { userId: BigInt(userId), conversationId: BigInt(conversationId) },
      update: { $max: { activeAt: new Date(activeAt) } },
    }));
    await bulkRaise(call, activity, raises);
    for (const one of activities) known.set(keyOf(one), true);
  }

  /** Writes the waiting times of some users. If that fails, they go on waiting. */
  async function settle(call: Call, userIds: Iterable<UserId>): Promise<void> {
    const taken = take(userIds);
    try {
      await raise(call, taken);
    } catch (error) {
      for (const one of taken) wait(one);
      throw error;
    }
  }

  /** Writes all waiting times. Never rejects: a failed write is tried again. */
  async function writeAll(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    await run((call) => settle(call, [...waiting.keys()])).catch(() => {});
  }

  return {
    raise,
    settle,

    /** Raises the times of runs that are about to be written. */
    async raiseWithRuns(call: Call, activities: readonly Activity[]): Promise<void> {
      const urgent: Activity[] = [];
      for (const one of activities) {
        if (known.has(keyOf(one)) && waitingCount < waitingMax) wait(one);
        else urgent.push(one);
      }
      await raise(call, urgent);
    },

    /** The conversations are about to leave the lists. */
    forget(activities: readonly Activity[]): void {
      for (const one of activities) known.delete(keyOf(one));
    },

    /** Writes all waiting times, and stops. */
    async close(): Promise<void> {
      await writeAll();
      clearTimeout(timer);
    },
  };
}

function keyOf({ userId, conversationId }: Activity): string {
  return `${userId}/${conversationId}`;
}
