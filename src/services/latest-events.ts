/**
 * Pending events for a slow reader of small events: the latest event of each key, sent when it reads again.
 *
 * A reader is in one of these states:
 * - ready (`isReady`): nothing is pending, and events are pushed at once;
 * - slow: events are pending until the sink is ready again; a newer event of a key replaces the older one;
 * - overloaded: more than `keysMax` keys were pending. The subscription ends with OVERLOADED, and the client restarts it.
 */
import { DomainError } from '../domain/errors.ts';
import type { EventSink } from '../pubsub/event-source.ts';

const keysMax = 10_000;

export interface LatestEvents<E> {
  push(key: string, event: E): void;
}

export function createLatestEvents<E>(sink: EventSink<E>): LatestEvents<E> {
  const pending = new Map<string, E>();
  let isReady = true;
  sink.onReady(() => {
    isReady = true;
    for (const [key, event] of pending) {
      pending.delete(key);
      isReady = sink.push(event);
      if (!isReady) return;
    }
  });
  return {
    push(key, event) {
      if (isReady && pending.size === 0) {
        isReady = sink.push(event);
        return;
      }
      // Deleted first, so that keys are in the order of their latest events.
      pending.delete(key);
      pending.set(key, event);
      if (pending.size > keysMax) {
        pending.clear();
        sink.fail(new DomainError('OVERLOADED', 'Subscription is read too slowly.'));
      }
    },
  };
}
