/**
 * The log of every conversation: numbers messages 1, 2, 3 … by appending under the store's unique index.
 *
 * Invariants
 * - `n + 1` is chosen only once `n` is known to be stored, so a number is never skipped and no reader overtakes a writer.
 * - A segment gets no row after its seal, and the next segment is used only after the seal is stored.
 * - `sentAt` never goes back along `seq`, and lies in the month of its segment.
 * - A message's id is never from a later month than its segment, so looking from the id's month onwards finds it.
 * - One append per conversation is under way at a time; what arrives meanwhile waits and goes as one batch.
 *
 * Chains in the cache are guesses: a wrong one costs a `seqTaken` and a reread, never a wrong number.
 */
import { LRUCache } from 'lru-cache';
import type { Conversation } from '../domain/conversation.ts';
import { DomainError } from '../domain/errors.ts';
import type { ConversationId, MessageId, Millis, Seq } from '../domain/ids.ts';
import { type Draft, decodeBody, encodeBody, type Message } from '../domain/message.ts';
import { type Month, monthOf, monthStart } from '../domain/month.ts';
import { minSeq } from '../domain/receipt.ts';
import { snowflakeTime } from '../domain/snowflake.ts';
import type { Append, AppendResult, MessageLog, MessageRow } from '../stores/message-log.ts';
import { createRecentMessages, recentConversationsMax } from './recent-messages.ts';
import { applyTail, type Head, loadChains, openSegment, type SegmentChain, segmentsIn } from './segment-chain.ts';
import type { SteadyClock } from './steady-clock.ts';

/** How long after a send its resend is still recognised, over the end of a month. */
const resendReachMs = 24 * 60 * 60 * 1000;
/** Sealed segments asked for resends while the clock cannot be trusted to tell which are of the last day. */
const segmentsAskedMax = 3;

export interface ConversationLogSettings {
  /** Drafts waiting to be written, over all conversations; more are refused with OVERLOADED. */
  readonly queueMax: number;
  /** Appends under way at a time, each of many conversations. */
  readonly flushesMax: number;
  /** Rows of one conversation in one append. */
  readonly batchMax: number;
  /** How often one batch is tried against other writers before it is given up as UNAVAILABLE. */
  readonly attemptsMax: number;
  /** How long a head read from the store may be answered from memory: Infinity when nobody else writes. */
  readonly headTrustMs: Millis;
  /** Conversations whose chain is kept in memory. */
  readonly chainsMax: number;
  /** Conversations whose newest messages are kept in memory. */
  readonly recentMax: number;
}

export const conversationLogDefaults: ConversationLogSettings = {
  queueMax: 20_000,
  flushesMax: 4,
  batchMax: 500,
  attemptsMax: 50,
  headTrustMs: Number.POSITIVE_INFINITY,
  chainsMax: 50_000,
  recentMax: recentConversationsMax,
};

export interface Appended {
  readonly message: Message;
  /** True when the draft had been stored before. */
  readonly resend: boolean;
}

interface Waiting {
  readonly draft: Draft;
  readonly body: string;
  readonly conversation: Conversation;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
  /** Others of the same batch with the same key: each is compared with what is stored. */
  readonly twins?: readonly Waiting[];
}

interface CachedChain {
  readonly chain: SegmentChain;
  checkedAt: Millis;
  /** An append whose outcome is unknown may still be written: until a later one is, the head in memory says nothing. */
  isInDoubt?: boolean;
}

/** What one conversation wants written in a round of a flush. */
interface Batch {
  readonly conversation: Conversation;
  chain: SegmentChain;
  /** Still to be written, in order. */
  waiting: Waiting[];
  /** How many of the chain's sealed segments have been asked for resends. */
  segmentsAsked: number;
}

export type ConversationLog = ReturnType<typeof createConversationLog>;

