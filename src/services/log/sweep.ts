/**
 * Finds messages that no follower is known to be busy with, and hands them out again: after a crash, a failed record, or a write
 * that became visible long after its deadline.
 *
 * A sweep goes through the store by message id. It depends neither on `sentAt`, which a wrong clock may have set far ahead, nor on
 * the order in which followers finish. The age of a message is the time since a sweep first found it.
 *
 * Invariants: one sweep is under way at a time; each reads on from the last id that it has read, so messages that cannot be
 * finished delay no others.
 */
import type { Clock, MessageId, Millis } from '../../domain/ids.ts';
import type { MessageLog } from '../../stores/message-log.ts';
import type { Followers } from './followers.ts';

export interface SweepSettings {
  /** Messages that a sweep reads at a time. */
  readonly sweepPage: number;
  /** Messages whose age a sweep remembers for the next one; the age of others begins with the next one. */
  readonly sweepSeenMax: number;
}

export const sweepDefaults: SweepSettings = { sweepPage: 500, sweepSeenMax: 20_000 };

export function createSweep(ports: {
  log: MessageLog;
  followers: Followers;
  /** Milliseconds of a monotonic clock. */
  elapsed: Clock;
  settings: SweepSettings;
}) {
  const { log, followers, elapsed, settings } = ports;
  let seen = new Map<MessageId, Millis>();
  let current: Promise<number> | null = null;

  async function sweep(minAgeMs: Millis): Promise<number> {
    const stillSeen = new Map<MessageId, Millis>();
    let swept = 0;
    for (let afterId: MessageId | null = null; ; ) {
      const now = elapsed();
      const rows = await log.listUnfinished(afterId, settings.sweepPage);
      const due = rows.filter(({ id }) => now - (seen.get(id) ?? now) >= minAgeMs);
      for (const { id } of rows) {
        if (stillSeen.size < settings.sweepSeenMax) stillSeen.set(id, seen.get(id) ?? now);
      }
      swept += await followers.catchUp(due);
      await followers.record();
      const last = rows[rows.length - 1];
      if (last === undefined || rows.length < settings.sweepPage) break;
      afterId = last.id;
    }
    seen = stillSeen;
    return swept;
  }

  /**
   * Finishes messages that a sweep found unfinished `minAgeMs` ago or earlier; 0 finishes all that are in flight nowhere in this
   * process. A call during a sweep gets that sweep's answer.
   *
   * @returns how many messages were finished
   */
  return (minAgeMs: Millis): Promise<number> => {
    current ??= sweep(minAgeMs).finally(() => {
      current = null;
    });
    return current;
  };
}
