/** The message store in a MongoDB database: messages by month, inboxes and receipts. */
import type { Connection } from 'mongoose';
import { StartError } from '../../domain/errors.ts';
import type { Clock } from '../../domain/ids.ts';
import { monthOf, nextMonth } from '../../domain/month.ts';
import type { InboxStore } from '../inbox-store.ts';
import type { MessageLog } from '../message-log.ts';
import type { MessageStore } from '../message-store.ts';
import type { ReceiptStore } from '../receipt-store.ts';
import { createActivityWriter } from './activity-writer.ts';
import { createMongoCalls } from './mongo-calls.ts';
import { createMongoCollections, type MongoCollections } from './mongo-collections.ts';
import { closeConnection, connectMongo, type MongoConnectionOptions } from './mongo-connection.ts';
import { createMongoInboxStore } from './mongo-inbox-store.ts';
import { createMongoMessageLog } from './mongo-message-log.ts';
import { createMongoReceiptStore } from './mongo-receipt-store.ts';
import { createSegmentMonths } from './segment-months.ts';

/** Raised by a version whose documents older versions cannot read. */
const schemaVersion = 1;

export interface MongoMessageStoreOptions extends MongoConnectionOptions {
  /** Identifies the directory whose conversations the messages belong to; null: it is not known. */
  readonly directoryId: string | null;
  readonly clock: Clock;
  /** Milliseconds of a monotonic clock. */
  readonly elapsed: Clock;
}

/**
 * Opens the store, and makes the collections and indexes that are missing, also those of this month's messages and the next one's.
 * While no server can be reached, the promise is pending.
 *
 * @throws StartError: the operator must change something
 */
export function openMongoMessageStore(options: MongoMessageStoreOptions): Promise<MessageStore> {
  return connectMongo(options, async (connection) => {
    const collections = createMongoCollections(connection);
    await checkVersion(collections);
    if (options.directoryId !== null) await checkDirectory(collections, options.directoryId);
    await collections.open();
    const month = monthOf(options.clock());
    for (const one of [month, nextMonth(month)]) await collections.openMonth(one);
    return createStore(connection, collections, options);
  });
}

/** @throws StartError: a newer version has written to the database */
async function checkVersion({ fact }: MongoCollections): Promise<void> {
  const found = await fact.findOneAndUpdate(
    { _id: 'schema' },
    { $setOnInsert: { version: schemaVersion } },
    { upsert: true, returnDocument: 'after' },
  );
  if ((found?.version ?? 0) <= schemaVersion) return;
  throw new StartError(
    `The MongoDB database was written by a newer version of Heliograph (schema ${found?.version}, this version knows ${schemaVersion}). Start that version, or restore a backup.`,
  );
}

/**
 * Messages belong to the conversations of one directory. A server with another one would number inboxes and messages anew.
 *
 * @throws StartError: the database belongs to another directory
 */
async function checkDirectory({ fact }: MongoCollections, directoryId: string): Promise<void> {
  const found = await fact.findOneAndUpdate(
    { _id: 'directory' },
    { $setOnInsert: { directoryId } },
    { upsert: true, returnDocument: 'after' },
  );
  if (found?.directoryId === directoryId) return;
  throw new StartError(
    'The MongoDB database has the messages of another DATA_DIR. Use that folder, or name another database in MONGO_URL.',
  );
}

function createStore(
  connection: Connection,
  collections: MongoCollections,
  { timeoutMs, elapsed, onError }: MongoMessageStoreOptions,
): MessageStore {
  const calls = createMongoCalls({ client: connection.getClient(), timeoutMs });
  const months = createSegmentMonths(collections, elapsed);
  const activities = createActivityWriter(collections, calls.run);
  return {
    messageLog: calls.serve<MessageLog>(createMongoMessageLog(collections, months)),
    inboxes: calls.serve<InboxStore>(createMongoInboxStore(collections, activities)),
    receipts: calls.serve<ReceiptStore>(createMongoReceiptStore(collections)),
    check: () =>
      calls.run(async (call) => {
        const write = { $inc: { checks: 1n } };
        await call.command((options) =>
          collections.fact.updateOne({ _id: 'check' }, write, { ...options, upsert: true }),
        );
      }),
    stats: async () => ({ pending: calls.pending, backlog: 0, setAside: 0 }),
    get pending() {
      return calls.pending;
    },
    async [Symbol.asyncDispose]() {
      await activities.close();
      await closeConnection(connection, { timeoutMs, onError });
    },
  };
}
