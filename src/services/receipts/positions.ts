/**
 * The acknowledged positions of every member, and the message statuses that follow from them.
 *
 * Positions in memory are guesses that only grow. Readers can use them if no other process writes to the store. Otherwise single
 * positions are read from the store, and the store counts the readers of a small group. Large groups have no statuses, so no cost here
 * depends on their members.
 *
 * Sending a message counts as reading everything up to it. Such an advance is in one of these states:
 * - noted (`sent`): it is in memory only, and readers include it; a later one of the same member replaces it;
 * - in flight (`sentInFlight`): it was passed to the store with the others, and readers still include it;
 * - stored: the guess contains it. If the store refused it, or did not answer, it is noted again.
 *
 * The other members are notified of an advance from where they were last notified (`announced`). So a send and an acknowledgement that
 * meet in the store are announced once, and an advance without an answer is announced with the next one. Other processes notify them
 * too: then only advances without an answer are remembered, and of two that meet both may announce the same numbers.
 *
 * Invariants: a position never decreases; noted advances are stored (`flushSent`) before their messages are recorded as followed, so that
 * after a crash in between the sweep makes them again.
 */

import { LRUCache } from 'lru-cache';
import { isActive } from '../../domain/conversation.ts';
import type { ConversationId, Seq, UserId } from '../../domain/ids.ts';
import { maxSeq, minSeq } from '../../domain/ids.ts';
import type { Message, MessageStatus } from '../../domain/message.ts';
import {
  countReaders,
  lowestReaders,
  noPositions,
  type Positions,
  type ReadCounts,
  type Reader,
  raisePositions,
} from '../../domain/receipt.ts';
import type { Receipt, ReceiptKey, ReceiptStore, SentReceipt } from '../../stores/receipt-store.ts';
import type { MemberList } from '../members/member-lists.ts';

/** Maximum number of watermarks in memory, over all conversations. */
const positionsMax = 500_000;
/** Maximum number of positions that are remembered as announced. */
const announcedMax = 50_000;

/** A member's positions before and after an acknowledgement. */
export interface Advance {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly before: Positions;
  readonly after: Positions;
}

/** Messages of `senderId` after `sinceSeq`, up to `seq`, that all other members have now received or read. */
export interface StatusAdvance {
  readonly senderId: UserId;
  readonly status: 'DELIVERED' | 'READ';
  readonly sinceSeq: Seq;
  readonly seq: Seq;
}

export interface Progress {
  readonly status: MessageStatus;
  /** Null in large groups. */
  readonly deliveredCount: number | null;
  readonly readCount: number | null;
}

export type MemberPositions = ReturnType<typeof createMemberPositions>;

