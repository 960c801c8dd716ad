/**
 * What happens to messages once they are stored. Every follower of the log takes them, in the order in which the followers were
 * added, and a message is recorded as followed only when all of them have finished with it.
 *
 * A message is in one of these states:
 * - in flight: at least one follower has not finished with it;
 * - finished: it waits to be recorded, together with others;
 * - recorded: no sweep finds it any more;
 * - left behind: a follower gave it up, its record failed, or the process ended. The next sweep hands it out again.
 *
 * So each follower is told of a message at least once, and must tolerate a repeat.
 */
import type { ConversationId, MessageId, Millis } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import { type Month, monthOf } from '../../domain/month.ts';
import type { MessageLog } from '../../stores/message-log.ts';
import { toMessage } from './log-reader.ts';

export interface Follower {
  /** Learns of messages at the moment of their commit, before their senders are answered. Must not throw. */
  note?(messages: readonly Message[]): void;
  /**
   * Takes consecutive messages of one conversation, in the order of their numbers. Resolves once a crash can undo nothing of
   * what follows from them; a rejection leaves them to the sweep.
   */
  take?(conversationId: ConversationId, messages: readonly Message[]): Promise<void>;
  /** The last step, for messages of many conversations at once, before they are recorded. A rejection leaves them to the sweep. */
  finish?(messages: readonly Message[]): Promise<void>;
  /** Tries nothing again from now on. */
  close?(): void;
}

export interface FollowersSettings {
  /** How long finished messages may wait to be recorded together. */
  readonly recordEveryMs: Millis;
  /** Messages that a sweep reads at a time. */
  readonly sweepPage: number;
}

export const followersDefaults: FollowersSettings = { recordEveryMs: 100, sweepPage: 500 };

export function createFollowers(ports: {
  log: MessageLog;
  onError: (error: unknown, what: string) => void;
  settings: FollowersSettings;
}) {
  const { log, onError, settings } = ports;
  const followers: Follower[] = [];
  const inFlight = new Map<Promise<void>, readonly Message[]>();
  let finished: Message[] = [];
  let recordTimer: NodeJS.Timeout | undefined;
  let recording: Promise<void> = Promise.resolve();

  /** Hands messages to every follower. Rejects when one of them gave up. */
  function handOut(id: ConversationId, messages: readonly Message[]): Promise<void> {
    for (const follower of followers) follower.note?.(messages);
    const taken = Promise.all(followers.map((follower) => follower.take?.(id, messages))).then(() => {
      for (const message of messages) finished.push(message);
      recordTimer ??= setTimeout(() => void record(), settings.recordEveryMs);
    });
    inFlight.set(taken, messages);
    const land = () => {
      inFlight.delete(taken);
    };
    taken.then(land, land);
    return taken;
  }

  /** Records finished messages, so that no sweep finds them again. Never rejects. */
  function record(): Promise<void> {
    clearTimeout(recordTimer);
    recordTimer = undefined;
    recording = recording.then(async () => {
      const messages = finished;
      if (messages.length === 0) return;
      finished = [];
      try {
        for (const follower of followers) await follower.finish?.(messages);
        await log.markFollowed(messages.map(placeOf));
      } catch (error) {
        onError(error, 'record of followed messages');
      }
    });
    return recording;
  }

  return {
    /** Adds a follower; called before the first append. */
    follow(follower: Follower): void {
      followers.push(follower);
    },

    /** Hands out messages that were just committed, consecutive and ascending; returns at once. */
    onAppended(id: ConversationId, messages: readonly Message[]): void {
      if (followers.length === 0) return;
      handOut(id, messages).catch((error: unknown) => onError(error, 'log follower'));
    },

    /**
     * Hands out again what an earlier run of the server, or a follower that gave up, left behind.
     *
     * @param before - only messages sent before this instant
     * @returns how many messages were finished
     */
    async sweep(before: Millis): Promise<number> {
      let swept = 0;
      for (;;) {
        const rows = await log.listUnfinished(before, settings.sweepPage);
        const busy = new Set([...inFlight.values()].map(([first]) => first?.conversationId));
        const mine = rows.filter(({ conversationId }) => !busy.has(conversationId)).map(toMessage);
        const taken: Promise<void>[] = [];
        for (const [id, messages] of Map.groupBy(mine, ({ conversationId }) => conversationId)) {
          for (const run of consecutive(messages)) taken.push(handOut(id, run));
        }
        await Promise.all(taken);
        await record();
        swept += mine.length;
        if (rows.length < settings.sweepPage || mine.length === 0) return swept;
      }
    },

    /** Messages committed and not yet recorded as followed. */
    get pending(): number {
      let count = finished.length;
      for (const messages of inFlight.values()) count += messages.length;
      return count;
    },

    /** When the oldest message was sent that some follower has not finished with; null when there is none. */
    get oldestPendingAt(): Millis | null {
      let oldest: Millis | null = null;
      for (const [first] of inFlight.values()) {
        if (first !== undefined && (oldest === null || first.sentAt < oldest)) oldest = first.sentAt;
      }
      return oldest;
    },

    /** Finishes what is under way and stops. */
    async close(): Promise<void> {
      for (const follower of followers) follower.close?.();
      await Promise.allSettled(inFlight.keys());
      await record();
    },
  };
}

/** Where a message is stored: in the month it was numbered in, which `sentAt` tells. */
function placeOf({ id, sentAt }: Message): { month: Month; id: MessageId } {
  return { month: monthOf(sentAt), id };
}

/** Splits one conversation's messages into runs without a hole. */
function consecutive(messages: Message[]): Message[][] {
  const runs: Message[][] = [];
  for (const message of messages.sort((a, b) => (a.seq < b.seq ? -1 : 1))) {
    const run = runs[runs.length - 1];
    const last = run?.[run.length - 1];
    if (run !== undefined && last !== undefined && last.seq + 1n === message.seq) run.push(message);
    else runs.push([message]);
  }
  return runs;
}
