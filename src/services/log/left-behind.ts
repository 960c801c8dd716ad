/**
 * Messages that are stored, or possibly stored, and that the followers have not finished with. They are read from the store by key
 * after a pause, and handed out again.
 *
 * A message is in one of these states:
 * - waiting for the end of a pause;
 * - handed out: it was found, and the followers are busy with it;
 * - removed: it is finished, or it was looked up once after each pause. Then the sweep takes it up, as it does with messages for which
 *   there was no room.
 */
import type { EntryKey } from '../../domain/entry-key.ts';
import type { ConversationId, Millis } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import type { Month } from '../../domain/month.ts';
import type { MessageLog, MessageRow } from '../../stores/message-log.ts';

/** The place where a message is stored, if it is stored. */
export interface RowRef {
  readonly month: Month;
  readonly conversationId: ConversationId;
  readonly key: EntryKey;
}

export interface LeftBehindSettings {
  /** Maximum number of messages in this list; each takes about 300 bytes. */
  readonly leftBehindMax: number;
  /** Pauses before the followers are tried again, and before an append without an answer is looked up again. */
  readonly askAgainAfterMs: readonly Millis[];
  /** Number of messages read at a time. */
  readonly leftBehindPage: number;
}

export const leftBehindDefaults: LeftBehindSettings = {
  leftBehindMax: 50_000,
  askAgainAfterMs: [100, 500, 1_000, 2_000, 5_000, 5_000, 10_000, 10_000, 30_000, 30_000],
  leftBehindPage: 500,
};

interface Remembered extends RowRef {
  /** Number of lookups so far. */
  readonly asked: number;
}

export function createLeftBehind(ports: {
  log: MessageLog;
  /** Resolves to the messages that a follower gave up. */
  handOut: (rows: readonly MessageRow[]) => Promise<readonly Message[]>;
  /** Number of messages that may be handed out now. */
  room: () => number;
  onError: (error: unknown, what: string) => void;
  settings: LeftBehindSettings;
}) {
  const { log, handOut, room, onError, settings } = ports;
  /** In the order of their lookups. */
  const waiting = new Map<string, Remembered>();
  let timer: NodeJS.Timeout | undefined;
  let isAsking = false;
  let isClosed = false;

  function put(ref: Remembered): void {
    const key = keyOf(ref);
    if (ref.asked >= settings.askAgainAfterMs.length || waiting.has(key)) return;
    if (waiting.size < settings.leftBehindMax) waiting.set(key, ref);
  }

  function schedule(): void {
    if (isClosed || isAsking || timer !== undefined || waiting.size === 0) return;
    let asked = Number.POSITIVE_INFINITY;
    for (const ref of waiting.values()) asked = Math.min(asked, ref.asked);
    timer = setTimeout(() => {
      timer = undefined;
      void askAgain();
    }, settings.askAgainAfterMs[asked]);
  }

  /** Reads one page and hands out the messages in it. Never rejects. */
  async function askAgain(): Promise<void> {
    const page = [...waiting.values()].slice(0, Math.max(0, Math.min(settings.leftBehindPage, room())));
    for (const ref of page) waiting.delete(keyOf(ref));
    isAsking = true;
    try {
      for (const [month, refs] of Map.groupBy(page, (ref) => ref.month)) {
        const rows = await log.findByKeys(month, refs);
        const isFound = new Set<Remembered>();
        refs.forEach((ref, index) => {
          if (rows[index] != null) isFound.add(ref);
        });
        for (const ref of refs) if (!isFound.has(ref)) put({ ...ref, asked: ref.asked + 1 });
        void followUp(
          rows.filter((row) => row !== null),
          isFound,
        );
      }
    } catch (error) {
      onError(error, 'messages left behind');
      for (const ref of page) put({ ...ref, asked: ref.asked + 1 });
    } finally {
      isAsking = false;
      schedule();
    }
  }

  async function followUp(rows: readonly MessageRow[], refs: ReadonlySet<Remembered>): Promise<void> {
    const givenUp = new Set((await handOut(rows)).map(keyOf));
    for (const ref of refs) if (givenUp.has(keyOf(ref))) put({ ...ref, asked: ref.asked + 1 });
    schedule();
  }

  return {
    add(refs: readonly RowRef[]): void {
      for (const { month, conversationId, key } of refs) put({ month, conversationId, key, asked: 0 });
      schedule();
    },

    get size(): number {
      return waiting.size;
    },

    close(): void {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

function keyOf({ conversationId, key }: Pick<RowRef, 'conversationId' | 'key'>): string {
  return `${conversationId}/${key}`;
}
