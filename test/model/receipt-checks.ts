/** Invariants of positions after any history: they follow from the sends and acknowledgements, and never pass a head. */
import type { ConversationId, Seq, UserId } from '../../src/domain/ids.ts';
import { lastInboxSeq } from '../../src/domain/inbox.ts';
import { noPositions } from '../../src/domain/receipt.ts';
import type { MessageRow } from '../../src/stores/message-log.ts';
import { type DeliveryWorld, userIds } from './delivery-world.ts';
import { messageKey } from './device.ts';

/** An acknowledgement of an inbox that was answered without an error. */
export interface Ack {
  readonly userId: UserId;
  readonly upToInboxSeq: Seq;
}

export async function findReceiptViolations(
  { truth, acks }: DeliveryWorld,
  logs: ReadonlyMap<ConversationId, readonly MessageRow[]>,
): Promise<string[]> {
  const found: string[] = [];
  for (const [id, rows] of logs) {
    const keys = userIds.map((userId) => ({ conversationId: id, userId }));
    const positions = await truth.receipts.get(keys);
    const stored = new Map(userIds.map((userId, index) => [userId as string, positions[index] ?? noPositions]));
    const stays = await truth.conversations.listStays(id, 0n);
    const joinedSeqs = new Map(stays.map(({ userId, joinedSeq }) => [userId, joinedSeq]));
    const head = BigInt(rows.length);
    for (const [userId, { deliveredSeq, readSeq }] of stored) {
      if (readSeq > deliveredSeq) found.push(`${userId} has read ${id} up to ${readSeq}, but has ${deliveredSeq}`);
      if (deliveredSeq > head) found.push(`${userId} has ${deliveredSeq} of ${id}, whose head is ${head}`);
    }
    for (const { senderId, seq } of rows) {
      const { readSeq } = stored.get(senderId) ?? noPositions;
      if (readSeq < seq) found.push(`${senderId} sent ${messageKey(id, seq)}, and has read only ${readSeq}`);
    }
    for (const { userId, upToInboxSeq } of acks) {
      const joinedSeq = joinedSeqs.get(userId) ?? 0n;
      const { deliveredSeq } = stored.get(userId) ?? noPositions;
      for (const run of await truth.inboxes.list(userId, 0n, 100_000)) {
        if (run.conversationId !== id || run.seq > upToInboxSeq) continue;
        const last = lastInboxSeq(run) <= upToInboxSeq ? run.toSeq : run.fromSeq + (upToInboxSeq - run.seq);
        // A position counts within the present stay.
        if (last > joinedSeq && last > deliveredSeq)
          found.push(`${userId} acknowledged ${messageKey(id, last)}, and has only ${deliveredSeq}`);
      }
    }
  }
  return found;
}
