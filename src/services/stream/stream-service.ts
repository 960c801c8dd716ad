/**
 * Opens streams, and compares each with the store periodically.
 *
 * A stream belongs to one slice while it is open. The slices are checked in turn, each once per `checkEveryMs`.
 */
import type { Millis, Seq } from '../../domain/ids.ts';
import type { Viewer } from '../../domain/user.ts';
import type { EventSource } from '../../pubsub/event-source.ts';
import { createLiveNumbers, type LiveNumbersSettings } from './live-numbers.ts';
import { type CatchUpSettings, Stream, type StreamEvent, type StreamPorts } from './stream.ts';

export type { StreamEvent } from './stream.ts';

export interface StreamSettings extends CatchUpSettings, LiveNumbersSettings {
  /** Interval between comparisons of a stream with the store. It also limits the time without an event. */
  readonly checkEveryMs: Millis;
  /** Number of slices, so that not all streams are checked at once. */
  readonly checkSlices: number;
}

export const streamDefaults: StreamSettings = {
  catchUpPage: 100,
  // A stream that becomes quiet just after a check sends a heartbeat after two more checks, well within the promised 25 s.
  checkEveryMs: 11_000,
  checkSlices: 24,
  retryAfterMs: 1_000,
  numberAfterMs: 500,
  numberBatch: 200,
};

export type StreamService = ReturnType<typeof createStreamService>;

export function createStreamService(
  ports: Omit<StreamPorts, 'numbers'> & { readonly settings?: Partial<StreamSettings> },
) {
  const settings = { ...streamDefaults, ...ports.settings };
  const numbers = createLiveNumbers({ enter: ports.inbox.enterConversations, onError: ports.onError, settings });
  const streamPorts: StreamPorts = { ...ports, numbers };
  const slices = Array.from({ length: settings.checkSlices }, () => new Set<Stream>());
  let nextSlice = 0;
  let nextCheck = 0;

  /** Compares a slice of the streams with the store, with one read for all of them. */
  async function check(slice: ReadonlySet<Stream>): Promise<void> {
    const live = [...slice].filter((stream) => stream.isLive());
    if (live.length === 0) return;
    const heads = await ports.inbox.heads(live.map(({ viewer }) => viewer.userId));
    live.forEach((stream, index) => {
      stream.check(heads[index] ?? 0n);
    });
  }

  function checkAll(): void {
    for (const slice of slices) for (const stream of slice) stream.readSoon();
  }

  const stopReconnect = ports.bus.onReconnect(checkAll);
  const timer = setInterval(() => {
    const slice = slices[nextCheck % slices.length] as Set<Stream>;
    nextCheck += 1;
    check(slice).catch((error: unknown) => ports.onError(error, 'stream check'));
  }, settings.checkEveryMs / settings.checkSlices);
  timer.unref();

  return {
    /**
     * Everything after `afterSeq` (null: the device's acknowledged position), then live messages.
     *
     * @throws DomainError `CURSOR_AHEAD` on opening: `afterSeq` is past the inbox head
     */
    open(viewer: Viewer, afterSeq: Seq | null): EventSource<StreamEvent> {
      return {
        async open(sink) {
          const stream = new Stream(streamPorts, settings, viewer, sink);
          try {
            await stream.open(afterSeq);
          } catch (error) {
            stream.close();
            throw error;
          }
          const slice = slices[nextSlice % slices.length] as Set<Stream>;
          nextSlice += 1;
          slice.add(stream);
          return () => {
            slice.delete(stream);
            stream.close();
          };
        },
      };
    },

    /** Compares every stream with the store now. */
    checkAll,

    /** Number of open streams. */
    get size(): number {
      return slices.reduce((sum, slice) => sum + slice.size, 0);
    },

    [Symbol.dispose]() {
      clearInterval(timer);
      numbers[Symbol.dispose]();
      stopReconnect();
    },
  };
}
