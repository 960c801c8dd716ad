/**
 * Notifies users' devices of new entries in their inboxes, with the message itself if it is in memory.
 *
 * Messages are in memory (`atHand`) only while a fan-out of their conversation enters them. The writer calls `announce` for each run
 * as soon as it is stored, also for runs of a sync; entries without a message in memory are announced by number.
 */
import type { ConversationId } from '../../domain/ids.ts';
import { type InboxRun, lastInboxSeq } from '../../domain/inbox.ts';
import type { Message } from '../../domain/message.ts';
import type { Bus } from '../../pubsub/bus.ts';
import { topics } from '../../pubsub/topics.ts';

export type InboxHints = ReturnType<typeof createInboxHints>;

export function createInboxHints({ bus }: { bus: Bus }) {
  /** Messages that are being fanned out, ascending. */
  const atHand = new Map<ConversationId, readonly Message[]>();

  return {
    /** From now on, hints carry these messages; instead of the last ones of the conversation. */
    carry(id: ConversationId, messages: readonly Message[]): void {
      atHand.set(id, messages);
    },

    /** Hints of the conversation carry no messages any more. */
    carryNone(id: ConversationId): void {
      atHand.delete(id);
    },

    /** Publishes a hint for each entry whose message is in memory, and one hint to read the store for the other entries of a run. */
    announce(entered: readonly InboxRun[]): void {
      for (const run of entered) {
        const topic = topics.inbox(run.userId);
        let missing = run.truncated ? 1n : run.toSeq - run.fromSeq + 1n;
        for (const message of run.truncated ? [] : (atHand.get(run.conversationId) ?? [])) {
          if (message.seq < run.fromSeq) continue;
          if (message.seq > run.toSeq) break;
          bus.publish(topic, { seq: run.seq + (message.seq - run.fromSeq), message });
          missing -= 1n;
        }
        if (missing > 0n) bus.publish(topic, { seq: lastInboxSeq(run), message: null });
      }
    },
  };
}
