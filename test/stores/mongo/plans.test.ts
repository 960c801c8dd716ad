/**
 * The plans of the queries, as the server's profiler records them: none reads a collection without an index or sorts rows, each one
 * examines about as many documents as it returns, and each one carries a shard key, except the calls that are named here.
 */
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { MessageStore } from '../../../src/stores/message-store.ts';
import { openMongoMessageStore } from '../../../src/stores/mongo/mongo-message-store.ts';
import { rows } from '../../contract/message-store-drivers.ts';
import { mongoRequirement } from '../../support/servers/mongodb.ts';
import { sharedMongoUrl } from '../../support/servers/shared-mongo.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const month = '2026-01';
/** Enough for the planner to have a choice. */
const conversations = 30;
const rowsEach = 30;

/** The calls with a query without one shard key, and the reason. */
const scattered: Readonly<Record<string, string>> = {
  'messageLog.findByIds': 'an id does not name its conversation',
  'messageLog.chains': 'the conversations of a page are on as many shards',
  'messageLog.append of an id that is taken': 'the same, and only a clock that repeats a time causes it',
  'messageLog.months': 'looks for a first message in months that are new to the process',
  'messageLog.listUnfinished': 'a sweep concerns all conversations',
  'messageLog.countUnfinished': 'the metrics concern all conversations',
  'receipts.counts': 'the readers of a small group are on as many shards',
  'receipts.lowest': 'the readers of a small group are on as many shards',
};

/** Options of the URL that would break the promises of the ports. */
const weakOptions = '?w=1&journal=false&readConcernLevel=local&readPreference=secondaryPreferred&retryWrites=false';

/** Calls without a query. */
const insertOnly: ReadonlySet<string> = new Set([
  'messageLog.append',
  'messageLog.append of many',
  'inboxes.append',
  'inboxes.append of a number that is taken',
]);

interface Profiled {
  readonly ns: string;
  readonly op: string;
  readonly command: mongo.Document;
  readonly planSummary?: string;
  readonly hasSortStage?: boolean;
  readonly docsExamined?: number;
  readonly nreturned?: number;
  readonly nMatched?: number;
  readonly ndeleted?: number;
}

