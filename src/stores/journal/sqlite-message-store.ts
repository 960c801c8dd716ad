/** The embedded message store: SQLite files in a folder, accessed by their own threads. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../../domain/errors.ts';
import type { MessageStore, MessageStoreStats } from '../message-store.ts';
import { openThread } from '../sqlite-file/thread-client.ts';
import type { CommitThreadData } from './commit-thread.ts';

export interface SqliteMessageStoreOptions {
  /** Folder of `journal.db` and `messages.db`; created if missing. */
  readonly dataDir: string;
  /** Every call answers within this time, or fails with UNAVAILABLE. */
  readonly timeoutMs: number;
  readonly onError: (error: unknown, what: string) => void;
  readonly backlogMax?: number;
}

/** Whether the store was opened in a folder before. */
export function hasMessageFiles(dataDir: string): boolean {
  return existsSync(join(dataDir, 'messages.db'));
}

/** @throws StartError: its files cannot be opened */
export async function openSqliteMessageStore(options: SqliteMessageStoreOptions): Promise<MessageStore> {
  const { dataDir, timeoutMs, onError, backlogMax = 100_000 } = options;
  const thread = await openThread({
    entry: new URL('./commit-thread.ts', import.meta.url),
    workerData: {
      dataDir,
      lockWaitMs: Math.min(2_000, timeoutMs / 2),
      timeoutMs,
      backlogMax,
    } satisfies CommitThreadData,
    timeoutMs,
    onError,
  }).catch((error: Error) => {
    const { message = 'no answer' } = (error.cause ?? {}) as Partial<Error>;
    throw new StartError(`The message store in ${dataDir} cannot be opened: ${message}.`, { cause: error.cause });
  });
  const caller =
    (method: string) =>
    <T>(...args: readonly unknown[]) =>
      // biome-ignore lint/plugin: as many as the method has parameters
      thread.call<T>(method, ...args);
  return {
    messageLog: {
      append: caller('messageLog.append'),
      tails: caller('messageLog.tails'),
      chains: async (ids) => ids.map(() => null),
      raiseChains: async () => {},
      firstSeqAt: caller('messageLog.firstSeqAt'),
      list: caller('messageLog.list'),
      findByIds: caller('messageLog.findByIds'),
      findByKeys: caller('messageLog.findByKeys'),
      months: caller('messageLog.months'),
      markFollowed: caller('messageLog.markFollowed'),
      listUnfinished: caller('messageLog.listUnfinished'),
      countUnfinished: caller('messageLog.countUnfinished'),
    },
    inboxes: {
      append: caller('inboxes.append'),
      heads: caller('inboxes.heads'),
      runEnds: caller('inboxes.runEnds'),
      list: caller('inboxes.list'),
      runsAt: caller('inboxes.runsAt'),
      raiseActivity: caller('inboxes.raiseActivity'),
      dropActivity: caller('inboxes.dropActivity'),
      listActive: caller('inboxes.listActive'),
      ackedSeqs: caller('inboxes.ackedSeqs'),
      raiseAckedSeqs: caller('inboxes.raiseAckedSeqs'),
    },
    receipts: {
      raise: caller('receipts.raise'),
      raiseSent: caller('receipts.raiseSent'),
      get: caller('receipts.get'),
      counts: caller('receipts.counts'),
      lowest: caller('receipts.lowest'),
    },
    async stats() {
      const stats = await thread.call<Omit<MessageStoreStats, 'pending'>>('stats');
      return { pending: thread.pending, ...stats };
    },
    check: caller('check'),
    get pending() {
      return thread.pending;
    },
    [Symbol.asyncDispose]: () => thread.close(),
  };
}