export function createConversationLog(ports: {
  log: MessageLog;
  clock: SteadyClock;
  newId: () => MessageId;
  settings?: Partial<ConversationLogSettings>;
  /** Told of new messages, in order for each conversation, before their senders are answered. Must not throw. */
  onAppended?: (conversation: Conversation, messages: readonly Message[]) => void;
}) {
  const { log, clock, newId } = ports;
  const settings = { ...conversationLogDefaults, ...ports.settings };
  const chains = new LRUCache<ConversationId, CachedChain>({ max: settings.chainsMax });
  const recent = createRecentMessages(settings.recentMax);
  const queues = new Map<ConversationId, Waiting[]>();
  const busy = new Set<ConversationId>();
  let queued = 0;
  let flushes = 0;
  let scheduled = false;
  let onAppended = ports.onAppended ?? (() => {});

  function schedule(): void {
    if (scheduled || flushes >= settings.flushesMax || queues.size === 0) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      void flush();
    });
  }

  /** Writes what waits for conversations that no other flush is writing to. Never rejects. */
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
      await write(taken);
    } catch (error) {
      // What is settled already ignores this; the outcome of the rest is unknown.
      for (const { conversation, waiting } of taken) {
        const cached = chains.peek(conversation.id);
        if (cached !== undefined) cached.isInDoubt = true;
        for (const { reject } of waiting) reject(error);
      }
    } finally {
      for (const { conversation } of taken) busy.delete(conversation.id);
      flushes -= 1;
      schedule();
    }
  }

  async function write(taken: { conversation: Conversation; waiting: Waiting[] }[]): Promise<void> {
    const cached = await getChains(taken.map(({ conversation }) => conversation));
    let batches: Batch[] = taken.map(({ conversation, waiting }, index) => ({
      conversation,
      chain: cached[index] as SegmentChain,
      waiting: withoutTwins(waiting),
      segmentsAsked: 0,
    }));
    for (let attempt = 1; ; attempt += 1) {
      // A reader may find another seal while this asks.
      do await answerSealedResends(batches);
      while (batches.some(({ chain, segmentsAsked }) => segmentsAsked < chain.segments.length - 1));
      batches = batches.filter(({ waiting }) => waiting.length > 0);
      if (batches.length === 0) return;
      if (attempt > settings.attemptsMax) throw new DomainError('UNAVAILABLE', 'Too many writers at once.');
      const appends = batches.map(prepare);
      const results = await log.append(appends);
      const stale: Batch[] = [];
      batches.forEach((batch, index) => {
        if (!settle(batch, appends[index] as Append, results[index] as AppendResult)) stale.push(batch);
      });
      await Promise.all(stale.map(refresh));
    }
  }

  /** Of drafts with the same key in one batch only the first is written; the others get its answer. */
  function withoutTwins(waiting: Waiting[]): Waiting[] {
    if (waiting.length === 1) return waiting;
    const firsts = new Map<string, Waiting[]>();
    for (const one of waiting) {
      const key = `${one.draft.senderId}/${one.draft.clientMessageId}`;
      const twins = firsts.get(key);
      if (twins === undefined) firsts.set(key, [one]);
      else twins.push(one);
    }
    return [...firsts.values()].map(([first, ...twins]) => {
      if (first === undefined || twins.length === 0) return first as Waiting;
      return {
        ...first,
        twins,
        resolve(appended) {
          first.resolve(appended);
          for (const twin of twins) answerResend(twin, appended.message);
        },
        reject(error) {
          for (const twin of [first, ...twins]) twin.reject(error);
        },
      };
    });
  }

  /**
   * A unique index ends with its month, so a resend of something in a sealed segment is looked up: once the seal stands, since
   * until then another writer may still put it there. While the clock keeps its pace only the last day's segments can be
   * meant; when it cannot be trusted, the last few are asked whatever their age.
   */
  async function answerSealedResends(batches: Batch[]): Promise<void> {
    const isSteady = clock.isSteady();
    const reachable = isSteady ? clock.now() - resendReachMs : Number.NEGATIVE_INFINITY;
    const byMonth = new Map<Month, { batch: Batch; one: Waiting }[]>();
    for (const batch of batches) {
      const sealed = batch.chain.segments.slice(batch.segmentsAsked, -1);
      batch.segmentsAsked += sealed.length;
      for (const segment of isSteady ? sealed : sealed.slice(-segmentsAskedMax)) {
        if (segment.toSeq < segment.fromSeq || segment.lastSentAt < reachable) continue;
        const asked = byMonth.get(segment.month) ?? [];
        for (const one of batch.waiting) asked.push({ batch, one });
        byMonth.set(segment.month, asked);
      }
    }
    if (byMonth.size === 0) return;
    await Promise.all(
      [...byMonth].map(async ([month, asked]) => {
        const found = await log.findBySenderKeys(
          month,
          asked.map(({ one }) => one.draft),
        );
        asked.forEach(({ batch, one }, index) => {
          const row = found[index];
          if (row === null || row === undefined) return;
          answerResend(one, toMessage(row));
          batch.waiting = batch.waiting.filter((other) => other !== one);
        });
      }),
    );
  }

  /** The month an instant and the ids of a batch call for. */
  function targetMonth({ waiting }: Batch, now: Millis): Month {
    return monthOf(waiting.reduce((latest, { draft }) => Math.max(latest, snowflakeTime(draft.id)), now));
  }

  function prepare(batch: Batch): Append {
    const { conversation, chain, waiting } = batch;
    const { month } = openSegment(chain);
    // One look at the clock decides both: between two the month may end, and what belongs to the next would lie in this one.
    const now = clock.now();
    const target = targetMonth(batch, now);
    if (target > month) {
      const seal = { id: newId(), conversationId: conversation.id, seq: chain.head.seq + 1n, next: target };
      return { conversationId: conversation.id, month, seal };
    }
    const sentAt = Math.max(now, chain.head.sentAt, monthStart(month));
    let { seq, ordinal } = chain.head;
    const rows = waiting.map(({ draft, body }): MessageRow => {
      seq += 1n;
      if (draft.kind === 'USER') ordinal += 1n;
      const { id, conversationId, kind, senderId, clientMessageId } = draft;
      return { id, conversationId, seq, ordinal, kind, senderId, clientMessageId, body, sentAt, fannedOut: false };
    });
    return { conversationId: conversation.id, month, rows };
  }

  /** Takes in the store's answer. Returns whether the chain is still known to be right. */
  function settle(batch: Batch, append: Append, { appended, stoppedBy }: AppendResult): boolean {
    const { chain, conversation } = batch;
    if ('seal' in append) {
      if (appended === 0) return false;
      const { seq, next } = append.seal;
      // A reader may have met the seal already.
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
      advance(chain, last);
      // The cache may have dropped this chain, and read it anew before the append.
      const cached = chains.peek(conversation.id);
      if (cached?.chain !== chain) chains.set(conversation.id, { chain, checkedAt: clock.now() });
      // Whatever was in doubt asked for a number that is taken now.
      else cached.isInDoubt = false;
      const messages = rows.map((row, index) => numbered((written[index] as Waiting).draft, row));
      recent.add(conversation.id, messages);
      onAppended(conversation, messages);
      written.forEach(({ resolve }, index) => {
        resolve({ message: messages[index] as Message, resend: false });
      });
    }
    if (stoppedBy === undefined) return true;
    if (stoppedBy.reason === 'seqTaken') return false;
    const [first, ...rest] = batch.waiting;
    batch.waiting = rest;
    answerResend(first as Waiting, toMessage(stoppedBy.existing));
    return stoppedBy.existing.conversationId !== conversation.id || stoppedBy.existing.seq <= chain.head.seq;
  }

  /** Reads what others have written to a conversation since its chain was read. */
  async function refresh({ conversation, chain }: { conversation: Conversation; chain: SegmentChain }): Promise<void> {
    const checkedAt = clock.now();
    for (let isSealed = true; isSealed; ) {
      const { month } = openSegment(chain);
      const [tail] = await log.tails([{ conversationId: conversation.id, month }]);
      if (tail === undefined) return;
      // Another call may have followed the seal meanwhile.
      isSealed = openSegment(chain).month !== month || applyTail(chain, tail) !== null;
    }
    const cached = chains.get(conversation.id);
    if (cached !== undefined) cached.checkedAt = checkedAt;
  }

  async function getChains(conversations: readonly Conversation[]): Promise<SegmentChain[]> {
    const missing = conversations.filter(({ id }) => !chains.has(id));
    if (missing.length > 0) {
      const loaded = await loadChains(log, missing);
      for (const chain of loaded) {
        // Another reader may have been faster; its chain may have been appended to since.
        if (!chains.has(chain.conversationId)) chains.set(chain.conversationId, { chain, checkedAt: clock.now() });
      }
      const byId = new Map(loaded.map((chain) => [chain.conversationId, chain]));
      return conversations.map(({ id }) => chains.get(id)?.chain ?? (byId.get(id) as SegmentChain));
    }
    return conversations.map(({ id }) => (chains.get(id) as CachedChain).chain);
  }

  async function getCurrentChains(conversations: readonly Conversation[]): Promise<SegmentChain[]> {
    const found = await getChains(conversations);
    const now = clock.now();
    await Promise.all(
      found.map((chain, index) => {
        const conversation = conversations[index] as Conversation;
        const { checkedAt, isInDoubt } = chains.get(conversation.id) ?? { checkedAt: Number.NEGATIVE_INFINITY };
        const age = now - checkedAt; // Below 0 when the clock was set back.
        const isTrusted = isInDoubt !== true && age >= 0 && age <= settings.headTrustMs;
        return isTrusted ? undefined : refresh({ conversation, chain });
      }),
    );
    return found;
  }

  return {
    /**
     * Stores a draft as the conversation's next message; drafts of one conversation are stored in the order they come.
     *
     * @throws DomainError `ID_CONFLICT`: its `clientMessageId` was used for something else
     * @throws DomainError `UNAVAILABLE`: the outcome is unknown; the same draft may be appended again
     * @throws DomainError `OVERLOADED`: nothing was done
     */
    append(conversation: Conversation, draft: Draft): Promise<Appended> {
      if (queued >= settings.queueMax)
        return Promise.reject(new DomainError('OVERLOADED', 'Too many sends are waiting.'));
      return new Promise((resolve, reject) => {
        const waiting = { draft, body: encodeBody(draft.body), conversation, resolve, reject };
        const queue = queues.get(conversation.id);
        if (queue === undefined) queues.set(conversation.id, [waiting]);
        else queue.push(waiting);
        queued += 1;
        schedule();
      });
    },

    /** Replaces who is told of new messages. */
    setOnAppended(listener: (conversation: Conversation, messages: readonly Message[]) => void): void {
      onAppended = listener;
    },

    /** The last number of each conversation, in the order asked for; zeros for an empty one. */
    async heads(conversations: readonly Conversation[]): Promise<Head[]> {
      return (await getCurrentChains(conversations)).map((chain) => chain.head);
    },

    /** The messages `fromSeq` to `toSeq` that exist, ascending; at most `limit`, counted from the end that is read first. */
    async list(
      conversation: Conversation,
      range: { fromSeq: Seq; toSeq: Seq; limit: number; newestFirst?: boolean },
    ): Promise<Message[]> {
      const [chain] = await getCurrentChains([conversation]);
      const { limit, newestFirst = false } = range;
      const toSeq = minSeq(range.toSeq, (chain as SegmentChain).head.seq);
      const fromSeq = range.fromSeq < 1n ? 1n : range.fromSeq;
      if (toSeq < fromSeq || limit < 1) return [];
      const count = BigInt(limit);
      const from = newestFirst && toSeq - fromSeq >= count ? toSeq - count + 1n : fromSeq;
      const to = !newestFirst && toSeq - fromSeq >= count ? fromSeq + count - 1n : toSeq;
      const cached = recent.get(conversation.id, from, to);
      if (cached !== null) return cached;
      const parts = segmentsIn(chain as SegmentChain, from, to);
      const rows = await log.list(parts.map((part) => ({ conversationId: conversation.id, limit, ...part })));
      return rows.flat().map(toMessage);
    },

    /** Many ranges at once, each whole; what retention removed is left out. */
    async listMany(ranges: readonly { conversation: Conversation; fromSeq: Seq; toSeq: Seq }[]): Promise<Message[][]> {
      const found = await getCurrentChains(ranges.map(({ conversation }) => conversation));
      // Whoever asks may know of more than this instance has heard of: an inbox is read from the store.
      await Promise.all(
        ranges.map(({ conversation, toSeq }, index) => {
          const chain = found[index] as SegmentChain;
          return toSeq > chain.head.seq ? refresh({ conversation, chain }) : undefined;
        }),
      );
      const answers: Message[][] = ranges.map(() => []);
      const asked: {
        index: number;
        conversationId: ConversationId;
        month: Month;
        fromSeq: Seq;
        toSeq: Seq;
        limit: number;
      }[] = [];
      ranges.forEach(({ conversation, fromSeq, toSeq }, index) => {
        const cached = recent.get(conversation.id, fromSeq, toSeq);
        if (cached !== null) {
          answers[index] = cached;
          return;
        }
        for (const part of segmentsIn(found[index] as SegmentChain, fromSeq, toSeq)) {
          const limit = Number(part.toSeq - part.fromSeq) + 1;
          asked.push({ index, conversationId: conversation.id, limit, ...part });
        }
      });
      const rows = asked.length === 0 ? [] : await log.list(asked);
      asked.forEach(({ index }, position) => {
        answers[index]?.push(...(rows[position] as MessageRow[]).map(toMessage));
      });
      return answers;
    },

    /** The first number with `sentAt >= at`; `head + 1` when there is none. Reads one month at most. */
    async firstSeqAt(conversation: Conversation, at: Millis): Promise<Seq> {
      const [chain] = (await getCurrentChains([conversation])) as [SegmentChain];
      const month = monthOf(at);
      for (const segment of chain.segments) {
        if (segment.month < month || segment.toSeq < segment.fromSeq) continue;
        if (segment.month > month) return segment.fromSeq;
        const seq = await log.firstSeqAt(conversation.id, month, at);
        if (seq !== null) return seq;
      }
      return chain.head.seq + 1n;
    },

    /** Messages by id, in the order asked for, whoever may see them. */
    async findByIds(ids: readonly MessageId[]): Promise<(Message | null)[]> {
      const found = new Map<MessageId, Message>();
      let missing = [...new Set(ids)];
      if (missing.length > 0) {
        const oldest = missing.reduce(earlierMonthOf, '');
        const months = (await log.months()).filter((month) => month >= oldest);
        // An id is at home in its own month, or in a later one when it was numbered after a month's end.
        for (const month of months) {
          const asked = missing.filter((id) => monthOf(snowflakeTime(id)) <= month);
          if (asked.length === 0) continue;
          for (const row of await log.findByIds(month, asked)) found.set(row.id, toMessage(row));
          missing = missing.filter((id) => !found.has(id));
          if (missing.length === 0) break;
        }
      }
      return ids.map((id) => found.get(id) ?? null);
    },

    /** How many drafts wait to be written. */
    get queued(): number {
      return queued;
    },
  };
}

