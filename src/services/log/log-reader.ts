/** Reads conversations by number, by time and by id, from the newest messages in memory or from the segments. */

import type { ByteBudget } from '../../domain/byte-budget.ts';
import type { Conversation } from '../../domain/conversation.ts';
import type { EntryKey } from '../../domain/entry-key.ts';
import type { MessageId, Millis, Seq } from '../../domain/ids.ts';
import { minSeq } from '../../domain/ids.ts';
import { decodeBody, type Message } from '../../domain/message.ts';
import { type Month, monthOf } from '../../domain/month.ts';
import { snowflakeTime } from '../../domain/snowflake.ts';
import type { LogRange, MessageLog, MessageRow } from '../../stores/message-log.ts';
import { type ChainCache, neverTrusted } from './chain-cache.ts';
import type { RecentMessages } from './recent-messages.ts';
import { type SegmentChain, segmentsIn } from './segment-chain.ts';

/** Rows that an operation reads at a time. */
const rowsPerRead = 100;
/** About the bytes of a row besides its body. */
const rowOverheadBytes = 200;

export function createLogReader(ports: { log: MessageLog; chains: ChainCache; recent: RecentMessages }) {
  const { log, chains, recent } = ports;

  /** The rows of each part, read a few at a time for an operation, so that they are counted before more are read. */
  async function readParts(parts: readonly LogRange[], budget: ByteBudget | undefined): Promise<MessageRow[][]> {
    if (budget === undefined) return log.list(parts);
    const answers: MessageRow[][] = parts.map(() => []);
    for (const batch of inBatches(parts)) {
      const rows = await budget.load(
        () => log.list(batch.map(({ part }) => part)),
        (found) => found.reduce((sum, some) => sum + bytesOf(some), 0),
      );
      batch.forEach(({ index }, position) => {
        for (const row of rows[position] as MessageRow[]) answers[index]?.push(row);
      });
    }
    return answers;
  }

  return {
    /** The existing messages from `fromSeq` to `toSeq`, ascending; at most `limit`, counted from the end that is read first. */
    async list(
      conversation: Conversation,
      range: { fromSeq: Seq; toSeq: Seq; limit: number; newestFirst?: boolean },
      budget?: ByteBudget,
    ): Promise<Message[]> {
      const [chain] = await chains.getCurrent([conversation]);
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
      const rows = await readParts(
        parts.map((part) => ({ conversationId: conversation.id, limit, ...part })),
        budget,
      );
      return rows.flat().map(toMessage);
    },

    /** The existing messages of many ranges at once, each ascending. */
    async listMany(
      ranges: readonly { conversation: Conversation; fromSeq: Seq; toSeq: Seq }[],
      budget?: ByteBudget,
    ): Promise<Message[][]> {
      const found = await chains.getCurrent(ranges.map(({ conversation }) => conversation));
      // The caller may know of newer messages than this instance, because inboxes are read from the store.
      await Promise.all(
        ranges.map(({ conversation, toSeq }, index) => {
          const chain = found[index] as SegmentChain;
          return toSeq > chain.head.seq ? chains.refresh({ conversation, chain }) : undefined;
        }),
      );
      const answers: Message[][] = ranges.map(() => []);
      const asked: (LogRange & { index: number })[] = [];
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
      const rows = asked.length === 0 ? [] : await readParts(asked, budget);
      asked.forEach(({ index }, position) => {
        for (const row of rows[position] as MessageRow[]) answers[index]?.push(toMessage(row));
      });
      return answers;
    },

    /** The message with a key, as the store has it now. Reads the months of the conversation from the newest on. */
    async findByKey(conversation: Conversation, key: EntryKey): Promise<Message | null> {
      const [chain] = (await chains.getCurrent([conversation], neverTrusted)) as [SegmentChain];
      for (const { month } of chain.segments.toReversed()) {
        const [row] = await log.findByKeys(month, [{ conversationId: conversation.id, key }]);
        if (row != null) return toMessage(row);
      }
      return null;
    },

    /** The first number with `sentAt >= at`; `head + 1` if there is none. Reads at most one month. */
    async firstSeqAt(conversation: Conversation, at: Millis): Promise<Seq> {
      const [chain] = (await chains.getCurrent([conversation])) as [SegmentChain];
      const month = monthOf(at);
      for (const segment of chain.segments) {
        if (segment.month < month || segment.toSeq < segment.fromSeq) continue;
        if (segment.month > month) return segment.fromSeq;
        const seq = await log.firstSeqAt(conversation.id, month, at);
        if (seq !== null) return seq;
      }
      return chain.head.seq + 1n;
    },

    /** Messages by id, in the order of the ids, without checking permissions. */
    async findByIds(ids: readonly MessageId[], budget?: ByteBudget): Promise<(Message | null)[]> {
      const found = new Map<MessageId, Message>();
      let missing = [...new Set(ids)];
      if (missing.length > 0) {
        const oldest = missing.reduce(earlierMonthOf, '');
        const months = (await log.months()).filter((month) => month >= oldest);
        // A message is stored in its id's month, or in a later one if it was numbered after the end of a month.
        for (const month of months) {
          const asked = missing.filter((id) => monthOf(snowflakeTime(id)) <= month);
          if (asked.length === 0) continue;
          for (let start = 0; start < asked.length; start += rowsPerRead) {
            const some = asked.slice(start, start + rowsPerRead);
            const rows = await load(budget, () => log.findByIds(month, some), bytesOf);
            for (const row of rows) found.set(row.id, toMessage(row));
          }
          missing = missing.filter((id) => !found.has(id));
          if (missing.length === 0) break;
        }
      }
      return ids.map((id) => found.get(id) ?? null);
    },
  };
}

/** The same parts in the same order, cut and put together so that each batch has at most `rowsPerRead` numbers. */
function inBatches(parts: readonly LogRange[]): { index: number; part: LogRange }[][] {
  const batches: { index: number; part: LogRange }[][] = [[]];
  let room = rowsPerRead;
  parts.forEach((part, index) => {
    for (let { fromSeq } = part; fromSeq <= part.toSeq; ) {
      const toSeq = minSeq(part.toSeq, fromSeq + BigInt(room) - 1n);
      batches.at(-1)?.push({ index, part: { ...part, fromSeq, toSeq } });
      room -= Number(toSeq - fromSeq) + 1;
      fromSeq = toSeq + 1n;
      if (room > 0) continue;
      batches.push([]);
      room = rowsPerRead;
    }
  });
  return batches.filter((batch) => batch.length > 0);
}

function load<T>(budget: ByteBudget | undefined, read: () => Promise<T>, bytes: (found: T) => number): Promise<T> {
  return budget === undefined ? read() : budget.load(read, bytes);
}

function bytesOf(rows: readonly MessageRow[]): number {
  return rows.reduce((sum, { body }) => sum + body.length + rowOverheadBytes, 0);
}

/** The earlier of a month and an id's month; an empty month counts as none. */
function earlierMonthOf(month: Month, id: MessageId): Month {
  const own = monthOf(snowflakeTime(id));
  return month === '' || own < month ? own : month;
}

export function toMessage(row: MessageRow): Message {
  const { body, followed: _, ...rest } = row;
  return { ...rest, body: decodeBody(body) };
}
