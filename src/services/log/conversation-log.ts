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
import { entryKinds } from '../../domain/entry-kinds.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Clock, ConversationId, MessageId, Millis } from '../../domain/ids.ts';
import { type Draft, encodeBody, type Message } from '../../domain/message.ts';
import { type Month, monthOf, monthStart } from '../../domain/month.ts';
import { snowflakeTime } from '../../domain/snowflake.ts';
import type { Append, AppendResult, MessageLog, MessageRow } from '../../stores/message-log.ts';
import { createChainCache } from './chain-cache.ts';
import type { Appended, UnsentBatch, Waiting } from './draft-batch.ts';
import { createFollowers, type FollowersSettings, followersDefaults } from './followers.ts';
import { createLogReader } from './log-reader.ts';
import { createRecentMessages, recentConversationsMax } from './recent-messages.ts';
import { answerRepeat, answerSealedResends, withoutTwins } from './resends.ts';
import { type Head, openSegment, type SegmentChain } from './segment-chain.ts';
import { createSweep, type SweepSettings, sweepDefaults } from './sweep.ts';
import type { TrustedClock } from './trusted-clock.ts';

export type { Appended } from './draft-batch.ts';
export type { Follower } from './followers.ts';
export { createTrustedClock } from './trusted-clock.ts';

