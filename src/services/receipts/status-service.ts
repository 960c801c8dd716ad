/** Tells senders when their own messages change status. */
import type { Viewer } from '../../domain/user.ts';
import type { Bus } from '../../pubsub/bus.ts';
import type { EventSource } from '../../pubsub/event-source.ts';
import { type StatusHint, topics } from '../../pubsub/topics.ts';
import { createLatestEvents } from '../latest-events.ts';

export type StatusService = ReturnType<typeof createStatusService>;

export function createStatusService({ bus }: { bus: Bus }) {
  return {
    /** Changes from now on; the present status of a message is in `Message.status`. */
    watch(viewer: Viewer): EventSource<StatusHint> {
      return {
        open(sink) {
          const held = createLatestEvents(sink);
          return bus.subscribe(topics.statuses(viewer.userId), (change) =>
            held.push(`${change.messageId}/${change.status}`, change),
          );
        },
      };
    },
  };
}
