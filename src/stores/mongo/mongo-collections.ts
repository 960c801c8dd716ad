/**
 * The collections and their indexes. The key of every unique index begins with the shard key of its collection, because a sharded
 * collection cannot keep other keys unique. Shard keys: `conversationId` of messages, `_id` of chains, `userId` of all others.
 *
 * In a sharded collection of messages, `_id` is unique on each shard only. Snowflake ids are unique anyway.
 */
import { type Connection, type Model, type mongo, Schema } from 'mongoose';
import { type Month, segmentName } from '../../domain/month.ts';
import type { CommandOptions } from './mongo-calls.ts';

/** A message, or a seal. Numbers and ids are 64-bit integers. */
export interface MessageDocument {
  /** The id of the message or seal. */
  readonly _id: bigint;
  readonly conversationId: bigint;
  readonly seq: bigint;
  /** The code of the kind of entry, or `sealCode`. */
  readonly kind: number;
  /** The month in which the conversation continues; of seals only, which have none of the fields below. */
  readonly next?: Month;
  readonly ordinal?: bigint;
  readonly membershipSeq?: bigint;
  readonly senderId?: bigint;
  readonly key?: string;
  readonly body?: string;
  readonly sentAt?: Date;
  /** Equals `_id` until every follower has finished with the message, and is absent afterwards. */
  readonly unfollowed?: bigint;
}

export interface InboxDocument {
  readonly userId: bigint;
  readonly seq: bigint;
  readonly conversationId: bigint;
  readonly fromSeq: bigint;
  readonly toSeq: bigint;
  /** Absent in plain runs. */
  readonly truncated?: true;
}

export interface ActivityDocument {
  readonly userId: bigint;
  readonly conversationId: bigint;
  readonly activeAt: Date;
}

/** The inbox position that a device has acknowledged. */
export interface AckedDocument {
  readonly userId: bigint;
  readonly deviceId: bigint;
  readonly seq: bigint;
}

export interface ReceiptDocument {
  readonly userId: bigint;
  readonly conversationId: bigint;
  readonly deliveredSeq: bigint;
  readonly readSeq: bigint;
}

/** Where a conversation's log is. */
export interface ChainDocument {
  /** The id of the conversation. */
  readonly _id: bigint;
  readonly segments: readonly {
    readonly month: Month;
    readonly fromSeq: bigint;
    readonly toSeq: bigint;
    readonly lastSentAt: Date;
  }[];
  /** The last message. */
  readonly seq: bigint;
  readonly ordinal: bigint;
  readonly membershipSeq: bigint;
  readonly sentAt: Date;
}

/** Facts about the database, by name. */
export interface FactDocument {
  readonly _id: string;
  readonly version?: number;
  readonly directoryId?: string;
  readonly checks?: bigint;
}

const required = { required: true } as const;
const segmentPattern = /^message_(\d{4})_(\d{2})$/;
const options = { versionKey: false, autoIndex: false, autoCreate: false } as const;

function messageSchema(): Schema<MessageDocument> {
  const schema = new Schema<MessageDocument>(
    {
      _id: { type: BigInt, ...required },
      conversationId: { type: BigInt, ...required },
      seq: { type: BigInt, ...required },
      kind: { type: Number, ...required },
      next: String,
      ordinal: BigInt,
      membershipSeq: BigInt,
      senderId: BigInt,
      key: String,
      body: String,
      sentAt: Date,
      unfollowed: BigInt,
    },
    options,
  );
  schema.index({ conversationId: 1, seq: 1 }, { unique: true });
  // A seal has no key, so this also lets a segment have one seal only.
  schema.index({ conversationId: 1, key: 1 }, { unique: true });
  schema.index({ conversationId: 1, sentAt: 1, seq: 1 });
  schema.index({ unfollowed: 1 }, { sparse: true });
  return schema;
}

function inboxSchema(): Schema<InboxDocument> {
  const schema = new Schema<InboxDocument>(
    {
      userId: { type: BigInt, ...required },
      seq: { type: BigInt, ...required },
      conversationId: { type: BigInt, ...required },
      fromSeq: { type: BigInt, ...required },
      toSeq: { type: BigInt, ...required },
      truncated: Boolean,
    },
    options,
  );
  schema.index({ userId: 1, seq: 1 }, { unique: true });
  schema.index({ userId: 1, conversationId: 1, fromSeq: 1 }, { unique: true });
  return schema;
}

function activitySchema(): Schema<ActivityDocument> {
  const schema = new Schema<ActivityDocument>(
    {
      userId: { type: BigInt, ...required },
      conversationId: { type: BigInt, ...required },
      activeAt: { type: Date, ...required },
    },
    options,
  );
  schema.index({ userId: 1, conversationId: 1 }, { unique: true });
  schema.index({ userId: 1, activeAt: -1, conversationId: -1 });
  return schema;
}

function ackedSchema(): Schema<AckedDocument> {
  const schema = new Schema<AckedDocument>(
    {
      userId: { type: BigInt, ...required },
      deviceId: { type: BigInt, ...required },
      seq: { type: BigInt, ...required },
    },
    options,
  );
  schema.index({ userId: 1, deviceId: 1 }, { unique: true });
  return schema;
}

