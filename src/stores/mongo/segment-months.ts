/**
 * The months with messages. They are remembered: a month that has a message keeps it. Months that other processes have begun are
 * found within `listEveryMs`; until then, their conversations are found by their seals.
 */
import type { Clock } from '../../domain/ids.ts';
import type { Month } from '../../domain/month.ts';
import type { Call } from './mongo-calls.ts';
import type { MongoCollections } from './mongo-collections.ts';

const listEveryMs = 10_000;

export type SegmentMonths = ReturnType<typeof createSegmentMonths>;

/** @param elapsed - milliseconds of a monotonic clock */
export function createSegmentMonths({ messages, listMonths }: MongoCollections, elapsed: Clock) {
  const known = new Set<Month>();
  let listedAt = Number.NEGATIVE_INFINITY;

  async function look(call: Call): Promise<void> {
    const at = elapsed();
    const listed = await call.command(listMonths);
    const news = listed.filter((month) => !known.has(month));
    // By the index of ids, because reading a collection without an index is never allowed.
    const first = await Promise.all(
      news.map((month) =>
        call.command((options) =>
          messages(month).find({}, options).sort({ _id: 1 }).limit(1).project({ _id: 1 }).next(),
        ),
      ),
    );
    news.forEach((month, index) => {
      if (first[index] !== null) known.add(month);
    });
    listedAt = at;
  }

  return {
    /** Ascending. */
    async list(call: Call): Promise<Month[]> {
      if (elapsed() - listedAt > listEveryMs) await look(call);
      return [...known].sort();
    },

    /** A message of the month is stored. */
    note(month: Month): void {
      known.add(month);
    },
  };
}
