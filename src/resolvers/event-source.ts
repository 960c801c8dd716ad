/**
 * Subscription resolvers return an event source instead of an async iterator. Events are pushed directly into the transport's
 * sink, so that only the event itself is allocated on the path to each socket.
 */
import type { EventSource } from '../pubsub/event-source.ts';

export type { EventSink, EventSource, SharedEvent } from '../pubsub/event-source.ts';

const brand = Symbol('event source');

/**
 * Wraps an event source so that graphql-js accepts it as an async iterable. A transport that supports event sources
 * unwraps it with `eventSourceOf`; other transports can iterate it, with a bounded buffer.
 */
export function asSubscription<Field extends string, E>(
  field: Field,
  source: EventSource<E>,
): AsyncIterable<Record<Field, E>> {
  return Object.assign(iterate(field, source), { [brand]: { field, source } });
}

export function eventSourceOf(value: unknown): { field: string; source: EventSource<unknown> } | null {
  return (value as { [brand]?: { field: string; source: EventSource<unknown> } } | null)?.[brand] ?? null;
}

const iteratorBufferMax = 1_000;

/** The pull side, for executors that only iterate. */
function iterate<Field extends string, E>(field: Field, source: EventSource<E>): AsyncIterable<Record<Field, E>> {
  return {
    async *[Symbol.asyncIterator]() {
      const buffer: E[] = [];
      let ended = false;
      let failure: { error: unknown } | null = null;
      let wake = () => {};
      let ready = () => {};
      const close = await source.open({
        push(event) {
          buffer.push(event);
          wake();
          return buffer.length < iteratorBufferMax;
        },
        onReady(callback) {
          ready = callback;
        },
        fail(error) {
          failure = { error };
          wake();
        },
        end() {
          ended = true;
          wake();
        },
      });
      try {
        for (;;) {
          while (buffer.length > 0) {
            const wasFull = buffer.length >= iteratorBufferMax;
            yield { [field]: buffer.shift() as E } as Record<Field, E>;
            if (wasFull && buffer.length < iteratorBufferMax) ready();
          }
          if (failure !== null) throw (failure as { error: unknown }).error;
          if (ended) return;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      } finally {
        close();
      }
    },
  };
}