function receiptSchema(): Schema<ReceiptDocument> {
  const schema = new Schema<ReceiptDocument>(
    {
      userId: { type: BigInt, ...required },
      conversationId: { type: BigInt, ...required },
      deliveredSeq: { type: BigInt, ...required },
      readSeq: { type: BigInt, ...required },
    },
    options,
  );
  schema.index({ userId: 1, conversationId: 1 }, { unique: true });
  return schema;
}

function chainSchema(): Schema<ChainDocument> {
  const segment = {
    _id: false,
    month: { type: String, ...required },
    fromSeq: { type: BigInt, ...required },
    toSeq: { type: BigInt, ...required },
    lastSentAt: { type: Date, ...required },
  };
  return new Schema<ChainDocument>(
    {
      _id: { type: BigInt, ...required },
      segments: { type: [segment], ...required },
      seq: { type: BigInt, ...required },
      ordinal: { type: BigInt, ...required },
      membershipSeq: { type: BigInt, ...required },
      sentAt: { type: Date, ...required },
    },
    options,
  );
}

function factSchema(): Schema<FactDocument> {
  return new Schema<FactDocument>(
    { _id: { type: String, ...required }, version: Number, directoryId: String, checks: BigInt },
    options,
  );
}

export type MongoCollections = ReturnType<typeof createMongoCollections>;

/**
 * The collections of a connection. Rows are read and written through the collections of the driver below the models, because
 * hydrating a document costs more than the rest of a call.
 */
export function createMongoCollections(connection: Connection) {
  const models = {
    inbox: connection.model<InboxDocument>('Inbox', inboxSchema(), 'inbox'),
    activity: connection.model<ActivityDocument>('Activity', activitySchema(), 'activity'),
    acked: connection.model<AckedDocument>('Acked', ackedSchema(), 'acked'),
    receipt: connection.model<ReceiptDocument>('Receipt', receiptSchema(), 'receipt'),
    chain: connection.model<ChainDocument>('Chain', chainSchema(), 'chain'),
    fact: connection.model<FactDocument>('Fact', factSchema(), 'fact'),
  };
  const months = new Map<Month, Model<MessageDocument>>();
  /** Months whose indexes exist, or are being made. */
  const opened = new Map<Month, Promise<void>>();

  function modelOf(month: Month): Model<MessageDocument> {
    const known = months.get(month);
    if (known !== undefined) return known;
    const model = connection.model<MessageDocument>(segmentName(month), messageSchema(), segmentName(month));
    months.set(month, model);
    return model;
  }

  return {
    inbox: rowsOf(models.inbox),
    activity: rowsOf(models.activity),
    acked: rowsOf(models.acked),
    receipt: rowsOf(models.receipt),
    chain: rowsOf(models.chain),
    fact: rowsOf(models.fact),

    /** A month's messages, for reading. Before `openMonth` the collection may not exist, and is then empty. */
    messages: (month: Month) => rowsOf(modelOf(month)),

    /** Makes a month's collection and indexes, unless they exist. Only then can the month be written to. */
    openMonth(month: Month): Promise<void> {
      let opening = opened.get(month);
      if (opening === undefined) {
        opening = makeIndexes(modelOf(month)).catch((error: unknown) => {
          opened.delete(month);
          throw error;
        });
        opened.set(month, opening);
      }
      return opening;
    },

    /** Makes all other collections and indexes, unless they exist. */
    async open(): Promise<void> {
      const { inbox, activity, acked, receipt, chain, fact } = models;
      await Promise.all(
        [inbox, activity, acked, receipt, chain, fact].map((model) => makeIndexes(model as unknown as Model<object>)),
      );
    },

    /** The months that have a collection, ascending. It may be empty. */
    async listMonths(options: CommandOptions): Promise<Month[]> {
      const { db } = connection;
      if (db === undefined) throw new Error('not connected');
      const names = await db.listCollections({ name: segmentPattern }, { ...options, nameOnly: true }).toArray();
      return names.flatMap(({ name }) => monthsNamed(name)).sort();
    },
  };
}

/** Adds the missing indexes of a collection, in one command. The server compares the indexes that exist, and refuses others of the same name. */
async function makeIndexes<Document>(model: Model<Document>): Promise<void> {
  const indexes = model.schema.indexes().map(([key, { unique, sparse }]) => ({
    key: key as Record<string, 1 | -1>,
    ...(unique === true ? { unique } : {}),
    ...(sparse === true ? { sparse } : {}),
  }));
  if (indexes.length === 0) await model.createCollection();
  else await model.collection.createIndexes(indexes);
}

function rowsOf<Document extends object>(model: Model<Document>): mongo.Collection<Document> {
  return model.collection as unknown as mongo.Collection<Document>;
}

function monthsNamed(collection: string): Month[] {
  const [, year, month] = segmentPattern.exec(collection) ?? [];
  return year === undefined ? [] : [`${year}-${month}`];
}
