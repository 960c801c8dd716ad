/**
 * Pending events for a slow reader of small events: the latest event of each key, sent when it reads again. More keys than `keysMax`
 * end the subscription with OVERLOADED, and the client restarts it.
 */
import { DomainError } from '../domain/errors.ts';
import type { EventSink } from '../pubsub/event-source.ts';

const keysMax = 10_000;

export interface LatestEvents<E> {
  push(key: string, event: E): void;
}

export function createLatestEvents<E>(sink: EventSink<E>): LatestEvents<E> {
  const held = new Map<string, E>();
  let isReady = true;
  sink.onReady(() => {
    isReady = true;
    for (const [key, event] of held) {
      held.delete(key);
      isReady = sink.push(event);
      if (!isReady) return;
    }
  });
  return {
    push(key, event) {
      if (isReady && held.size === 0) {
        isReady = sink.push(event);
        return;
      }
      // Deleted first, so that keys are in the order of their latest events.
      held.delete(key);
      held.set(key, event);
      if (held.size > keysMax) {
        held.clear();
        sink.fail(new DomainError('OVERLOADED', 'Subscription is read too slowly.'));
      }
    },
  };
}