/** The earlier of a month and an id's month; an empty month counts as none. */
function earlierMonthOf(month: Month, id: MessageId): Month {
  const own = monthOf(snowflakeTime(id));
  return month === '' || own < month ? own : month;
}

function advance(chain: SegmentChain, last: MessageRow): void {
  if (last.seq <= chain.head.seq) return; // A reader has met it already, and perhaps more.
  const segment = openSegment(chain);
  segment.toSeq = last.seq;
  segment.lastSentAt = last.sentAt;
  chain.head = { seq: last.seq, ordinal: last.ordinal, sentAt: last.sentAt };
}

function numbered(draft: Draft, { seq, ordinal, sentAt }: MessageRow): Message {
  return { ...draft, seq, ordinal, sentAt };
}

export function toMessage(row: MessageRow): Message {
  const { body, fannedOut: _, ...rest } = row;
  return { ...rest, body: decodeBody(body) };
}

/** Answers a repeated draft with the message it became, unless the two differ. */
function answerResend({ draft, body, resolve, reject, twins = [] }: Waiting, existing: Message): void {
  for (const twin of twins) answerResend(twin, existing);
  if (existing.conversationId === draft.conversationId && encodeBody(existing.body) === body) {
    resolve({ message: existing, resend: true });
  } else {
    reject(new DomainError('ID_CONFLICT', `clientMessageId ${draft.clientMessageId} was used for another message.`));
  }
}
