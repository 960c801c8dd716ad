/**
 * Finds unfinished messages that are not known to be with a follower, and hands them out again: after a crash, a failed record, or a
 * write that became visible long after its deadline.
 *
 * For the sweeps of this process, an unfinished message is in one of these states:
 * - new: no sweep has found it yet;
 * - seen (`seen`): a sweep has found it, and it is younger than `minAgeMs` since then;
 * - due: it is old enough, and is handed out. It stays seen until a sweep no longer finds it.
 *
 * A sweep goes through the store by message id. It depends neither on `sentAt`, which a wrong clock may have set far ahead, nor on
 * the order in which followers finish. The age of a message is the time since a sweep first found it.
 *
 * Invariants: at most one sweep is in progress; each page continues after the last id read, so messages that cannot be finished do not
 * delay others.
 */
import type { Clock, MessageId, Millis } from '../../domain/ids.ts';
import type { MessageLog } from '../../stores/message-log.ts';
import type { Followers } from './followers.ts';

export interface SweepSettings {
  /** Number of messages that a sweep reads at a time. */
  readonly sweepPage: number;
  /** Maximum number of messages whose age is kept for the next sweep; the age of others starts then. */
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
   * Finishes messages that a sweep first found unfinished at least `minAgeMs` ago; 0 finishes all messages that are not in flight in this
   * process. A call during a sweep gets that sweep's answer.
   *
   * @returns the number of finished messages
   */
  return (minAgeMs: Millis): Promise<number> => {
    current ??= sweep(minAgeMs).finally(() => {
      current = null;
    });
    return current;
  };
}