describe.skipIf(!mongoRequirement.isMet)(`the queries on MongoDB${mongoRequirement.note}`, () => {
  let client: mongo.MongoClient;
  let store: MessageStore;
  let drop: () => Promise<void>;
  beforeAll(async () => {
    const shared = await sharedMongoUrl();
    drop = shared.drop;
    client = await mongo.MongoClient.connect(shared.url);
    const fail = (error: unknown): never => {
      throw error;
    };
    store = await openMongoMessageStore({
      url: `${shared.url}${weakOptions}`,
      directoryId: 'test',
      timeoutMs: 10_000,
      clock: () => Date.UTC(2026, 0, 15),
      elapsed: () => performance.now(),
      onError: fail,
      onWaiting: async (error) => fail(error),
    });
    await fill();
    await client.db().command({ profile: 2 });
  });
  afterAll(async () => {
    await client?.db().command({ profile: 0 });
    await store?.[Symbol.asyncDispose]();
    await client?.close();
    await drop?.();
  });

  const ids = Array.from({ length: conversations }, (_, index) => String(index + 1));
  const chainOf = (conversationId: string, seq: bigint) => ({
    conversationId,
    segments: [{ month, fromSeq: 1n, toSeq: seq, lastSentAt: 1 }],
    head: { seq, ordinal: seq, membershipSeq: 0n, sentAt: 1 },
  });
  const run = (userId: string, conversationId: string, seq: number) => {
    const from = BigInt(Math.floor(seq / conversations) + 1);
    return { userId, seq: BigInt(seq), conversationId, fromSeq: from, toSeq: from, truncated: false, activeAt: seq };
  };

  /** Each user is in all conversations. */
  async function fill(): Promise<void> {
    const appends = ids.map((id) => ({ conversationId: id, month, rows: rows(id, 1, rowsEach) }));
    await store.messageLog.append(appends);
    // All users in one call, because each call waits for the disk.
    const each = <T>(make: (userId: string) => T[]) => ids.flatMap(make);
    const runsEach = Array.from({ length: conversations * 2 }, (_, index) => index);
    await store.inboxes.append(
      each((userId) => runsEach.map((index) => run(userId, ids[index % conversations] as string, index + 1))),
    );
    await store.inboxes.raiseAckedSeqs(each((userId) => ids.map((deviceId) => ({ userId, deviceId, seq: 1n }))));
    await store.messageLog.raiseChains(ids.map((id) => chainOf(id, 5n)));
    await store.receipts.raiseSent(
      each((userId) => ids.map((conversationId) => ({ userId, conversationId, seq: 5n }))),
    );
  }

  const key = { conversationId: '3', month };
  const user = { userId: '7', conversationId: '3' };
  const place = { conversationId: '15', activeAt: 30 };
  const readers = ids.slice(0, 5).map((userId) => ({ userId, joinedSeq: 0n }));
  const [stored, next] = [rows('3', 1, 1), rows('3', rowsEach + 1, rowsEach + 3)];
  const calls: Record<string, () => Promise<unknown>> = {
    'messageLog.append': () => store.messageLog.append([{ ...key, rows: next }]),
    'messageLog.append of many': () =>
      store.messageLog.append(ids.slice(5, 9).map((id) => ({ conversationId: id, month, rows: rows(id, 90, 90) }))),
    'messageLog.append of a number that is taken': () => store.messageLog.append([{ ...key, rows: stored }]),
    'messageLog.append of an id that is taken': () =>
      store.messageLog.append([{ ...key, rows: rows('3', 99, 99, { id: next[0]?.id ?? '' }) }]),
    'messageLog.tails': () => store.messageLog.tails([key, { ...key, month: '2025-12' }]),
    'messageLog.chains': () => store.messageLog.chains(['3', '4']),
    'messageLog.raiseChains': () =>
      store.messageLog.raiseChains([chainOf('3', 9n), chainOf('4', 9n), chainOf('99', 1n)]),
    'messageLog.firstSeqAt': () => store.messageLog.firstSeqAt('3', month, Date.UTC(2026, 0, 15) + 150),
    'messageLog.list': () => store.messageLog.list([{ ...key, fromSeq: 3n, toSeq: 9n, limit: 5 }]),
    'messageLog.list of the newest': () =>
      store.messageLog.list([{ ...key, fromSeq: 3n, toSeq: 29n, limit: 5, newestFirst: true }]),
    'messageLog.findByIds': () => store.messageLog.findByIds(month, [next[0]?.id ?? '', '404']),
    'messageLog.findByKeys': () => store.messageLog.findByKeys(month, next),
    'messageLog.months': () => store.messageLog.months(),
    'messageLog.markFollowed': () => store.messageLog.markFollowed(next.map(({ id }) => ({ ...key, id }))),
    'messageLog.listUnfinished': () => store.messageLog.listUnfinished(next[0]?.id ?? null, 3),
    'messageLog.countUnfinished': () => store.messageLog.countUnfinished(100),
    'inboxes.append': () => store.inboxes.append(ids.slice(0, 3).map((id) => run(id, '3', 200))),
    'inboxes.append of a number that is taken': () => store.inboxes.append([run('7', '3', 1)]),
    'inboxes.heads': () => store.inboxes.heads(['7', '8', '404']),
    'inboxes.runEnds': () => store.inboxes.runEnds([user, { ...user, userId: '404' }]),
    'inboxes.list': () => store.inboxes.list('7', 9n, 5),
    'inboxes.runsAt': () => store.inboxes.runsAt([{ ...user, seq: 2n }]),
    'inboxes.raiseActivity': () => store.inboxes.raiseActivity([{ ...user, activeAt: 1_000 }]),
    'inboxes.dropActivity': () => store.inboxes.dropActivity([{ ...user, activeAt: 2_000 }]),
    'inboxes.listActive': () => store.inboxes.listActive('7', null, 5),
    'inboxes.listActive after a place': () => store.inboxes.listActive('7', place, 5),
    'inboxes.listActive before a place': () => store.inboxes.listActive('7', place, 5, 'start'),
    'inboxes.ackedSeqs': () => store.inboxes.ackedSeqs([{ userId: '7', deviceId: '9' }]),
    'inboxes.raiseAckedSeqs': () => store.inboxes.raiseAckedSeqs([{ userId: '7', deviceId: '9', seq: 9n }]),
    'receipts.raise': () => store.receipts.raise([{ ...user, deliveredSeq: 9n, readSeq: 8n }]),
    'receipts.raiseSent': () => store.receipts.raiseSent([{ ...user, seq: 10n }]),
    'receipts.get': () => store.receipts.get([user, { ...user, conversationId: '4' }, { ...user, userId: '8' }]),
    'receipts.counts': () => store.receipts.counts('3', readers, [{ seq: 3n, senderId: '1' }]),
    'receipts.lowest': () => store.receipts.lowest('3', readers),
  };

  /** The operations of a call. */
  async function profile(call: () => Promise<unknown>, wanted?: string): Promise<Profiled[]> {
    const profiler = client.db().collection<Profiled>('system.profile');
    const before = await profiler.countDocuments();
    await call();
    const found = await profiler.find().sort({ $natural: 1 }).skip(before).toArray();
    const own = found.filter(({ ns }) => !/\.(system\.|\$cmd)/.test(ns));
    return own.filter(({ op }) => (wanted === undefined ? op !== 'insert' : op === wanted));
  }

  it('wait for the journals of the majority, and see all earlier writes, whatever the URL asks for', async () => {
    const [insert] = await profile(() => store.inboxes.append([run('7', '3', 300)]), 'insert');
    expect(insert?.command).toMatchObject({
      writeConcern: { w: 'majority', j: true },
      txnNumber: expect.anything(),
      maxTimeMS: expect.any(Number),
    });
    const [find] = await profile(() => store.inboxes.heads(['7']), 'query');
    expect(find?.command).toMatchObject({
      readConcern: { level: 'majority', afterClusterTime: expect.any(mongo.Timestamp) },
      maxTimeMS: expect.any(Number),
    });
    expect(find?.command.$readPreference?.mode ?? 'primary').toBe('primary');
  });

  it('are all listed here', () => {
    const methods = (['messageLog', 'inboxes', 'receipts'] as const).flatMap((port) =>
      Object.keys(store[port]).map((method) => `${port}.${method}`),
    );
    expect(new Set(Object.keys(calls).map((name) => name.split(' ')[0]))).toEqual(new Set(methods));
  });

  // In this order, because later calls read the rows of earlier ones.
  it.each(Object.keys(calls))('have good plans: %s', async (name) => {
    const operations = await profile(calls[name] as () => Promise<unknown>);
    if (!insertOnly.has(name)) expect(operations.length).toBeGreaterThan(0);
    for (const operation of operations) {
      const { planSummary = '', hasSortStage, docsExamined = 0, nreturned = 0, nMatched = 0, ndeleted = 0 } = operation;
      const what = JSON.stringify({ planSummary, command: operation.command }, (_, value) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      expect(planSummary, what).toMatch(/^(IXSCAN|IDHACK|EOF|COUNT_SCAN)/);
      expect(planSummary, what).not.toContain('COLLSCAN');
      expect(hasSortStage, what).toBeUndefined();
      // A count returns one document, and an upsert may have found none.
      if (operation.command.aggregate === undefined)
        expect(docsExamined, what).toBeLessThanOrEqual(Math.max(nreturned, nMatched, ndeleted, 1));
    }
    expect(operations.every(hasOneShardKey), JSON.stringify(operations.map(({ ns }) => ns))).toBe(!(name in scattered));
  });
});

/** Whether the filter of an operation has one value of the shard key of its collection. */
function hasOneShardKey({ ns, command }: Profiled): boolean {
  const collection = ns.slice(ns.indexOf('.') + 1);
  const shardKey = collection.startsWith('message_') ? 'conversationId' : collection === 'chain' ? '_id' : 'userId';
  const filter = command.filter ?? command.q ?? command.query ?? command.pipeline?.[0]?.$match ?? {};
  const value = filter[shardKey];
  return value !== undefined && (typeof value !== 'object' || value instanceof mongo.Long);
}
