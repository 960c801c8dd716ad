/**
 * Passes stored messages to the followers of the log, in the order in which the followers were added. A message is recorded as
 * followed only when all followers have finished with it.
 *
 * A message is in one of these states:
 * - in flight: at least one follower has not finished with it;
 * - finished: it waits to be recorded, together with others;
 * - recorded: sweeps no longer find it;
 * - left behind: a follower gave it up, too many were in flight, or its append was not answered in time. It is handed out again
 *   soon (left-behind.ts);
 * - unfinished in the store only: its record failed, or the process ended. The next sweep hands it out again (sweep.ts).
 *
 * Therefore each follower gets a message at least once, and must tolerate repeats.
 */
import type { ConversationId, MessageId, Millis } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import { monthOf } from '../../domain/month.ts';
import type { FollowedRef, MessageLog, MessageRow } from '../../stores/message-log.ts';
import { createLeftBehind, type LeftBehindSettings, leftBehindDefaults, type RowRef } from './left-behind.ts';
import { toMessage } from './log-reader.ts';

export interface Follower {
  /** Receives messages at the moment of their commit, before their senders are answered. Must not throw. */
  note?(messages: readonly Message[]): void;
  /**
   * Takes consecutive messages of one conversation, in the order of their numbers. Resolves once the follower's work survives a
   * crash; a rejection leaves the messages behind.
   */
  take?(conversationId: ConversationId, messages: readonly Message[]): Promise<void>;
  /** The last step, for messages of many conversations at once, before they are recorded. A rejection leaves them to the sweep. */
  finish?(messages: readonly Message[]): Promise<void>;
  /** Stops all retries. */
  close?(): void;
}

export interface FollowersSettings extends LeftBehindSettings {
  /** Maximum time for which finished messages wait to be recorded together. */
  readonly recordEveryMs: Millis;
  /** Maximum number of messages in memory for the followers. Further messages are left behind, and read from the store later. */
  readonly inFlightMax: number;
  /** Maximum time for which closing waits for the followers; the next start finishes the rest. */
  readonly closeWaitMs: Millis;
}

export const followersDefaults: FollowersSettings = {
  ...leftBehindDefaults,
  recordEveryMs: 100,
  inFlightMax: 20_000,
  closeWaitMs: 5_000,
};

export type Followers = ReturnType<typeof createFollowers>;