export interface ConversationLogSettings extends FollowersSettings, SweepSettings {
  /** Maximum number of waiting drafts in all conversations; further drafts are refused with OVERLOADED. */
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
  /** Whether no other process writes to the store, so that readers can use heads in memory. */
  isSoleWriter: boolean;
  onError: (error: unknown, what: string) => void;
  settings?: Partial<ConversationLogSettings>;
}) {
  const { log, clock, elapsed, newId, isSoleWriter, onError } = ports;
  const settings = { ...conversationLogDefaults, ...ports.settings };
  const headTrustMs = isSoleWriter ? Number.POSITIVE_INFINITY : settings.headTrustMs;
  const chains = createChainCache({ log, clock, settings: { ...settings, headTrustMs } });
  const followers = createFollowers({ log, onError, settings });
  const sweep = createSweep({ log, followers, elapsed, settings });
  const recent = createRecentMessages(settings.recentMax);
  const reader = createLogReader({ log, chains, recent });
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
    let batches: UnsentBatch[] = [];
    try {
      const known = await chains.get(taken.map(({ conversation }) => conversation));
      batches = taken.map(({ conversation, waiting }, index) => ({
        conversation,
        chain: known[index] as SegmentChain,
        waiting: withoutTwins(waiting),
        segmentsAsked: 0,
        unansweredMonth: null,
      }));
      await write(batches);
    } catch (error) {
      // Settled drafts ignore this; the outcome of the others is unknown.
      for (const batch of batches) noteUnanswered(batch);
      for (const { waiting } of taken) for (const { reject } of waiting) reject(error);
    } finally {
      for (const { conversation } of taken) busy.delete(conversation.id);
      flushes -= 1;
      schedule();
    }
  }

  /** An append without an answer may be stored, now or later. Its rows are looked up, so that the followers get them too. */
  function noteUnanswered({ conversation, waiting, unansweredMonth: month }: UnsentBatch): void {
    chains.noteDoubt(conversation.id);
    if (month === null) return;
    followers.onUnanswered(waiting.map(({ draft }) => ({ month, conversationId: conversation.id, key: draft.key })));
  }

  async function write(all: readonly UnsentBatch[]): Promise<void> {
    let batches = all;
    for (let attempt = 1; ; attempt += 1) {
      await answerSealedResends({ log, clock, onRepeat }, batches);
      batches = batches.filter(({ waiting }) => waiting.length > 0);
      if (batches.length === 0) return;
      if (attempt > settings.attemptsMax) throw new DomainError('UNAVAILABLE', 'Too many concurrent writers.');
      const appends = batches.map(prepare);
      for (const [index, batch] of batches.entries()) batch.unansweredMonth = (appends[index] as Append).month;
      const results = await log.append(appends);
      const stale: UnsentBatch[] = [];
      batches.forEach((batch, index) => {
        batch.unansweredMonth = null;
        if (!settle(batch, appends[index] as Append, results[index] as AppendResult)) stale.push(batch);
      });
      await Promise.all(stale.map(chains.refresh));
    }
  }

  /** A repeated draft may be the first sign that its message is stored. */
  function onRepeat(row: MessageRow): void {
    if (!row.followed) void followers.catchUp([row]);
  }

  /** The month for a batch at an instant: not earlier than the ids of its drafts. */
  function targetMonth({ waiting }: UnsentBatch, now: Millis): Month {
    return monthOf(waiting.reduce((latest, { draft }) => Math.max(latest, snowflakeTime(draft.id)), now));
  }

  function prepare(batch: UnsentBatch): Append {
    const { conversation, chain, waiting } = batch;
    const { month } = openSegment(chain);
    // The clock is read once for both, because the month may end between two readings.
    const now = clock.now();
    const target = targetMonth(batch, now);
    if (target > month) {
      const seal = { id: newId(), conversationId: conversation.id, seq: chain.head.seq + 1n, next: target };
      return { conversationId: conversation.id, month, seal };
    }
    const sentAt = Math.max(now, chain.head.sentAt, monthStart(month));
    let { seq, ordinal, membershipSeq } = chain.head;
    const rows = waiting.map(({ draft, body }): MessageRow => {
      seq += 1n;
      const { id, conversationId, kind, senderId, key } = draft;
      if (entryKinds[kind].isCountable) ordinal += 1n;
      if (entryKinds[kind].changesMembers) membershipSeq = seq;
      const numbers = { seq, ordinal, membershipSeq };
      return { id, conversationId, ...numbers, kind, senderId, key, body, sentAt, followed: false };
    });
    return { conversationId: conversation.id, month, rows };
  }

  /** Handles the store's answer. Returns whether the chain is still known to be correct. */
  function settle(batch: UnsentBatch, append: Append, { appended, stoppedBy }: AppendResult): boolean {
    const { chain, conversation } = batch;
    if ('seal' in append) {
      if (appended === 0) return false;
      const { seq, next } = append.seal;
      // A reader may have found the seal already.
      if (openSegment(chain).month === append.month) {
        chain.segments.push({ month: next, fromSeq: seq, toSeq: seq - 1n, lastSentAt: 0 });
      }
      return true;
    }
    const written = batch.waiting.slice(0, appended);
    batch.waiting = batch.waiting.slice(appended);
    if (appended > 0) {
      const rows = append.rows.slice(0, appended);
      const last = rows[appended - 1] as MessageRow;
      chains.noteAppended(chain, last);
      const messages = rows.map((row, index) => numbered((written[index] as Waiting).draft, row));
      recent.add(conversation.id, messages);
      followers.onAppended(conversation.id, messages);
      written.forEach(({ resolve }, index) => {
        resolve({ message: messages[index] as Message, resend: false });
      });
    }
    if (stoppedBy === undefined) return true;
    if (stoppedBy.reason === 'seqTaken') return false;
    if (stoppedBy.reason === 'idTaken') {
      // Ids repeat after a clock was set back. Clients do not know these ids yet, and the next ones are probably taken too.
      batch.waiting = batch.waiting.map((one) => ({ ...one, draft: { ...one.draft, id: newId() } }));
      return true;
    }
    const [first, ...rest] = batch.waiting;
    batch.waiting = rest;
    answerRepeat(first as Waiting, stoppedBy.existing, onRepeat);
    return stoppedBy.existing.seq <= chain.head.seq;
  }

  return {
    ...reader,

    /**
     * Stores a draft as the conversation's next message. Drafts of one conversation are stored in order of arrival.
     *
     * @throws DomainError `ID_CONFLICT`: its key was used for another message
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
    close: followers.close,
  };
}

function numbered(draft: Draft, { seq, ordinal, membershipSeq, sentAt }: MessageRow): Message {
  return { ...draft, seq, ordinal, membershipSeq, sentAt };
}
