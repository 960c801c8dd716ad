/**
 * Brings a committed message to its members. Small conversations are fanned out on write: the message is entered into every
 * member's inbox, then told on each member's topic. Large ones are fanned out on read: one hint on the conversation's topic, and
 * members enter what they missed when they sync.
 *
 * A message is recorded as fanned out only when all of this is stored; until then a sweep finds and finishes it. Doing it twice
 * changes nothing. One run per conversation is under way at a time.
 */
import type { Conversation } from '../../domain/conversation.ts';
import type { ConversationId, MessageId, Millis, Seq, UserId } from '../../domain/ids.ts';
import type { InboxRun } from '../../domain/inbox.ts';
import type { Message } from '../../domain/message.ts';
import { type Month, monthOf } from '../../domain/month.ts';
import type { Bus } from '../../pubsub/bus.ts';
import { topics } from '../../pubsub/topics.ts';
import type { MessageLog } from '../../stores/message-log.ts';
import { toMessage } from '../log/log-reader.ts';
import type { MemberList, MemberLists } from '../members/member-lists.ts';
import type { InboxWriter } from './inbox-writer.ts';

export interface FanOutSettings {
  readonly onWriteMaxMembers: number;
  /** How long finished messages may wait to be recorded together. */
  readonly recordEveryMs: Millis;
  /** Pauses before a failed run is tried again; after the last the sweep takes over. */
  readonly retryAfterMs: readonly Millis[];
  readonly sweepPage: number;
  /** How long a reader waits for a fan-out that is under way. */
  readonly readerWaitMs: Millis;
}

export const fanOutDefaults: FanOutSettings = {
  onWriteMaxMembers: 100,
  recordEveryMs: 100,
  retryAfterMs: [100, 500, 2_000, 5_000],
  sweepPage: 500,
  readerWaitMs: 1_000,
};

export type FanOut = ReturnType<typeof createFanOut>;

