/**
 * The acknowledged positions of every member, and the message statuses that follow from them.
 *
 * Sending a message counts as reading everything up to it. These advances are kept in memory and written in bulk (`flushSent`) before
 * the messages are recorded as followed, so that after a crash in between the sweep makes them again.
 */

import { LRUCache } from 'lru-cache';
import { isActive, type Member } from '../../domain/conversation.ts';
import type { ConversationId, Seq, UserId } from '../../domain/ids.ts';
import { maxSeq, minSeq } from '../../domain/ids.ts';
import type { Message, MessageStatus } from '../../domain/message.ts';
import { noPositions, type Positions, raisePositions } from '../../domain/receipt.ts';
import type { Receipt, ReceiptStore } from '../../stores/receipt-store.ts';
import type { MemberList } from '../members/member-lists.ts';

/** Maximum number of watermarks in memory, over all conversations. */
const positionsMax = 1_000_000;

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
  type ByUser = Map<UserId, Positions>;
  const cached = new LRUCache<ConversationId, ByUser>({
    maxSize: positionsMax,
    sizeCalculation: (positions) => positions.size + 1,
  });
  const loading = new Map<ConversationId, Promise<ByUser>>();
  const sent = new Map<string, { conversationId: ConversationId; userId: UserId; seq: Seq }>();
  /** Passed to the store and not answered yet. Readers must still include them. */
  let sentInFlight = new Map<string, { seq: Seq }>();

  function load(id: ConversationId): ByUser | Promise<ByUser> {
    const known = isSoleWriter ? cached.get(id) : undefined;
    if (known !== undefined) return known;
    let promise = loading.get(id);
    if (promise === undefined) {
      promise = store
        .list(id)
        .then((receipts) => {
          const positions: ByUser = new Map();
          for (const { userId, deliveredSeq, readSeq } of receipts) positions.set(userId, { deliveredSeq, readSeq });
          // Positions raised during the read may be missing from it.
          if (loading.get(id) === promise) cached.set(id, positions);
          return positions;
        })
        .finally(() => {
          if (loading.get(id) === promise) loading.delete(id);
        });
      loading.set(id, promise);
    }
    return promise;
  }

  /** A user's positions, including those from their own sends. */
  function effective(positions: ByUser, conversationId: ConversationId, userId: UserId): Positions {
    const stored = positions.get(userId) ?? noPositions;
    if (sent.size === 0 && sentInFlight.size === 0) return stored;
    const key = `${conversationId}/${userId}`;
    const own = sent.get(key) ?? sentInFlight.get(key);
    return own === undefined ? stored : raisePositions(stored, { deliveredSeq: own.seq, readSeq: own.seq });
  }

  async function raise(receipts: readonly Receipt[]): Promise<Advance[]> {
    if (receipts.length === 0) return [];
    const raised = await store.raise(receipts);
    return receipts.map(({ conversationId, userId }, index) => {
      const { before, after } = raised[index] as { before: Positions; after: Positions };
      const positions = cached.peek(conversationId);
      positions?.set(userId, raisePositions(positions.get(userId) ?? noPositions, after));
      loading.delete(conversationId);
      return { conversationId, userId, before, after };
    });
  }

  return {
    /** Positions of members, in the order of the ids. */
    async get(conversationId: ConversationId, userIds: readonly UserId[]): Promise<Positions[]> {
      const positions = await load(conversationId);
      return userIds.map((userId) => effective(positions, conversationId, userId));
    },

    /** Raises positions and returns the advances. */
    async raise(receipts: readonly Receipt[]): Promise<Advance[]> {
      return (await raise(receipts)).filter(moved);
    },

    /** Records that a sender has read everything up to their own message. */
    noteSent(conversationId: ConversationId, userId: UserId, seq: Seq): void {
      const key = `${conversationId}/${userId}`;
      const known = sent.get(key);
      if (known === undefined || known.seq < seq) sent.set(key, { conversationId, userId, seq });
    },

    /** Stores the positions recorded by `noteSent`, and returns the advances. One call at a time. */
    async flushSent(): Promise<Advance[]> {
      if (sent.size === 0) return [];
      const taken = [...sent.entries()];
      sentInFlight = new Map(taken);
      sent.clear();
      try {
        const receipts = taken.map(([, { conversationId, userId, seq }]) => ({
          conversationId,
          userId,
          deliveredSeq: seq,
          readSeq: seq,
        }));
        return (await raise(receipts)).filter(moved);
      } catch (error) {
        for (const [, { conversationId, userId, seq }] of taken) this.noteSent(conversationId, userId, seq);
        throw error;
      } finally {
        sentInFlight = new Map();
      }
    },

    /** A message's progress among the members entitled to it, without its sender. */
    async progress(memberList: MemberList, message: Message): Promise<Progress> {
      if (memberList.isLarge) return { status: 'SENT', deliveredCount: null, readCount: null };
      const positions = await load(message.conversationId);
      let others = 0;
      let deliveredCount = 0;
      let readCount = 0;
      for (const member of memberList.active()) {
        if (member.userId === message.senderId || message.seq <= member.joinedSeq) continue;
        others += 1;
        const { deliveredSeq, readSeq } = effective(positions, message.conversationId, member.userId);
        if (deliveredSeq >= message.seq) deliveredCount += 1;
        if (readSeq >= message.seq) readCount += 1;
      }
      const status =
        others === 0 ? 'SENT' : readCount === others ? 'READ' : deliveredCount === others ? 'DELIVERED' : 'SENT';
      return { status, deliveredCount, readCount };
    },

    /**
     * The senders whose messages reached a new status because the last members without them have left. The effect is the same as if
     * those members had read everything up to their leaving.
     */
    async statusAdvancesOfLeaving(memberList: MemberList, userIds: readonly UserId[]): Promise<StatusAdvance[]> {
      if (memberList.isLarge) return [];
      const id = memberList.conversation.id;
      const positions = await load(id);
      const stays = await Promise.all(userIds.map((userId) => memberList.stays(userId)));
      const left = stays.flatMap((own) => own.slice(-1)).filter((member) => !isActive(member));
      const [first, ...rest] = left.map((member) => {
        const { deliveredSeq, readSeq } = effective(positions, id, member.userId);
        return {
          deliveredSeq: maxSeq(deliveredSeq, member.joinedSeq),
          readSeq: maxSeq(readSeq, member.joinedSeq),
          leftSeq: member.leftSeq ?? 0n,
        };
      });
      if (first === undefined) return [];
      const lowest = rest.reduce(
        (a, b) => ({
          deliveredSeq: minSeq(a.deliveredSeq, b.deliveredSeq),
          readSeq: minSeq(a.readSeq, b.readSeq),
          leftSeq: maxSeq(a.leftSeq, b.leftSeq),
        }),
        first,
      );
      const after = { deliveredSeq: lowest.leftSeq, readSeq: lowest.leftSeq };
      // With nobody else left there is nobody who has read it.
      if (memberList.memberCount < 2) return [];
      return this.statusAdvances(memberList, { conversationId: id, userId: '', before: lowest, after });
    },

    /**
     * The senders whose messages reached a new status by an advance: the lowest position among a sender's other members has moved.
     * Messages from before a member joined count as received by that member.
     */
    async statusAdvances(memberList: MemberList, { userId, before, after }: Advance): Promise<StatusAdvance[]> {
      if (memberList.isLarge) return [];
      const id = memberList.conversation.id;
      const positions = await load(id);
      const advances: StatusAdvance[] = [];
      for (const [status, field] of [
        ['DELIVERED', 'deliveredSeq'],
        ['READ', 'readSeq'],
      ] as const) {
        if (after[field] <= before[field]) continue;
        const others = lowestTwo(memberList.active(), userId, (member) =>
          maxSeq(effective(positions, id, member.userId)[field], member.joinedSeq),
        );
        for (const sender of memberList.active()) {
          if (sender.userId === userId) continue;
          const floor = others.first?.userId === sender.userId ? others.second?.seq : others.first?.seq;
          const seq = floor === undefined ? after[field] : minSeq(after[field], floor);
          const sinceSeq = floor === undefined ? before[field] : minSeq(before[field], floor);
          if (seq > sinceSeq) advances.push({ senderId: sender.userId, status, sinceSeq, seq });
        }
      }
      return advances;
    },
  };
}

function moved({ before, after }: Advance): boolean {
  return after.deliveredSeq > before.deliveredSeq || after.readSeq > before.readSeq;
}

/** The two active members with the lowest positions, without `except`. */
function lowestTwo(members: Iterable<Member>, except: UserId, seqOf: (member: Member) => Seq) {
  let first: { userId: UserId; seq: Seq } | undefined;
  let second: { userId: UserId; seq: Seq } | undefined;
  for (const member of members) {
    if (member.userId === except) continue;
    const one = { userId: member.userId, seq: seqOf(member) };
    if (first === undefined || one.seq < first.seq) {
      second = first;
      first = one;
    } else if (second === undefined || one.seq < second.seq) {
      second = one;
    }
  }
  return { first, second };
}
