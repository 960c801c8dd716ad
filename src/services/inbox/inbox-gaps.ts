/**
 * Inbox numbers whose message the log does not give.
 *
 * An inbox gets a number only after its message is stored, so a missing message is a fault of the store, or a read that lags behind.
 * Passing over it would lose the message for good, because clients move past the number. The read fails instead, and is repeated.
 *
 * The exception is a store that has set writes aside because they are damaged. No repeat brings their messages back, and the number
 * must not hold up everything behind it.
 */
import { LRUCache } from 'lru-cache';
import { DomainError } from '../../domain/errors.ts';
import type { ConversationId, Seq } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';

/** Places that are remembered as reported. */
const reportedMax = 1_000;

/** The failure of a read that met a gap. The gap has been reported already, once for all reads that meet it. */
export class InboxGap extends DomainError {
  constructor(conversationId: ConversationId, seq: Seq) {
    super(
      'UNAVAILABLE',
      `The log does not give message ${seq} of conversation ${conversationId}, which an inbox names.`,
    );
    this.name = 'InboxGap';
  }
}

export interface NamedRange {
  readonly conversationId: ConversationId;
  /** Both inclusive. */
  readonly fromSeq: Seq;
  readonly toSeq: Seq;
}

export function createInboxGaps(ports: {
  /** How many damaged writes the message store has set aside. */
  countSetAside: () => Promise<number>;
  onError: (error: unknown, what: string) => void;
}) {
  const { countSetAside, onError } = ports;
  const reported = new LRUCache<string, true>({ max: reportedMax });

  return {
    /**
     * Checks that the messages that were read for a range are all of the range's messages. Reports each place without one once.
     *
     * @throws InboxGap: unless the store has set writes aside
     */
    async check({ conversationId, fromSeq, toSeq }: NamedRange, messages: readonly Message[]): Promise<void> {
      let next = fromSeq;
      for (const { seq } of messages) {
        if (seq !== next) break;
        next += 1n;
      }
      if (next > toSeq) return;
      const gap = new InboxGap(conversationId, next);
      const place = `${conversationId}/${next}`;
      if (!reported.has(place)) {
        reported.set(place, true);
        onError(gap, 'inbox gap');
      }
      if ((await countSetAside()) === 0) throw gap;
    },
  };
}