/** @param isSoleWriter - whether no other process writes to the store, so that readers can use positions in memory */
export function createMemberPositions({ store, isSoleWriter }: { store: ReceiptStore; isSoleWriter: boolean }) {
  const guesses = new LRUCache<string, Positions>({ maxSize: positionsMax, sizeCalculation: () => 1 });
  const sent = new Map<string, SentReceipt>();
  /** Passed to the store and not answered yet. Readers must still include them. */
  let sentInFlight: ReadonlyMap<string, SentReceipt> = new Map();
  const announced = new LRUCache<string, Positions>({ maxSize: announcedMax, sizeCalculation: () => 1 });

  /** Takes in positions from the store, which may be older than the guess. */
  function learn(key: string, positions: Positions): Positions {
    const known = guesses.get(key);
    const learned = known === undefined ? positions : raisePositions(known, positions);
    guesses.set(key, learned);
    return learned;
  }

  /** A user's positions, including those from their own sends. */
  function effective(key: string, stored: Positions): Positions {
    const own = sent.get(key) ?? sentInFlight.get(key);
    // The guess may have grown during the read.
    const known = raisePositions(stored, guesses.get(key) ?? noPositions);
    return own === undefined ? known : raisePositions(known, { deliveredSeq: own.seq, readSeq: own.seq });
  }

  /** The advance to announce. `before` and `stored` are the store's positions around it. */
  function advanceOf({ conversationId, userId }: ReceiptKey, before: Positions, stored: Positions): Advance {
    const key = keyOf({ conversationId, userId });
    const after = learn(key, stored);
    const advance = { conversationId, userId, before: announced.get(key) ?? before, after };
    if (isSoleWriter) announced.set(key, after);
    else announced.delete(key);
    return advance;
  }

  async function read(keys: readonly ReceiptKey[]): Promise<Positions[]> {
    const known = keys.map((key) => (isSoleWriter ? guesses.get(keyOf(key)) : undefined));
    const missing = keys.filter((_, index) => known[index] === undefined);
    const found = missing.length === 0 ? [] : await store.get(missing);
    let next = 0;
    return keys.map((key, index) => known[index] ?? learn(keyOf(key), found[next++] ?? noPositions));
  }

  async function getMany(keys: readonly ReceiptKey[]): Promise<Positions[]> {
    const stored = await read(keys);
    return keys.map((key, index) => effective(keyOf(key), stored[index] ?? noPositions));
  }

  const get = (conversationId: ConversationId, userIds: readonly UserId[]): Promise<Positions[]> =>
    getMany(userIds.map((userId) => ({ conversationId, userId })));

  /** Positions of a small group's members, by user. */
  async function positionsOf({ conversation }: MemberList, readers: readonly Reader[]) {
    const userIds = readers.map(({ userId }) => userId);
    const found = await get(conversation.id, userIds);
    const byUser = new Map(userIds.map((userId, index) => [userId, found[index] ?? noPositions]));
    return (userId: UserId) => byUser.get(userId) ?? noPositions;
  }

  async function counts(memberList: MemberList, messages: readonly Message[]): Promise<ReadCounts[]> {
    const readers = memberList.active();
    if (!isSoleWriter) return store.counts(memberList.conversation.id, readers, messages.map(seqAndSender));
    return countReaders(readers, await positionsOf(memberList, readers), messages);
  }

  async function lowest(memberList: MemberList, except: UserId) {
    const readers = memberList.active().filter(({ userId }) => userId !== except);
    if (!isSoleWriter) return store.lowest(memberList.conversation.id, readers);
    return lowestReaders(readers, await positionsOf(memberList, readers));
  }

  function noteSent(conversationId: ConversationId, userId: UserId, seq: Seq): void {
    const key = keyOf({ conversationId, userId });
    const known = sent.get(key);
    if (known === undefined || known.seq < seq) sent.set(key, { conversationId, userId, seq });
  }

  /**
   * The senders whose messages reached a new status by an advance: the lowest position among a sender's other members has moved.
   * Messages from before a member joined count as received by that member.
   */
  async function statusAdvances(memberList: MemberList, { userId, before, after }: Advance): Promise<StatusAdvance[]> {
    const senders = memberList.isLarge ? [] : memberList.active().filter((member) => member.userId !== userId);
    if (senders.length === 0) return [];
    // In a direct conversation there is nobody else to wait for.
    const others = senders.length === 1 ? { delivered: [], read: [] } : await lowest(memberList, userId);
    const advances: StatusAdvance[] = [];
    for (const [status, field, [first, second]] of [
      ['DELIVERED', 'deliveredSeq', others.delivered],
      ['READ', 'readSeq', others.read],
    ] as const) {
      if (after[field] <= before[field]) continue;
      for (const sender of senders) {
        const floor = first?.userId === sender.userId ? second?.seq : first?.seq;
        const seq = floor === undefined ? after[field] : minSeq(after[field], floor);
        const sinceSeq = floor === undefined ? before[field] : minSeq(before[field], floor);
        if (seq > sinceSeq) advances.push({ senderId: sender.userId, status, sinceSeq, seq });
      }
    }
    return advances;
  }

  return {
    /** Positions of members, in the order of the ids. */
    get,
    getMany,

    /** Raises positions and returns the advances. */
    async raise(receipts: readonly Receipt[]): Promise<Advance[]> {
      if (receipts.length === 0) return [];
      const raised = await store.raise(receipts).catch((error: unknown) => {
        for (const receipt of receipts) {
          const key = keyOf(receipt);
          if (!announced.has(key)) announced.set(key, guesses.get(key) ?? noPositions);
          // The store may have taken it in: readers ask it.
          guesses.delete(key);
        }
        throw error;
      });
      return receipts
        .map((receipt, index) => {
          const { before, after } = raised[index] as { before: Positions; after: Positions };
          return advanceOf(receipt, before, after);
        })
        .filter(moved);
    },

    /** Records that a sender has read everything up to their own message. */
    noteSent,

    /** Stores the positions recorded by `noteSent`, and returns the advances. One call at a time. */
    async flushSent(): Promise<Advance[]> {
      if (sent.size === 0) return [];
      const taken = [...sent.values()];
      sentInFlight = new Map(sent);
      sent.clear();
      try {
        const before = await read(taken);
        // An acknowledgement that is answered earlier finds the send in the store, and announces it too.
        taken.forEach((one, index) => {
          if (!announced.has(keyOf(one))) announced.set(keyOf(one), before[index] ?? noPositions);
        });
        await store.raiseSent(taken);
        return taken
          .map((one, index) =>
            advanceOf(one, before[index] ?? noPositions, { deliveredSeq: one.seq, readSeq: one.seq }),
          )
          .filter(moved);
      } catch (error) {
        for (const one of taken) {
          // The store may have taken it in: readers ask it.
          guesses.delete(keyOf(one));
          noteSent(one.conversationId, one.userId, one.seq);
        }
        throw error;
      } finally {
        sentInFlight = new Map();
      }
    },

    /** The progress of one conversation's messages, each among the members entitled to it, without its sender. */
    async progress(memberList: MemberList, messages: readonly Message[]): Promise<Progress[]> {
      if (memberList.isLarge) return messages.map(() => ({ status: 'SENT', deliveredCount: null, readCount: null }));
      return (await counts(memberList, messages)).map(({ readers, deliveredCount, readCount }) => {
        const reached = readCount === readers ? 'READ' : deliveredCount === readers ? 'DELIVERED' : 'SENT';
        return { status: readers === 0 ? 'SENT' : reached, deliveredCount, readCount };
      });
    },

    statusAdvances,

    /**
     * The senders whose messages reached a new status because the last members without them have left. The effect is the same as if
     * those members had read everything up to their leaving.
     */
    async statusAdvancesOfLeaving(memberList: MemberList, userIds: readonly UserId[]): Promise<StatusAdvance[]> {
      // With nobody else left there is nobody who has read it.
      if (memberList.isLarge || memberList.memberCount < 2) return [];
      const id = memberList.conversation.id;
      const stays = await Promise.all(userIds.map((userId) => memberList.stays(userId)));
      const left = stays.flatMap((own) => own.slice(-1)).filter((member) => !isActive(member));
      const [first, ...rest] = left;
      if (first === undefined) return [];
      const { delivered, read: readBy } = lowestReaders(left, await positionsOf(memberList, left));
      const leftSeq = rest.reduce((seq, member) => maxSeq(seq, member.leftSeq ?? 0n), first.leftSeq ?? 0n);
      const before = { deliveredSeq: delivered[0]?.seq ?? 0n, readSeq: readBy[0]?.seq ?? 0n };
      const after = { deliveredSeq: leftSeq, readSeq: leftSeq };
      return statusAdvances(memberList, { conversationId: id, userId: '', before, after });
    },
  };
}

function moved({ before, after }: Advance): boolean {
  return after.deliveredSeq > before.deliveredSeq || after.readSeq > before.readSeq;
}

function keyOf({ conversationId, userId }: ReceiptKey): string {
  return `${conversationId}/${userId}`;
}

function seqAndSender({ seq, senderId }: Message): { seq: Seq; senderId: UserId } {
  return { seq, senderId };
}