export function createFollowers(ports: {
  log: MessageLog;
  onError: (error: unknown, what: string) => void;
  settings: FollowersSettings;
}) {
  const { log, onError, settings } = ports;
  const followers: Follower[] = [];
  const takers: Taker[] = [];
  /** Runs of messages that the followers are busy with. */
  let turns = 0;
  /** Called when the last turn has ended. */
  let onIdle: (() => void) | undefined;
  /** Messages in flight or finished, with the time when they were sent. */
  const inFlight = new Map<MessageId, Millis>();
  let finished: Message[] = [];
  let recordTimer: NodeJS.Timeout | undefined;
  let recording: Promise<void> = Promise.resolve();
  const leftBehind = createLeftBehind({
    log,
    handOut: async (rows) => (await handOutRows(rows)).givenUp,
    room: () => settings.inFlightMax - inFlight.size,
    onError,
    settings,
  });

  /** Hands consecutive messages to every follower. Resolves to whether all of them have finished; never rejects. */
  async function handOut(id: ConversationId, messages: readonly Message[]): Promise<boolean> {
    for (const { id: messageId, sentAt } of messages) inFlight.set(messageId, sentAt);
    for (const follower of followers) follower.note?.(messages);
    turns += 1;
    try {
      await takeAll(id, messages);
      for (const message of messages) finished.push(message);
      recordTimer ??= setTimeout(() => void record(), settings.recordEveryMs);
      return true;
    } catch (error) {
      forget(messages);
      onError(error, 'log follower');
      return false;
    } finally {
      turns -= 1;
      if (turns === 0) onIdle?.();
    }
  }

  /** Has the messages taken by all followers at once. */
  function takeAll(id: ConversationId, messages: readonly Message[]): Promise<unknown> | undefined {
    const [first, ...others] = takers;
    if (others.length === 0) return first?.take(id, messages);
    return Promise.all(takers.map((follower) => follower.take(id, messages)));
  }

  /** The same for rows of any conversations, except those that are finished or in flight. */
  async function handOutRows(rows: readonly MessageRow[]): Promise<{ finished: number; givenUp: Message[] }> {
    const messages = rows.filter(({ id, followed }) => !followed && !inFlight.has(id)).map(toMessage);
    const runs = [...Map.groupBy(messages, ({ conversationId }) => conversationId).values()].flatMap(consecutive);
    const outcomes = await Promise.all(runs.map((run) => handOut((run[0] as Message).conversationId, run)));
    const givenUp = runs.flatMap((run, index) => (outcomes[index] === true ? [] : run));
    return { finished: messages.length - givenUp.length, givenUp };
  }

  function idle(): Promise<void> {
    return new Promise((resolve) => {
      if (turns === 0) resolve();
      else onIdle = resolve;
    });
  }

  function forget(messages: readonly Message[]): void {
    for (const { id } of messages) inFlight.delete(id);
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
      } finally {
        forget(messages);
      }
    });
    return recording;
  }

  return {
    /** Adds a follower. Must be called before the first append. */
    follow(follower: Follower): void {
      followers.push(follower);
      if (hasTake(follower)) takers.push(follower);
    },

    /** Hands out messages that were just committed, consecutive and ascending. Returns at once. */
    onAppended(id: ConversationId, messages: readonly Message[]): void {
      if (followers.length === 0) return;
      if (inFlight.size + messages.length > settings.inFlightMax) leftBehind.add(messages.map(refOf));
      else void handOut(id, messages).then((isFinished) => isFinished || leftBehind.add(messages.map(refOf)));
    },

    /** Hands out unfinished rows. Rows that a follower gives up are retried soon. Resolves to the number of finished rows. */
    async catchUp(rows: readonly MessageRow[]): Promise<number> {
      const { finished: count, givenUp } = await handOutRows(rows);
      leftBehind.add(givenUp.map(refOf));
      return count;
    },

    /** Soon looks up rows that may have been stored although their append was not answered in time. */
    onUnanswered: leftBehind.add,

    record,

    /** Messages that a follower has not finished with, or that are not recorded yet. */
    get pending(): number {
      return inFlight.size + leftBehind.size;
    },

    /** Time when the oldest message in flight was sent; null if there is none. */
    get oldestPendingAt(): Millis | null {
      let oldest: Millis | null = null;
      for (const sentAt of inFlight.values()) if (oldest === null || sentAt < oldest) oldest = sentAt;
      return oldest;
    },

    /** Finishes the current work and stops, within `closeWaitMs`. */
    async close(): Promise<void> {
      leftBehind.close();
      for (const follower of followers) follower.close?.();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, settings.closeWaitMs);
      });
      await Promise.race([idle().then(record), late]);
      clearTimeout(timer);
      clearTimeout(recordTimer);
    },
  };
}

type Taker = Follower & Required<Pick<Follower, 'take'>>;

function hasTake(follower: Follower): follower is Taker {
  return follower.take !== undefined;
}

/** The place where a message is stored: the month of its number, which is the month of `sentAt`. */
function placeOf({ conversationId, id, sentAt }: Message): FollowedRef {
  return { month: monthOf(sentAt), conversationId, id };
}

function refOf({ conversationId, key, sentAt }: Message): RowRef {
  return { month: monthOf(sentAt), conversationId, key };
}

/** Splits one conversation's messages into runs of consecutive numbers. */
function consecutive(messages: readonly Message[]): Message[][] {
  const runs: Message[][] = [];
  for (const message of [...messages].sort((a, b) => (a.seq < b.seq ? -1 : 1))) {
    const run = runs[runs.length - 1];
    const last = run?.[run.length - 1];
    if (run !== undefined && last !== undefined && last.seq + 1n === message.seq) run.push(message);
    else runs.push([message]);
  }
  return runs;
}
