/**
 * Gives inbox numbers to large groups' messages soon after live streams have shown them, so that a reconnect repeats at most the
 * last moment. A user's messages of a moment get their numbers in one run, and users take turns in batches: however many follow a
 * group, the store gets one batch at a time.
 */
import { type ConversationId, type Millis, maxSeq, type Seq, type UserId } from '../../domain/ids.ts';

export interface LiveNumbersSettings {
  /** How long shown messages wait for their numbers, so that more can get theirs together. */
  readonly numberAfterMs: Millis;
  /** Users whose messages get numbers at a time. */
  readonly numberBatch: number;
}

export type LiveNumbers = ReturnType<typeof createLiveNumbers>;

export function createLiveNumbers(ports: {
  enter: (userId: UserId, upTo: ReadonlyMap<ConversationId, Seq>) => Promise<void>;
  onError: (error: unknown, what: string) => void;
  settings: LiveNumbersSettings;
}) {
  const { enter, onError, settings } = ports;
  const waiting = new Map<UserId, Map<ConversationId, Seq>>();
  let timer: NodeJS.Timeout | undefined;

  /** Never rejects. */
  async function run(): Promise<void> {
    const taken = [...waiting].slice(0, settings.numberBatch);
    for (const [userId] of taken) waiting.delete(userId);
    // After a failure, the numbers come with the user's next message or sync.
    await Promise.all(taken.map(([userId, upTo]) => enter(userId, upTo))).catch((error: unknown) =>
      onError(error, 'numbers of live messages'),
    );
    timer = undefined;
    if (waiting.size > 0) schedule(taken.length < settings.numberBatch ? settings.numberAfterMs : 0);
  }

  function schedule(ms: Millis): void {
    timer ??= setTimeout(() => void run(), ms);
    timer.unref();
  }

  return {
    /** Notes that a stream of the user has shown a conversation's messages up to a number. */
    add(userId: UserId, conversationId: ConversationId, seq: Seq): void {
      const own = waiting.get(userId) ?? new Map<ConversationId, Seq>();
      // A slower stream of the user may show older messages later.
      own.set(conversationId, maxSeq(seq, own.get(conversationId) ?? 0n));
      waiting.set(userId, own);
      schedule(settings.numberAfterMs);
    },

    [Symbol.dispose]() {
      waiting.clear();
      clearTimeout(timer);
    },
  };
}