export function createFanOut(ports: {
  memberLists: MemberLists;
  writer: InboxWriter;
  log: MessageLog;
  bus: Bus;
  /** Stores what senders have read by sending; called before messages are recorded as finished. */
  saveSent: (messages: readonly Message[]) => Promise<void>;
  onError: (error: unknown, what: string) => void;
  settings?: Partial<FanOutSettings>;
}) {
  const { memberLists, writer, log, bus, saveSent, onError } = ports;
  const settings = { ...fanOutDefaults, ...ports.settings };
  const queues = new Map<ConversationId, Message[]>();
  const running = new Map<ConversationId, Message[]>();
  let finished: Message[] = [];
  let recordTimer: NodeJS.Timeout | undefined;
  let recording: Promise<void> = Promise.resolve();
  let closed = false;
  const timers = new Set<NodeJS.Timeout>();
  const runs = new Set<Promise<void>>();
  /** Readers that wait until a conversation is fanned out up to a number. */
  const readers = new Map<ConversationId, { upTo: Seq; wake: () => void }[]>();

  writer.setOnEntered(announceRuns);

  function isOnRead(memberList: MemberList): boolean {
    return memberList.activeCount > settings.onWriteMaxMembers;
  }

  function take(conversation: Conversation, messages: readonly Message[]): void {
    const queue = queues.get(conversation.id);
    if (queue === undefined) queues.set(conversation.id, [...messages]);
    else queue.push(...messages);
    if (!running.has(conversation.id)) start(conversation.id, 0);
  }

  function start(id: ConversationId, attempt: number): void {
    const promise = run(id, attempt).finally(() => runs.delete(promise));
    runs.add(promise);
  }

  /** Fans out what waits for a conversation, until nothing does. Never rejects. */
  async function run(id: ConversationId, attempt: number): Promise<void> {
    let messages = queues.get(id) ?? [];
    try {
      while (messages.length > 0) {
        queues.delete(id);
        running.set(id, messages);
        // While a change of membership is under way nobody knows who may see what follows it.
        const settled = memberLists.settled(id);
        if (settled !== null) await settled;
        await fanOut(id, messages);
        attempt = 0;
        for (const message of messages) finished.push(message);
        wakeReaders(id, messages[messages.length - 1]?.seq ?? 0n);
        scheduleRecord();
        messages = queues.get(id) ?? [];
      }
    } catch (error) {
      const pause = settings.retryAfterMs[attempt];
      onError(error, 'fan-out');
      if (pause !== undefined && !closed) {
        queues.set(id, [...messages, ...(queues.get(id) ?? [])]);
        after(pause, () => start(id, attempt + 1));
        return;
      }
    }
    running.delete(id);
    queues.delete(id);
    wakeReaders(id, null);
  }

  /** @param upTo - how far the conversation has got; null: no further, for now */
  function wakeReaders(id: ConversationId, upTo: Seq | null): void {
    const waiting = readers.get(id);
    if (waiting === undefined) return;
    const rest = waiting.filter((reader) => upTo !== null && reader.upTo > upTo);
    if (rest.length > 0) readers.set(id, rest);
    else readers.delete(id);
    for (const reader of waiting) if (!rest.includes(reader)) reader.wake();
  }

  /** Resolves when what is committed by now has been fanned out, or will not be soon. */
  function caughtUp(id: ConversationId): Promise<void> | null {
    const last = (queues.get(id) ?? running.get(id))?.at(-1);
    if (last === undefined) return null;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = readers.get(id) ?? [];
    waiting.push({ upTo: last.seq, wake: resolve });
    readers.set(id, waiting);
    return promise;
  }

  async function fanOut(id: ConversationId, messages: readonly Message[]): Promise<void> {
    const memberList = await memberLists.get(id);
    if (memberList === null) return;
    if (isOnRead(memberList)) {
      const topic = topics.conversation(id);
      for (const message of messages) bus.publish(topic, { message });
      return;
    }
    const { seq: firstSeq } = messages[0] as Message;
    const { seq: lastSeq } = messages[messages.length - 1] as Message;
    const entries = [];
    for (const { userId, joinedSeq, leftSeq } of memberList.members.values()) {
      if (leftSeq !== null && leftSeq < firstSeq) continue;
      const upTo = leftSeq !== null && leftSeq < lastSeq ? leftSeq : lastSeq;
      if (upTo > joinedSeq) entries.push({ userId, conversationId: id, joinedSeq, upTo, wholeFrom: firstSeq });
    }
    await writer.enter(entries);
  }

  /** Tells each user's devices of their new entries, with the message itself where it is at hand. */
  function announceRuns(entered: readonly InboxRun[]): void {
    for (const run of entered) {
      const topic = topics.inbox(run.userId);
      const messages = running.get(run.conversationId);
      const first = messages?.[0];
      if (run.truncated || messages === undefined || first === undefined || run.fromSeq < first.seq) {
        const seq = run.truncated ? run.seq : run.seq + (run.toSeq - run.fromSeq);
        bus.publish(topic, { seq, message: null });
        continue;
      }
      for (let index = Number(run.fromSeq - first.seq); index < messages.length; index += 1) {
        const message = messages[index] as Message;
        if (message.seq > run.toSeq) break;
        bus.publish(topic, { seq: run.seq + (message.seq - run.fromSeq), message });
      }
    }
  }

  function scheduleRecord(): void {
    recordTimer ??= setTimeout(() => {
      recordTimer = undefined;
      void record();
    }, settings.recordEveryMs);
  }

  /** Records finished messages, so that no sweep looks at them again. Never rejects. */
  function record(): Promise<void> {
    recording = recording.then(async () => {
      const messages = finished;
      if (messages.length === 0) return;
      finished = [];
      try {
        await saveSent(messages);
        await log.markFannedOut(messages.flatMap(refs));
      } catch (error) {
        // They stay unrecorded, and a sweep does them once more.
        onError(error, 'fan-out record');
      }
    });
    return recording;
  }

  function after(ms: Millis, call: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      call();
    }, ms);
    timers.add(timer);
  }

  return {
    /** Fans out messages just committed, consecutive and ascending; returns at once. */
    take,

    isOnRead,

    /**
     * Waits for the fan-out of what these conversations hold by now, so that a reader finds in the inbox what its sender was told is
     * sent; at most `readerWaitMs`.
     */
    async settle(ids: readonly ConversationId[]): Promise<void> {
      if (running.size === 0) return;
      const waits = ids.flatMap((id) => caughtUp(id) ?? []);
      if (waits.length === 0) return;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, settings.readerWaitMs);
      });
      await Promise.race([Promise.all(waits), late]);
      clearTimeout(timer);
    },

    /**
     * Enters the rest of an earlier stay for those who are about to come back. Their place in the member list tells of one stay only:
     * what a large group's member had not asked for before they were taken out would be lost to them with the new one.
     */
    async finishStays(id: ConversationId, userIds: readonly UserId[]): Promise<void> {
      const memberList = await memberLists.get(id);
      const entries = [];
      for (const userId of userIds) {
        const member = memberList?.members.get(userId);
        if (member === undefined || member.leftSeq === null || member.leftSeq <= member.joinedSeq) continue;
        entries.push({ userId, conversationId: id, joinedSeq: member.joinedSeq, upTo: member.leftSeq });
      }
      await writer.enter(entries);
    },

    /**
     * Finishes what an earlier run of the server, or a failed attempt, left behind.
     *
     * @param before - only messages sent before this instant
     * @returns how many messages were finished
     */
    async sweep(before: Millis): Promise<number> {
      let swept = 0;
      for (;;) {
        const rows = await log.listUnfinished(before, settings.sweepPage);
        const mine = rows.filter(({ conversationId }) => !running.has(conversationId));
        const byConversation = Map.groupBy(mine.map(toMessage), ({ conversationId }) => conversationId);
        for (const [id, unordered] of byConversation) {
          const settled = memberLists.settled(id);
          if (settled !== null) await settled;
          for (const messages of consecutive(unordered)) await fanOut(id, messages);
        }
        for (const row of mine) finished.push(toMessage(row));
        await record();
        swept += mine.length;
        if (rows.length < settings.sweepPage || mine.length === 0) return swept;
      }
    },

    /** Messages committed and not yet recorded as fanned out. */
    get pending(): number {
      let count = finished.length;
      for (const messages of running.values()) count += messages.length;
      for (const messages of queues.values()) count += messages.length;
      return count;
    },

    /** When the oldest message was sent that is not in every inbox yet; null when all are. */
    get oldestPendingAt(): Millis | null {
      let oldest: Millis | null = null;
      for (const waiting of [running, queues]) {
        for (const [first] of waiting.values()) {
          if (first !== undefined && (oldest === null || first.sentAt < oldest)) oldest = first.sentAt;
        }
      }
      return oldest;
    },

    /** Finishes what is under way and stops. */
    async close(): Promise<void> {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(runs);
      clearTimeout(recordTimer);
      await record();
    },
  };
}

/** Where a message may be stored: the month it was numbered in, which `sentAt` tells. */
function refs({ id, sentAt }: Message): { month: Month; id: MessageId }[] {
  return [{ month: monthOf(sentAt), id }];
}

/** Splits one conversation's messages into runs without a hole. */
function consecutive(messages: Message[]): Message[][] {
  const runs: Message[][] = [];
  for (const message of messages.sort((a, b) => (a.seq < b.seq ? -1 : 1))) {
    const run = runs[runs.length - 1];
    const last = run?.[run.length - 1];
    if (run !== undefined && last !== undefined && last.seq + 1n === message.seq) run.push(message);
    else runs.push([message]);
  }
  return runs;
}
