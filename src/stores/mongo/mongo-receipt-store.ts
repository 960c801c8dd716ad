/** Receipts: one document for each member of a conversation. */

import type { ConversationId, UserId } from '../../domain/ids.ts';
import { maxSeq } from '../../domain/ids.ts';
import { countReaders, lowestReaders, noPositions, type Positions, raisePositions } from '../../domain/receipt.ts';
import type { Receipt, ReceiptKey, ReceiptStore } from '../receipt-store.ts';
import { bulkRaise } from './bulk-raise.ts';
import type { Call, WithCall } from './mongo-calls.ts';
import type { MongoCollections, ReceiptDocument } from './mongo-collections.ts';
import { createTurns } from './turns.ts';

export function createMongoReceiptStore({ receipt }: MongoCollections): WithCall<ReceiptStore> {
  const turns = createTurns();

  async function raiseOne(call: Call, one: Receipt): Promise<{ before: Positions; after: Positions }> {
    const { userId, conversationId, readSeq } = one;
    const deliveredSeq = maxSeq(one.deliveredSeq, readSeq);
    // The server repeats the search if another call makes the document at the same time.
    const found = await call.command((options) =>
      receipt.findOneAndUpdate(
        { userId: BigInt(userId), conversationId: BigInt(conversationId) },
        { $max: { deliveredSeq, readSeq } },
        { ...options, upsert: true, returnDocument: 'before' },
      ),
    );
    const before = found === null ? noPositions : toPositions(found);
    return { before, after: raisePositions(before, { deliveredSeq, readSeq }) };
  }

  /** The positions of readers of one conversation, who are on as many shards: for small groups. */
  async function positionsAmong(
    call: Call,
    conversationId: ConversationId,
    userIds: readonly UserId[],
  ): Promise<(userId: UserId) => Positions> {
    const found = await call.command((options) =>
      receipt
        .find({ userId: { $in: userIds.map(BigInt) }, conversationId: BigInt(conversationId) }, options)
        .batchSize(userIds.length + 1)
        .toArray(),
    );
    const byUser = new Map(found.map((one) => [String(one.userId), toPositions(one)]));
    return (userId) => byUser.get(userId) ?? noPositions;
  }

  /** The positions of one user in several conversations. */
  async function positionsOf(call: Call, userId: UserId, keys: readonly ReceiptKey[]): Promise<[string, Positions][]> {
    const ids = keys.map(({ conversationId }) => BigInt(conversationId));
    const found = await call.command((options) =>
      receipt
        .find({ userId: BigInt(userId), conversationId: { $in: ids } }, options)
        .batchSize(ids.length + 1)
        .toArray(),
    );
    return found.map((one) => [nameOf({ userId, conversationId: String(one.conversationId) }), toPositions(one)]);
  }

  return {
    // In turn, so that a higher position of a member is not announced before a lower one.
    raise: (call, receipts) => Promise.all(receipts.map((one) => turns.take(nameOf(one), () => raiseOne(call, one)))),

    raiseSent: (call, sent) =>
      bulkRaise(
        call,
        receipt,
        sent.map(({ userId, conversationId, seq }) => ({
          filter: { userId: BigInt(userId), conversationId: BigInt(conversationId) },
          update: { $max: { deliveredSeq: seq, readSeq: seq } },
        })),
      ),

    async get(call, keys) {
      const groups = [...Map.groupBy(keys, ({ userId }) => userId)];
      const found = await Promise.all(groups.map(([userId, own]) => positionsOf(call, userId, own)));
      const byKey = new Map(found.flat());
      return keys.map((key) => byKey.get(nameOf(key)) ?? noPositions);
    },

    async counts(call, conversationId, readers, messages) {
      const userIds = readers.map(({ userId }) => userId);
      return countReaders(readers, await positionsAmong(call, conversationId, userIds), messages);
    },

    async lowest(call, conversationId, readers) {
      const userIds = readers.map(({ userId }) => userId);
      return lowestReaders(readers, await positionsAmong(call, conversationId, userIds));
    },
  };
}

function toPositions({ deliveredSeq, readSeq }: ReceiptDocument): Positions {
  return { deliveredSeq, readSeq };
}

function nameOf({ userId, conversationId }: ReceiptKey): string {
  return `${userId}/${conversationId}`;
}
