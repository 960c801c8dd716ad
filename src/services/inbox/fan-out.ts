/**
 * Distributes committed messages to their members. Small conversations are fanned out on write: the messages are added to every
 * member's inbox, and each member's topic gets a hint. Large ones are fanned out on read: the conversation's topic gets a hint,
 * and a sync adds the missing messages to a member's inbox.
 *
 * A conversation with messages to fan out is in one of these states:
 * - running: one batch is being fanned out, and later ones wait in its queue;
 * - pausing: an attempt failed, and the batch will be retried after a pause;
 * - given up: no pause is left, or the server closes. The batch is rejected, and the log's sweep hands it out again.
 *
 * Invariants: at most one attempt per conversation is in progress; batches are fanned out in order of arrival; repeating a batch
 * changes nothing.
 */
import { visibleHead } from '../../domain/conversation.ts';
import { type ConversationId, type Millis, minSeq, type UserId } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import type { Bus } from '../../pubsub/bus.ts';
import { topics } from '../../pubsub/topics.ts';
import type { Follower } from '../log/conversation-log.ts';
import type { MemberLists } from '../members/member-lists.ts';
import type { InboxHints } from './inbox-hints.ts';
import type { InboxWriter } from './inbox-writer.ts';

export interface FanOutSettings {
  /** Pauses before a failed attempt is retried; after the last one the sweep takes over. */
  readonly retryAfterMs: readonly Millis[];
  /** Maximum time for which a reader waits for a fan-out in progress. */
  readonly readerWaitMs: Millis;
}

export const fanOutDefaults: FanOutSettings = { retryAfterMs: [100, 500, 2_000, 5_000], readerWaitMs: 1_000 };

/** Messages that arrived together, with the caller that waits for them. */
interface Batch {
  readonly messages: readonly Message[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Readers that wait for the end of its fan-out, whatever it is. */
  readers?: (() => void)[];
}

export type FanOut = ReturnType<typeof createFanOut>;

export function createFanOut(ports: {
  memberLists: MemberLists;
  writer: InboxWriter;
  hints: InboxHints;
  bus: Bus;
  onError: (error: unknown, what: string) => void;
  settings?: Partial<FanOutSettings>;
}) {
  const { memberLists, writer, hints, bus, onError } = ports;
  const settings = { ...fanOutDefaults, ...ports.settings };
  const queues = new Map<ConversationId, Batch[]>();
  /** The batches that are being fanned out. */
  const running = new Map<ConversationId, Batch[]>();
  const pauses = new Map<NodeJS.Timeout, () => void>();
  let isClosed = false;

  function take(id: ConversationId, messages: readonly Message[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const queue = queues.get(id);
      if (queue === undefined) queues.set(id, [{ messages, resolve, reject }]);
      else queue.push({ messages, resolve, reject });
      if (!running.has(id)) void run(id);
    });
  }

  /** Fans out a conversation's waiting batches until none is left. Never rejects. */
  async function run(id: ConversationId): Promise<void> {
    for (let batches = queues.get(id); batches !== undefined; batches = queues.get(id)) {
      queues.delete(id);
      running.set(id, batches);
      try {
        await fanOutWithRetries(id, messagesOf(batches));
        for (const { resolve } of batches) resolve();
      } catch (error) {
        for (const { reject } of batches) reject(error);
      }
      for (const { readers = [] } of batches) for (const goOn of readers) goOn();
    }
    running.delete(id);
  }

  async function fanOutWithRetries(id: ConversationId, messages: readonly Message[]): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      hints.carry(id, messages);
      try {
        return await fanOut(id, messages);
      } catch (error) {
        const ms = settings.retryAfterMs[attempt];
        if (ms === undefined || isClosed) throw error;
        onError(error, 'fan-out');
        await pause(ms);
        if (isClosed) throw error;
      } finally {
        hints.carryNone(id);
      }
    }
  }

  async function fanOut(id: ConversationId, messages: readonly Message[]): Promise<void> {
    const [first] = messages;
    const last = messages[messages.length - 1];
    if (first === undefined || last === undefined) return;
    const memberList = await memberLists.at(id, last.membershipSeq);
    if (memberList === null) return;
    // Messages keep the mode that applied to their numbers. The current members and settings do not matter.
    const onWriteUpTo = memberList.isLarge ? minSeq(last.seq, memberList.modeSince - 1n) : last.seq;
    if (memberList.isLarge) {
      const topic = topics.conversation(id);
      for (const message of messages) if (message.seq > onWriteUpTo) bus.publish(topic, { message });
    }
    if (onWriteUpTo < first.seq) return;
    const entries = [];
    for (const member of await memberList.since(first.seq)) {
      const { userId, joinedSeq } = member;
      const upTo = visibleHead(member, onWriteUpTo);
      if (upTo > joinedSeq)
        entries.push({ userId, conversationId: id, joinedSeq, upTo, wholeFrom: first.seq, activeAt: last.sentAt });
    }
    await writer.enter(entries);
  }

  /** Resolves after a while, or at once when the server closes. */
  function pause(ms: Millis): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      pauses.delete(timer);
      resolve();
    }, ms);
    pauses.set(timer, resolve);
    return promise;
  }

  const follower: Follower = {
    take,
    close() {
      isClosed = true;
      for (const [timer, resolve] of pauses) {
        clearTimeout(timer);
        resolve();
      }
      pauses.clear();
    },
  };

  return {
    follower,

    /**
     * Waits for the current fan-out of the user's messages, so that a reader's inbox holds every message already answered SENT; at
     * most `readerWaitMs`. It asks about the busy conversations, not about those of the user.
     */
    async settle(userId: UserId): Promise<void> {
      const waits: Promise<void>[] = [];
      for (const [id, batches] of running) {
        if (!memberLists.mayConcern(id, userId)) continue;
        const last = (queues.get(id) ?? batches).at(-1) as Batch;
        waits.push(
          new Promise((resolve) => {
            last.readers ??= [];
            last.readers.push(resolve);
          }),
        );
      }
      if (waits.length === 0) return;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, settings.readerWaitMs);
      });
      await Promise.race([Promise.all(waits), late]);
      clearTimeout(timer);
    },
  };
}

/** The messages of batches, ascending: a message that is handed out again may come after newer ones. */
function messagesOf(batches: readonly Batch[]): readonly Message[] {
  const [first, ...others] = batches;
  if (first !== undefined && others.length === 0) return first.messages;
  return batches.flatMap(({ messages }) => messages).sort((a, b) => (a.seq < b.seq ? -1 : 1));
}
