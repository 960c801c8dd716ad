/** Where the logs of conversations are: one document for each. */
import type { ChainRecord, MessageLog } from '../message-log.ts';
import type { WithCall } from './mongo-calls.ts';
import type { ChainDocument, MongoCollections } from './mongo-collections.ts';
import { refusedOf } from './mongo-errors.ts';

export function createMongoChains({ chain }: MongoCollections): Pick<WithCall<MessageLog>, 'chains' | 'raiseChains'> {
  return {
    async chains(call, ids) {
      const found = await call.command((options) =>
        chain
          .find({ _id: { $in: ids.map(BigInt) } }, options)
          .batchSize(ids.length + 1)
          .toArray(),
      );
      const byId = new Map(found.map((document) => [String(document._id), toRecord(document)]));
      return ids.map((id) => byId.get(id) ?? null);
    },

    async raiseChains(call, records) {
      if (records.length === 0) return;
      const operations = records.map((record) => {
        const { _id, ...fields } = toDocument(record);
        return {
          updateOne: { filter: { _id, seq: { $lt: record.head.seq } }, update: { $set: fields }, upsert: true },
        };
      });
      try {
        await call.command((options) => chain.bulkWrite(operations, { ...options, ordered: false }));
      } catch (error) {
        // Where a later message is recorded, the filter finds nothing, and the index of ids refuses a second document.
        refusedOf(error);
      }
    },
  };
}

function toDocument({ conversationId, segments, head }: ChainRecord): ChainDocument {
  return {
    _id: BigInt(conversationId),
    segments: segments.map((segment) => ({ ...segment, lastSentAt: new Date(segment.lastSentAt) })),
    ...head,
    sentAt: new Date(head.sentAt),
  };
}

function toRecord({ _id, segments, seq, ordinal, membershipSeq, sentAt }: ChainDocument): ChainRecord {
  return {
    conversationId: String(_id),
    segments: segments.map((segment) => ({ ...segment, lastSentAt: segment.lastSentAt.getTime() })),
    head: { seq, ordinal, membershipSeq, sentAt: sentAt.getTime() },
  };
}
