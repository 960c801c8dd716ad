/** Guards taken away by a wrapper around a port: each must be missed by the checks, or they would not notice its loss. */
import type { Seq } from '../../src/domain/ids.ts';
import type { InboxRun } from '../../src/domain/inbox.ts';
import { noPositions } from '../../src/domain/receipt.ts';
import type { InboxHint } from '../../src/pubsub/topics.ts';
import type { AppendResult, MessageLog } from '../../src/stores/message-log.ts';
import type { MessageStore } from '../../src/stores/message-store.ts';
import type { DeliveryMutant } from './delivery-world.ts';
import type { Scheduler } from './scheduler.ts';

function withLog(store: MessageStore, changed: Partial<MessageLog>): MessageStore {
  return { ...store, messageLog: { ...store.messageLog, ...changed } };
}

export const deliveryMutants: readonly DeliveryMutant[] = [
  {
    name: 'no seal: the next month is used without closing the last',
    wrapMessages: (store) =>
      withLog(store, {
        append: async (appends) => {
          const rows = await store.messageLog.append(appends.filter((append) => 'rows' in append));
          return appends.map((append) => ('seal' in append ? { appended: 1 } : (rows.shift() as AppendResult)));
        },
      }),
  },
  {
    name: 'no unique index on (conversation, number)',
    wrapMessages: (store) =>
      withLog(store, {
        // Where the index would refuse it, the later of two rows with one number gets lost.
        append: async (appends) =>
          (await store.messageLog.append(appends)).map((result, index) => {
            const append = appends[index];
            const isRefused = result.stoppedBy?.reason === 'seqTaken' && append !== undefined && 'rows' in append;
            return isRefused ? { appended: append.rows.length } : result;
          }),
      }),
  },
  {
    name: 'no unique index on (user, inbox number)',
    wrapMessages: (store) => ({
      ...store,
      inboxes: {
        ...store.inboxes,
        append: async (runs: readonly InboxRun[]) => {
          await store.inboxes.append(runs);
          return runs.map(() => true);
        },
      },
    }),
  },
  {
    name: 'no look-up of resends in sealed months',
    wrapMessages: (store) => withLog(store, { findByKeys: async (_month, keys) => keys.map(() => null) }),
  },
  {
    name: 'acknowledged before it is written',
    wrapMessages: (store, scheduler: Scheduler) =>
      withLog(store, {
        append: async (appends) => {
          if (!scheduler.chance(0.1)) return store.messageLog.append(appends);
          return appends.map((append) => ({ appended: 'seal' in append ? 1 : append.rows.length }));
        },
      }),
  },
  {
    name: 'what a crash left behind is finished by nobody',
    withoutSweep: true,
  },
  {
    name: 'recorded as fanned out before it is',
    wrapMessages: (store) => withLog(store, { listUnfinished: async () => [] }),
  },
  {
    name: 'a log is recorded further than it is stored',
    wrapMessages: (store) =>
      withLog(store, {
        raiseChains: (chains) =>
          store.messageLog.raiseChains(
            chains.map((chain) => ({ ...chain, head: { ...chain.head, seq: chain.head.seq + 1n } })),
          ),
      }),
  },
  {
    name: 'a hint is trusted without its number',
    wrapBus: (bus, openStreams) => ({
      ...bus,
      subscribe: (topic, receive) =>
        bus.subscribe(topic, (payload) => {
          if (!topic.name.startsWith('inbox:')) return receive(payload);
          const [, userId] = topic.name.split(':') as [string, string];
          const hint = payload as InboxHint;
          const next = openStreams(userId)[0]?.seq as Seq | undefined;
          receive((next === undefined ? hint : { ...hint, seq: next + 1n }) as typeof payload);
        }),
    }),
  },
  {
    name: 'streams are never compared with the store',
    withoutChecks: true,
  },
  {
    name: 'several servers that each take themselves for the only writer',
    isEachAlone: true,
  },
  {
    name: 'clocks are believed wherever they are set to',
    believesClocks: true,
  },
  {
    name: 'nothing is read by sending',
    wrapMessages: (store) => ({
      ...store,
      receipts: {
        ...store.receipts,
        raiseSent: async () => {},
      },
    }),
  },
  {
    name: 'acknowledgements are answered and not stored',
    wrapMessages: (store) => ({
      ...store,
      receipts: {
        ...store.receipts,
        raise: async (receipts) => receipts.map((after) => ({ before: noPositions, after })),
      },
    }),
  },
  {
    name: 'a change of membership is settled one number too early',
    wrapConversations: (store) => ({
      ...store,
      settleChange: (change, seq, largeAbove) => store.settleChange(change, seq - 1n, largeAbove),
    }),
  },
];
