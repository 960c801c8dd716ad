/**
 * The log of every conversation: numbers messages 1, 2, 3 … by appending under the store's unique index.
 *
 * Invariants
 * - `n + 1` is chosen only once `n` is known to be stored, so a number is never skipped and no reader overtakes a writer.
 * - A segment gets no row after its seal, and the next segment is used only after the seal is stored.
 * - `sentAt` never decreases along `seq`, and lies in the month of its segment.
 * - A message's id is never from a later month than its segment, so a search from the id's month onwards finds it.
 * - At most one append per conversation is in progress. Drafts that arrive during it wait and are written as one batch.
 *
 * Chains in memory are guesses (chain-cache.ts): a wrong one costs a `seqTaken` and a reread, never a wrong number.
 */
import type { Conversation } from '../../domain/conversation.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Clock, ConversationId, MessageId, Millis } from '../../domain/ids.ts';
import { type Draft, encodeBody } from '../../domain/message.ts';
import { type Month, monthOf, nextMonth } from '../../domain/month.ts';
import { snowflakeTime } from '../../domain/snowflake.ts';
import type { TrustedClock } from '../../domain/trusted-clock.ts';
import type { MessageLog } from '../../stores/message-log.ts';
import type { Membership } from './admission.ts';
import { type BatchWriterSettings, createBatchWriter } from './batch-writer.ts';
import { createChainCache, neverTrusted } from './chain-cache.ts';
import { type ChainRecordSettings, chainRecordDefaults, createChainRecords } from './chain-records.ts';
import { type Appended, createBatch, type Waiting } from './draft-batch.ts';
import { createFollowers, type FollowersSettings, followersDefaults } from './followers.ts';
import { createLogReader } from './log-reader.ts';
import { createRecentMessages, recentConversationsMax } from './recent-messages.ts';
import { withoutTwins } from './resends.ts';
import type { Head, SegmentChain } from './segment-chain.ts';
import { createSweep, type SweepSettings, sweepDefaults } from './sweep.ts';

export type { Membership } from './admission.ts';
export type { Appended } from './draft-batch.ts';
export type { Follower } from './followers.ts';
export { emptyHead } from './segment-chain.ts';

export interface ConversationLogSettings
  extends BatchWriterSettings,
    ChainRecordSettings,
    FollowersSettings,
    SweepSettings {
  /** Drafts waiting to be written, over all conversations; more are refused with OVERLOADED. */
  readonly queueMax: number;
  /** Maximum number of concurrent appends, each of many conversations. */
  readonly flushesMax: number;
  /** Maximum number of rows of one conversation in one append. */
  readonly batchMax: number;
  /** Maximum number of attempts of one batch against other writers before it fails with UNAVAILABLE. */
  readonly attemptsMax: number;
  /** Time for which readers use a head from memory while other processes write too. */
  readonly headTrustMs: Millis;
  /** Maximum number of conversations whose chain is kept in memory. */
  readonly chainsMax: number;
  /** Maximum number of conversations whose newest messages are kept in memory. */
  readonly recentMax: number;
}

export const conversationLogDefaults: ConversationLogSettings = {
  ...followersDefaults,
  ...sweepDefaults,
  ...chainRecordDefaults,
  queueMax: 20_000,
  flushesMax: 4,
  batchMax: 500,
  attemptsMax: 50,
  headTrustMs: 0,
  chainsMax: 50_000,
  recentMax: recentConversationsMax,
};

/** Larger backlogs are reported as this number. */
const unfinishedCountMax = 10_000;

export type ConversationLog = ReturnType<typeof createConversationLog>;

