/**
 * Appends messages.
 *
 * Appends of one row each share one unordered insert: they are of different conversations, so their order has no meaning. Rows of one
 * conversation are one ordered insert, which stops at the first row that is refused: a number is never stored without the number
 * before it. An unordered insert would store it.
 */
import type { mongo } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import type { Month } from '../../domain/month.ts';
import type { Append, AppendResult } from '../message-log.ts';
import { documentsOf, isSeal, toRow } from './message-documents.ts';
import type { Call } from './mongo-calls.ts';
import type { MessageDocument, MongoCollections } from './mongo-collections.ts';
import { refusedOf } from './mongo-errors.ts';

interface Part {
  readonly month: Month;
  readonly documents: readonly MessageDocument[];
  /** The place of the append in the call. */
  readonly index: number;
}

export async function appendMessages(
  call: Call,
  { messages, openMonth }: MongoCollections,
  appends: readonly Append[],
): Promise<AppendResult[]> {
  const parts = appends.map((append, index) => ({ month: append.month, documents: documentsOf(append), index }));
  for (const month of new Set(parts.map((part) => part.month))) await openMonth(month);
  const results: AppendResult[] = [];

  /** One row of each conversation. */
  async function insertSingles(month: Month, singles: readonly Part[]): Promise<void> {
    const refused = await insert(
      call,
      messages(month),
      singles.map(({ documents }) => documents[0] as MessageDocument),
      false,
    );
    const isRefused = new Set(refused);
    await Promise.all(
      singles.map(async ({ documents, index }, at) => {
        results[index] = isRefused.has(at) ? await stopped(month, 0, documents[0] as MessageDocument) : { appended: 1 };
      }),
    );
  }

  async function insertPart({ month, documents, index }: Part): Promise<void> {
    const [refused] = documents.length === 0 ? [] : await insert(call, messages(month), documents, true);
    results[index] =
      refused === undefined
        ? { appended: documents.length }
        : await stopped(month, refused, documents[refused] as MessageDocument);
  }

  /** The reason for a refusal. MongoDB names one violated index only, in no useful order, so the rows are read. */
  async function stopped(month: Month, appended: number, refused: MessageDocument): Promise<AppendResult> {
    const { _id, conversationId, seq, key = null } = refused;
    const clashes = await call.command((options) =>
      messages(month)
        .find({ conversationId, $or: [{ seq }, { key: key as string }] }, options)
        .toArray(),
    );
    const existing = clashes.find((one) => key !== null && one.key === key);
    if (existing !== undefined) return { appended, stoppedBy: { reason: 'resend', existing: toRow(existing) } };
    if (clashes.some((one) => one.seq === seq || isSeal(one))) return { appended, stoppedBy: { reason: 'seqTaken' } };
    const twin = await call.command((options) => messages(month).findOne({ _id }, options));
    if (twin !== null) return { appended, stoppedBy: { reason: 'idTaken' } };
    throw new DomainError('UNAVAILABLE', 'Message store refused a row for a reason that has gone.');
  }

  if (hasTwins(appends)) {
    for (const part of parts) await insertPart(part);
    return results;
  }
  const [singles, longer] = [parts.filter(isSingle), parts.filter((part) => !isSingle(part))];
  await Promise.all([
    ...[...Map.groupBy(singles, ({ month }) => month)].map(([month, ones]) => insertSingles(month, ones)),
    ...longer.map(insertPart),
  ]);
  return results;
}

function isSingle({ documents }: Part): boolean {
  return documents.length === 1;
}

/** Whether appends of one call compete for an id or a number. Their order then decides, and they are written one after the other. */
function hasTwins(appends: readonly Append[]): boolean {
  const conversations = new Set<string>();
  const ids = new Set<string>();
  let count = 0;
  for (const append of appends) {
    conversations.add(append.conversationId);
    for (const { id } of 'seal' in append ? [append.seal] : append.rows) {
      ids.add(id);
      count += 1;
    }
  }
  return conversations.size < appends.length || ids.size < count;
}

/** Inserts documents. Returns the indexes of those that a unique index refused. */
async function insert(
  call: Call,
  collection: mongo.Collection<MessageDocument>,
  documents: readonly MessageDocument[],
  ordered: boolean,
): Promise<readonly number[]> {
  try {
    await call.command((options) => collection.insertMany(documents as MessageDocument[], { ...options, ordered }));
    return [];
  } catch (error) {
    return refusedOf(error);
  }
}
