/** Faults that the model must notice: without each of these guards something is lost, doubled or out of order. */
import type { Append, AppendResult } from '../../src/stores/message-log.ts';
import type { Mutant } from './world.ts';

export const mutants: readonly Mutant[] = [
  {
    name: 'no seal: the next month is used without closing the last',
    wrap: (store) => ({
      ...store,
      messageLog: {
        ...store.messageLog,
        append: async (appends) => {
          const results: AppendResult[] = [];
          for (const append of appends) {
            results.push(
              'seal' in append ? { appended: 1 } : ((await store.messageLog.append([append]))[0] as AppendResult),
            );
          }
          return results;
        },
      },
    }),
  },
  {
    name: 'no unique index on (conversation, number)',
    wrap: (store) => ({
      ...store,
      messageLog: {
        ...store.messageLog,
        // A taken number is moved out of the way: what a store without the index would hold twice.
        append: async (appends) =>
          Promise.all(
            appends.map(async (append): Promise<AppendResult> => {
              const [result] = await store.messageLog.append([append]);
              if (result === undefined || 'seal' in append || result.stoppedBy?.reason !== 'seqTaken')
                return result as AppendResult;
              return { appended: append.rows.length };
            }),
          ),
      },
    }),
  },
  {
    name: 'no unique index on (user, inbox number)',
    wrap: (store) => ({
      ...store,
      inboxes: {
        ...store.inboxes,
        append: async (runs) => {
          await store.inboxes.append(runs);
          return runs.map(() => true);
        },
      },
    }),
  },
  {
    name: 'no look-up of resends in sealed months',
    wrap: (store) => ({
      ...store,
      messageLog: { ...store.messageLog, findByKeys: async (_month, keys) => keys.map(() => null) },
    }),
  },
  {
    name: 'acknowledged before it is written',
    wrap: (store, random) => ({
      ...store,
      messageLog: {
        ...store.messageLog,
        append: async (appends: readonly Append[]) => {
          if (random() < 0.9) return store.messageLog.append(appends);
          // The answer comes, and the power goes before the write.
          return appends.map((append) => ({ appended: 'seal' in append ? 1 : append.rows.length }));
        },
      },
    }),
  },
];