export function createConversationLog(ports: {
  log: MessageLog;
  clock: TrustedClock;
  /** Milliseconds of a monotonic clock. */
  elapsed: Clock;
  newId: () => MessageId;
  membership: Membership;
  /** Whether no other process writes to the store, so that heads in memory answer readers. */
  isSoleWriter: boolean;
  onError: (error: unknown, what: string) => void;
  settings?: Partial<ConversationLogSettings>;
}) {
  const { log, clock, elapsed, newId, membership, isSoleWriter, onError } = ports;
  const settings = { ...conversationLogDefaults, ...ports.settings };
  const records = createChainRecords({ log, settings });
  const chains = createChainCache({ log, elapsed, isSoleWriter, onMoved: records.note, settings });
  const followers = createFollowers({ log, onError, settings });
  const sweep = createSweep({ log, followers, elapsed, settings });
  const recent = createRecentMessages(settings.recentMax);
  const reader = createLogReader({ log, chains, recent });
  const writer = createBatchWriter({ log, clock, newId, membership, chains, recent, followers, onDone, settings });
  const queues = new Map<ConversationId, Waiting[]>();
  const busy = new Set<ConversationId>();
  let queued = 0;
  let flushes = 0;
  let scheduled = false;

  function schedule(): void {
    if (scheduled || flushes >= settings.flushesMax || queues.size === 0) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      void flush();
    });
  }

  /** Writes the waiting drafts of conversations that no other flush is writing to. Never rejects. */
  async function flush(): Promise<void> {
    const taken: { conversation: Conversation; waiting: Waiting[] }[] = [];
    for (const [id, queue] of queues) {
      if (busy.has(id)) continue;
      const waiting = queue.length <= settings.batchMax ? queue : queue.splice(0, settings.batchMax);
      if (waiting === queue) queues.delete(id);
      busy.add(id);
      queued -= waiting.length;
      taken.push({ conversation: (waiting[0] as Waiting).conversation, waiting });
    }
    if (taken.length === 0) return;
    flushes += 1;
    try {
      const known = await chains.get(taken.map(({ conversation }) => conversation));
      await writer.writeGroup(
        taken.map(({ conversation, waiting }, index) =>
          createBatch(known[index] as SegmentChain, conversation, withoutTwins(waiting)),
        ),
      );
    } catch (error) {
      for (const { conversation, waiting } of taken) {
        for (const { reject } of waiting) reject(error);
        onDone(conversation.id);
      }
    } finally {
      flushes -= 1;
      schedule();
    }
  }

  function onDone(id: ConversationId): void {
    busy.delete(id);
    schedule();
  }

  return {
    ...reader,

    /**
     * Stores a draft as the conversation's next message. Drafts of one conversation are stored in order of arrival.
     *
     * @throws DomainError `ID_CONFLICT`: its key was used for something else
     * @throws DomainError `FORBIDDEN`: its sender is not a member any more; nothing is stored under its key
     * @throws DomainError `UNAVAILABLE`: the outcome is unknown; the same draft may be appended again
     * @throws DomainError `OVERLOADED`: the draft was not stored
     */
    append(conversation: Conversation, draft: Draft): Promise<Appended> {
      if (queued >= settings.queueMax) return Promise.reject(new DomainError('OVERLOADED', 'Send queue is full.'));
      return new Promise((resolve, reject) => {
        const waiting = { draft, body: encodeBody(draft.body), conversation, resolve, reject };
        const queue = queues.get(conversation.id);
        if (queue === undefined) queues.set(conversation.id, [waiting]);
        else queue.push(waiting);
        queued += 1;
        schedule();
      });
    },

    follow: followers.follow,
    sweep,

    /** The head of each conversation, in the order of the conversations; zeros for an empty one. */
    async heads(conversations: readonly Conversation[]): Promise<Head[]> {
      return (await chains.getCurrent(conversations)).map((chain) => chain.head);
    },

    /** The same as the store has them now, for decisions that must not be made on a guess. */
    async readHeads(conversations: readonly Conversation[]): Promise<Head[]> {
      return (await chains.getCurrent(conversations, neverTrusted)).map((chain) => chain.head);
    },

    /**
     * The newest month with messages, if the clock has not reached it by far: the clock is behind, or it was ahead. Null otherwise. The
     * next month does not count, because a store may prepare it.
     */
    async monthAhead(): Promise<Month | null> {
      const newest = (await log.months()).at(-1);
      return newest !== undefined && newest > nextMonth(monthOf(clock.now())) ? newest : null;
    },

    /** Number of drafts that wait to be written. */
    get queued(): number {
      return queued;
    },

    /**
     * The number of stored messages that are not recorded as followed, counted up to `unfinishedCountMax`, and the time when the
     * oldest of them was accepted. While the store does not answer, the result covers the messages that this process knows.
     */
    async unfinished(): Promise<{ count: number; oldestAt: Millis | null }> {
      const known = { count: followers.pending, oldestAt: followers.oldestPendingAt };
      try {
        const { count, oldestId } = await log.countUnfinished(unfinishedCountMax);
        return { count, oldestAt: oldestId === null ? null : snowflakeTime(oldestId) };
      } catch {
        return known;
      }
    },

    /** Lets the followers finish their current work. Later drafts reach them only after the next start. */
    async close(): Promise<void> {
      await followers.close();
      await records.close();
    },
  };
}
