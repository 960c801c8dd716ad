import type { mongo } from 'mongoose';
import type { Call } from './mongo-calls.ts';
import { refusedOf } from './mongo-errors.ts';

/** Two calls that make the same document race at most this often, because it exists afterwards. */
const attemptsMax = 3;

export interface Raise<Document> {
  /** A unique key. */
  readonly filter: mongo.Filter<Document>;
  /** Only `$max`, so that it can be repeated. */
  readonly update: { readonly $max: Partial<Document> };
}

/** Raises fields of documents, and makes those that are missing. Order has no meaning, and each one carries its shard key. */
export async function bulkRaise<Document extends mongo.Document>(
  call: Call,
  collection: mongo.Collection<Document>,
  raises: readonly Raise<Document>[],
): Promise<void> {
  let rest = raises;
  for (let attempt = 1; rest.length > 0; attempt += 1) {
    const operations = rest.map(({ filter, update }) => ({
      updateOne: { filter, update: update as mongo.UpdateFilter<Document>, upsert: true },
    }));
    try {
      await call.command((options) => collection.bulkWrite(operations, { ...options, ordered: false }));
      return;
    } catch (error) {
      const refused = new Set(refusedOf(error));
      if (attempt === attemptsMax) throw error;
      rest = rest.filter((_, index) => refused.has(index));
    }
  }
}
