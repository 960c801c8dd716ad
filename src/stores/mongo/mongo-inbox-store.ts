/** Inboxes, conversations by activity, and acknowledged positions: everything under the key of a user. */
import type { mongo } from 'mongoose';
import type { UserId } from '../../domain/ids.ts';
import { type InboxRun, lastInboxSeq } from '../../domain/inbox.ts';
import type { ActivityPlace, InboxStore, NewRun } from '../inbox-store.ts';
import type { ActivityWriter } from './activity-writer.ts';
import { bulkRaise } from './bulk-raise.ts';
import type { Call, WithCall } from './mongo-calls.ts';
import type { ActivityDocument, InboxDocument, MongoCollections } from './mongo-collections.ts';
import { refusedOf } from './mongo-errors.ts';

export function createMongoInboxStore(
  { inbox, activity, acked }: MongoCollections,
  activities: ActivityWriter,
): WithCall<InboxStore> {
  /**
   * Inserts one run of each user. Returns the places of those that were refused. It is unordered: users are independent of each
   * other.
   */
  async function insertWave(call: Call, runs: readonly NewRun[]): Promise<ReadonlySet<number>> {
    try {
      await call.command((options) => inbox.insertMany(runs.map(toDocument), { ...options, ordered: false }));
      return new Set();
    } catch (error) {
      return new Set(refusedOf(error));
    }
  }

  async function lastRun(call: Call, userId: UserId, more: mongo.Filter<InboxDocument>, by: 'seq' | 'fromSeq') {
    const found = await call.command((options) =>
      inbox
        .find({ userId: BigInt(userId), ...more }, options)
        .sort({ [by]: -1 })
        .limit(1)
        .next(),
    );
    return found === null ? null : toRun(found);
  }

  return {
    async append(call, runs) {
      const written = runs.map(() => false);
      // Before the runs, so that a crash in between leaves no conversation out of the list: the repeat of a run is refused.
      await activities.raiseWithRuns(
        call,
        runs.flatMap(({ activeAt, ...run }) => (activeAt === undefined ? [] : { ...run, activeAt })),
      );
      const queues = [...Map.groupBy(runs.keys(), (index) => (runs[index] as NewRun).userId).values()];
      // The first runs of all users, then the second ones of those whose first was written, and so on.
      for (let wave = 0, rest = queues; rest.length > 0; wave += 1) {
        const places = rest.map((queue) => queue[wave] as number);
        const refused = await insertWave(
          call,
          places.map((place) => runs[place] as NewRun),
        );
        rest = rest.filter((queue, index) => {
          if (refused.has(index)) return false;
          written[places[index] as number] = true;
          return queue.length > wave + 1;
        });
      }
      return written;
    },

    heads: (call, userIds) =>
      Promise.all(
        userIds.map(async (userId) => {
          const last = await lastRun(call, userId, {}, 'seq');
          return last === null ? 0n : lastInboxSeq(last);
        }),
      ),

    runEnds: (call, keys) =>
      Promise.all(
        keys.map(async ({ userId, conversationId }) => {
          const last = await lastRun(call, userId, { conversationId: BigInt(conversationId) }, 'fromSeq');
          return last?.toSeq ?? null;
        }),
      ),

    async list(call, userId, afterSeq, limit) {
      if (limit < 1) return [];
      const [around, later] = await Promise.all([
        lastRun(call, userId, { seq: { $lte: afterSeq } }, 'seq'),
        call.command((options) =>
          inbox
            .find({ userId: BigInt(userId), seq: { $gt: afterSeq } }, options)
            .sort({ seq: 1 })
            .limit(limit)
            .batchSize(limit + 1)
            .toArray(),
        ),
      ]);
      const runs = later.map(toRun);
      return (around !== null && lastInboxSeq(around) > afterSeq ? [around, ...runs] : runs).slice(0, limit);
    },

    runsAt: (call, keys) =>
      Promise.all(
        keys.map(({ userId, conversationId, seq }) =>
          lastRun(call, userId, { conversationId: BigInt(conversationId), fromSeq: { $lte: seq } }, 'fromSeq'),
        ),
      ),

    raiseActivity: activities.raise,

    async dropActivity(call, dropped) {
      if (dropped.length === 0) return;
      // Times that wait may be later than the given ones.
      await activities.settle(call, new Set(dropped.map(({ userId }) => userId)));
      activities.forget(dropped);
      const operations = dropped.map(({ userId, conversationId, activeAt }) => ({
        deleteOne: {
          filter: {
            userId: BigInt(userId),
            conversationId: BigInt(conversationId),
            activeAt: { $lte: new Date(activeAt) },
          },
        },
      }));
      await call.command((options) => activity.bulkWrite(operations, { ...options, ordered: false }));
    },

    async listActive(call, userId, from, limit, towards = 'end') {
      if (limit < 1) return [];
      await activities.settle(call, [userId]);
      const sign = towards === 'end' ? -1 : 1;
      const found = await call.command((options) =>
        activity
          .find({ userId: BigInt(userId), ...(from === null ? {} : beyond(from, towards)) }, options)
          .sort({ activeAt: sign, conversationId: sign })
          .limit(limit)
          .batchSize(limit + 1)
          .toArray(),
      );
      return found.map(({ conversationId, activeAt }) => ({
        userId,
        conversationId: String(conversationId),
        activeAt: activeAt.getTime(),
      }));
    },

    ackedSeqs: (call, devices) =>
      Promise.all(
        devices.map(async ({ userId, deviceId }) => {
          const found = await call.command((options) =>
            acked.findOne({ userId: BigInt(userId), deviceId: BigInt(deviceId) }, options),
          );
          return found?.seq ?? 0n;
        }),
      ),

    raiseAckedSeqs: (call, positions) =>
      bulkRaise(
        call,
        acked,
        positions.map(({ userId, deviceId, seq }) => ({
          filter: { userId: BigInt(userId), deviceId: BigInt(deviceId) },
          update: { $max: { seq } },
        })),
      ),
  };
}

/** The conversations beyond a place of the list, in one direction. */
function beyond({ activeAt, conversationId }: ActivityPlace, towards: 'end' | 'start'): mongo.Filter<ActivityDocument> {
  const at = new Date(activeAt);
  const id = BigInt(conversationId);
  return towards === 'end'
    ? { $or: [{ activeAt: { $lt: at } }, { activeAt: at, conversationId: { $lt: id } }] }
    : { $or: [{ activeAt: { $gt: at } }, { activeAt: at, conversationId: { $gt: id } }] };
}

function toDocument({ userId, seq, conversationId, fromSeq, toSeq, truncated }: InboxRun): InboxDocument {
  const ids = { userId: BigInt(userId), conversationId: BigInt(conversationId) };
  return { ...ids, seq, fromSeq, toSeq, ...(truncated ? { truncated: true as const } : {}) };
}

function toRun({ userId, conversationId, seq, fromSeq, toSeq, truncated }: InboxDocument): InboxRun {
  const ids = { userId: String(userId), conversationId: String(conversationId) };
  return { ...ids, seq, fromSeq, toSeq, truncated: truncated === true };
}
