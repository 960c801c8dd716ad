/** The log of all conversations: a collection for each month. */
import { sealCode } from '../../domain/entry-kinds.ts';
import type { ConversationId, MessageId } from '../../domain/ids.ts';
import { compareIds } from '../../domain/ids.ts';
import type { Month } from '../../domain/month.ts';
import type { FollowedRef, LogRange, MessageLog, MessageRow, RowKey, SegmentTail } from '../message-log.ts';
import { isSeal, toRow, toSeal } from './message-documents.ts';
import type { Call, WithCall } from './mongo-calls.ts';
import { createMongoChains } from './mongo-chains.ts';
import type { MongoCollections } from './mongo-collections.ts';
import { appendMessages } from './mongo-message-append.ts';
import type { SegmentMonths } from './segment-months.ts';

export function createMongoMessageLog(collections: MongoCollections, months: SegmentMonths): WithCall<MessageLog> {
  const chains = createMongoChains(collections);
  const { messages } = collections;

  /** The open end of a segment: its last row, or the seal and the last row before it. */
  async function tail(call: Call, conversationId: ConversationId, month: Month): Promise<SegmentTail> {
    const [first, second] = await call.command((options) =>
      messages(month)
        .find({ conversationId: BigInt(conversationId) }, options)
        .sort({ seq: -1 })
        .limit(2)
        .toArray(),
    );
    if (first === undefined) return { last: null, seal: null };
    if (!isSeal(first)) return { last: toRow(first), seal: null };
    return { last: second === undefined ? null : toRow(second), seal: toSeal(first) };
  }

  async function listRange(call: Call, range: LogRange): Promise<MessageRow[]> {
    const { conversationId, month, fromSeq, toSeq, limit, newestFirst = false } = range;
    if (limit < 1) return [];
    const found = await call.command((options) =>
      messages(month)
        .find(
          { conversationId: BigInt(conversationId), seq: { $gte: fromSeq, $lte: toSeq }, kind: { $ne: sealCode } },
          options,
        )
        .sort({ seq: newestFirst ? -1 : 1 })
        .limit(limit)
        .batchSize(limit + 1)
        .toArray(),
    );
    const rows = found.map(toRow);
    return newestFirst ? rows.reverse() : rows;
  }

  async function findKeysOf(
    call: Call,
    month: Month,
    id: ConversationId,
    keys: readonly RowKey[],
  ): Promise<MessageRow[]> {
    const found = await call.command((options) =>
      messages(month)
        .find({ conversationId: BigInt(id), key: { $in: keys.map(({ key }) => key) } }, options)
        .toArray(),
    );
    return found.map(toRow);
  }

  /** The first unfollowed messages of a month after an id. */
  async function unfollowed(call: Call, month: Month, afterId: MessageId | null, limit: number): Promise<MessageRow[]> {
    const found = await call.command((options) =>
      messages(month)
        .find({ unfollowed: { $gt: BigInt(afterId ?? 0) } }, options)
        .sort({ unfollowed: 1 })
        .limit(limit)
        .batchSize(limit + 1)
        .toArray(),
    );
    return found.map(toRow);
  }

  async function listUnfinished(call: Call, afterId: MessageId | null, limit: number): Promise<MessageRow[]> {
    const known = await months.list(call);
    const found = await Promise.all(known.map((month) => unfollowed(call, month, afterId, limit)));
    return found
      .flat()
      .sort((a, b) => compareIds(a.id, b.id))
      .slice(0, limit);
  }

  return {
    async append(call, appends) {
      const results = await appendMessages(call, collections, appends);
      appends.forEach(({ month }, index) => {
        if ((results[index]?.appended ?? 0) > 0) months.note(month);
      });
      return results;
    },

    tails: (call, keys) => Promise.all(keys.map(({ conversationId, month }) => tail(call, conversationId, month))),

    ...chains,

    async firstSeqAt(call, conversationId, month, at) {
      const found = await call.command((options) =>
        messages(month)
          .find({ conversationId: BigInt(conversationId), sentAt: { $gte: new Date(at) } }, options)
          .sort({ sentAt: 1, seq: 1 })
          .limit(1)
          .project<{ seq: bigint }>({ seq: 1 })
          .next(),
      );
      return found?.seq ?? null;
    },

    list: (call, ranges) => Promise.all(ranges.map((range) => listRange(call, range))),

    async findByIds(call, month, ids) {
      const found = await call.command((options) =>
        messages(month)
          .find({ _id: { $in: ids.map(BigInt) } }, options)
          .toArray(),
      );
      return found.filter((one) => !isSeal(one)).map(toRow);
    },

    async findByKeys(call, month, keys) {
      const groups = [...Map.groupBy(keys, ({ conversationId }) => conversationId)];
      const found = await Promise.all(groups.map(([id, own]) => findKeysOf(call, month, id, own)));
      const nameOf = ({ conversationId, key }: RowKey) => `${conversationId}/${key}`;
      const byKey = new Map(found.flat().map((row) => [nameOf(row), row]));
      return keys.map((key) => byKey.get(nameOf(key)) ?? null);
    },

    months: (call) => months.list(call),

    async markFollowed(call, refs) {
      const byMonth = Map.groupBy(refs, ({ month }) => month);
      await Promise.all(
        [...byMonth].map(([month, own]) =>
          call.command((options) => messages(month).bulkWrite(marksOf(own), { ...options, ordered: false })),
        ),
      );
    },

    listUnfinished,

    async countUnfinished(call, limit) {
      const known = await months.list(call);
      const counts = await Promise.all(
        known.map((month) =>
          call.command((options) => messages(month).countDocuments({ unfollowed: { $gt: 0n } }, { ...options, limit })),
        ),
      );
      const [oldest] = await listUnfinished(call, null, 1);
      const count = counts.reduce((sum, one) => sum + one, 0);
      return { count: Math.min(count, limit), oldestId: oldest?.id ?? null };
    },
  };
}

/** One update for each conversation, whose shard has all its messages. */
function marksOf(refs: readonly FollowedRef[]) {
  return [...Map.groupBy(refs, ({ conversationId }) => conversationId)].map(([conversationId, own]) => ({
    updateMany: {
      filter: { conversationId: BigInt(conversationId), _id: { $in: own.map(({ id }) => BigInt(id)) } },
      update: { $unset: { unfollowed: true as const } },
    },
  }));
}
