/** Acknowledgements: who has got and read how far, per member for the others and per device for sync. */

import type { Conversation } from '../../domain/conversation.ts';
import { visibleHead } from '../../domain/conversation.ts';
import { clientMessageIdOf } from '../../domain/entry-key.ts';
import { DomainError } from '../../domain/errors.ts';
import {
  type Clock,
  type ConversationId,
  isId,
  type MessageId,
  maxSeq,
  minSeq,
  type Seq,
  type UserId,
} from '../../domain/ids.ts';
import { lastInboxSeq } from '../../domain/inbox.ts';
import type { Message } from '../../domain/message.ts';
import type { Viewer } from '../../domain/user.ts';
import type { Bus } from '../../pubsub/bus.ts';
import { topics } from '../../pubsub/topics.ts';
import type { InboxStore } from '../../stores/inbox-store.ts';
import type { InboxSync } from '../inbox/inbox-sync.ts';
import type { InboxWriter } from '../inbox/inbox-writer.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { MemberList, MemberLists } from '../members/member-lists.ts';
import type { Advance, MemberPositions, StatusAdvance } from './positions.ts';

/** Messages looked through, from the newest down, to name the one that an advance is told with. */
const namedWithinMax = 500;
const runsPage = 500;
/** Message ids and conversation positions in one call. */
const namedMax = 500;

export interface AckInput {
  readonly status: 'DELIVERED' | 'READ';
  readonly messageIds?: readonly MessageId[] | null;
  readonly upTo?: readonly { readonly conversationId: ConversationId; readonly seq: Seq }[] | null;
  readonly upToInboxSeq?: Seq | null;
}

export type ReceiptService = ReturnType<typeof createReceiptService>;

export function createReceiptService(ports: {
  memberPositions: MemberPositions;
  memberLists: MemberLists;
  log: ConversationLog;
  inboxes: InboxStore;
  writer: InboxWriter;
  sync: InboxSync;
  bus: Bus;
  clock: Clock;
  onError: (error: unknown, what: string) => void;
}) {
  const { memberPositions, memberLists, log, inboxes, writer, sync, bus, clock, onError } = ports;

  /** Tells the other members of an advance, and the senders whose messages it gives a new status. */
  async function announce(advances: readonly Advance[]): Promise<void> {
    for (const advance of advances) {
      const memberList = await memberLists.get(advance.conversationId);
      if (memberList === null) continue;
      const { conversationId, userId, after } = advance;
      bus.publish(topics.receipts(conversationId), { conversationId, userId, ...after, at: clock() });
      const statuses = await memberPositions.statusAdvances(memberList, advance);
      if (statuses.length > 0) await announceStatuses(memberList.conversation, statuses);
    }
  }

  /** Names, for each sender concerned, the newest of their messages that an advance covers. */
  async function announceStatuses(conversation: Conversation, advances: readonly StatusAdvance[]): Promise<void> {
    const toSeq = advances.reduce((seq, advance) => maxSeq(seq, advance.seq), 0n);
    const fromSeq = advances.reduce((seq, { sinceSeq }) => minSeq(seq, sinceSeq), toSeq) + 1n;
    const messages = await log.list(conversation, { fromSeq, toSeq, limit: namedWithinMax, newestFirst: true });
    for (const { senderId, status, sinceSeq, seq } of advances) {
      const named = messages.findLast((one) => one.senderId === senderId && one.seq > sinceSeq && one.seq <= seq);
      if (named === undefined) continue;
      bus.publish(topics.statuses(senderId), {
        messageId: named.id,
        clientMessageId: clientMessageIdOf(named),
        conversationId: conversation.id,
        status,
        seq: named.seq,
        sinceSeq,
        reason: null,
      });
    }
  }

  /** Announcing is best effort: receivers compare numbers, so a lost event is made good by the next. */
  function announceSoon(advances: readonly Advance[]): void {
    if (advances.length > 0) announce(advances).catch((error: unknown) => onError(error, 'receipt announcement'));
  }

  /** What the call names, as the highest number per conversation. Nothing is recorded before all of it is found good. */
  async function namedPositions(viewer: Viewer, { messageIds, upTo }: AckInput): Promise<Map<ConversationId, Seq>> {
    const named = new Map<ConversationId, Seq>();
    const name = (id: ConversationId, seq: Seq) => named.set(id, maxSeq(named.get(id) ?? 0n, seq));
    if (messageIds?.some((id) => !isId(id)) === true) throw notFound();
    for (const message of await log.findByIds(messageIds ?? [])) {
      if (message === null) throw notFound();
      const memberList = await memberLists.get(message.conversationId);
      const member = memberList?.members.get(viewer.userId);
      if (member === undefined || message.seq > visibleHead(member, message.seq)) throw notFound();
      if (message.seq <= member.joinedSeq && !(await wasEntered(viewer.userId, message))) throw notFound();
      name(message.conversationId, message.seq);
    }
    for (const { conversationId, seq } of upTo ?? []) {
      const { memberList, member } = await memberLists.require(conversationId, viewer.userId);
      const [head] = await log.heads([memberList.conversation]);
      const last = visibleHead(member, head?.seq ?? 0n);
      if (seq > last) throw ahead(seq, last);
      name(conversationId, seq);
    }
    return named;
  }

  /** Whether a message lies in a user's inbox, be it from an earlier stay than the one the member list tells of. */
  async function wasEntered(userId: UserId, { conversationId, seq }: Message): Promise<boolean> {
    const [run] = await inboxes.runsAt([{ userId, conversationId, seq }]);
    return run != null && seq <= run.toSeq;
  }

  /** What raises a position: an earlier stay's messages count as got already, for the others as for the member. */
  async function ofPresentStay(
    userId: UserId,
    covered: ReadonlyMap<ConversationId, Seq>,
  ): Promise<[ConversationId, Seq][]> {
    const found: [ConversationId, Seq][] = [];
    for (const [id, seq] of covered) {
      const member = (await memberLists.get(id))?.members.get(userId);
      if (member !== undefined && seq > member.joinedSeq) found.push([id, seq]);
    }
    return found;
  }

  async function requireInInbox(userId: UserId, seq: Seq): Promise<void> {
    const [known = 0n] = await writer.heads([userId]);
    if (seq <= known) return;
    // What its sender was told is sent a moment ago may get its number only now.
    await sync.enterAll(userId);
    const [head = 0n] = await writer.heads([userId]);
    if (seq > head) throw ahead(seq, head);
  }

  /**
   * How far each conversation is covered by the inbox up to `toSeq`, for those in which that is news. It asks for the conversations
   * the user is behind in, not for the entries: an inbox may be long, and what lies in it has mostly been acknowledged.
   */
  async function positionsInInbox(
    viewer: Viewer,
    status: AckInput['status'],
    toSeq: Seq,
  ): Promise<Map<ConversationId, Seq>> {
    const { userId } = viewer;
    const behind: { conversationId: ConversationId; joinedSeq: Seq; seq: Seq }[] = [];
    for (const conversationId of await memberLists.conversationIdsOf(userId)) {
      const memberList = await memberLists.get(conversationId);
      const member = memberList?.members.get(userId);
      if (memberList === null || member === undefined) continue;
      const [[positions], [head]] = await Promise.all([
        memberPositions.get(conversationId, [userId]),
        log.heads([memberList.conversation]),
      ]);
      const reached = status === 'READ' ? positions?.readSeq : positions?.deliveredSeq;
      const seq = visibleHead(member, head?.seq ?? 0n);
      if (maxSeq(reached ?? 0n, member.joinedSeq) < seq)
        behind.push({ conversationId, joinedSeq: member.joinedSeq, seq });
    }
    const covered = new Map<ConversationId, Seq>();
    await Promise.all(
      behind.map(async ({ conversationId, joinedSeq, seq }) => {
        const found = await coveredInInbox(userId, conversationId, joinedSeq, seq, toSeq);
        if (found > joinedSeq) covered.set(conversationId, found);
      }),
    );
    return covered;
  }

  /** The last of a conversation's messages up to `highest` that the inbox holds up to `toSeq`, by bisection over its runs. */
  async function coveredInInbox(
    userId: UserId,
    conversationId: ConversationId,
    joinedSeq: Seq,
    highest: Seq,
    toSeq: Seq,
  ): Promise<Seq> {
    let low = joinedSeq;
    let high = highest;
    let probe = highest;
    while (high > low) {
      const [run] = await inboxes.runsAt([{ userId, conversationId, seq: probe }]);
      if (run != null && run.seq <= toSeq && run.toSeq > low) {
        low = run.truncated || lastInboxSeq(run) <= toSeq ? run.toSeq : run.fromSeq + (toSeq - run.seq);
        if (lastInboxSeq(run) > toSeq) return low;
      } else if (run != null && run.seq > toSeq) {
        high = run.fromSeq - 1n;
      } else {
        break; // Runs follow one another: what comes after the last is not in the inbox yet.
      }
      probe = (low + high + 1n) / 2n;
    }
    return minSeq(low, high);
  }

  /** How far the unbroken beginning after `position` goes that `named` covers. */
  async function coveredUpTo(viewer: Viewer, position: Seq, named: ReadonlyMap<ConversationId, Seq>): Promise<Seq> {
    for (;;) {
      const runs = await inboxes.list(viewer.userId, position, runsPage);
      if (runs.length === 0) return position;
      for (const run of runs) {
        const covered = named.get(run.conversationId) ?? 0n;
        if (covered >= run.toSeq) {
          position = lastInboxSeq(run);
          continue;
        }
        if (run.truncated || covered < run.fromSeq) return position;
        return maxSeq(position, run.seq + (covered - run.fromSeq));
      }
    }
  }

  return {
    /**
     * Records what a device has got or read, and tells the others what is news.
     *
     * @throws DomainError `BAD_USER_INPUT`: nothing is named, or too much at once
     * @throws DomainError `NOT_FOUND`, `CURSOR_AHEAD`: something named does not exist for the viewer; nothing is recorded
     */
    async ack(viewer: Viewer, input: AckInput): Promise<{ conversationIds: ConversationId[]; ackedSeq: Seq }> {
      const { messageIds, upTo, upToInboxSeq, status } = input;
      if (messageIds == null && upTo == null && upToInboxSeq == null) {
        throw new DomainError('BAD_USER_INPUT', 'At least one of messageIds, upTo and upToInboxSeq is required.');
      }
      if ((messageIds?.length ?? 0) + (upTo?.length ?? 0) > namedMax) {
        throw new DomainError('BAD_USER_INPUT', `At most ${namedMax} messages and positions per call.`);
      }
      const device = { userId: viewer.userId, deviceId: viewer.deviceId };
      const named = await namedPositions(viewer, input);
      const [before = 0n] = await inboxes.ackedSeqs([device]);
      let ackedSeq = before;
      const covered = new Map(named);
      if (upToInboxSeq != null) {
        await requireInInbox(viewer.userId, upToInboxSeq);
        for (const [id, seq] of await positionsInInbox(viewer, status, upToInboxSeq)) {
          covered.set(id, maxSeq(covered.get(id) ?? 0n, seq));
        }
        ackedSeq = maxSeq(ackedSeq, upToInboxSeq);
      }
      if (named.size > 0) {
        // A large group's messages seen live have no inbox numbers yet; without them the position could not pass them.
        await sync.enterConversations(viewer.userId, named);
        ackedSeq = await coveredUpTo(viewer, ackedSeq, named);
      }
      const advances = await memberPositions.raise(
        (await ofPresentStay(viewer.userId, covered)).map(([conversationId, seq]) => ({
          conversationId,
          userId: viewer.userId,
          deliveredSeq: seq,
          readSeq: status === 'READ' ? seq : 0n,
        })),
      );
      if (ackedSeq > before) await inboxes.raiseAckedSeqs([{ ...device, seq: ackedSeq }]);
      announceSoon(advances);
      return { conversationIds: [...covered.keys()], ackedSeq };
    },

    /** Stores and tells what members have read by sending; safe to repeat. */
    async saveSent(messages: readonly Message[]): Promise<void> {
      for (const { conversationId, senderId, seq } of messages) memberPositions.noteSent(conversationId, senderId, seq);
      announceSoon(await memberPositions.flushSent());
    },

    /** Tells senders what has reached a new status because the last who lacked it are no members any more. Never rejects. */
    async announceLeft(conversationId: ConversationId, userIds: readonly UserId[]): Promise<void> {
      try {
        const memberList = await memberLists.get(conversationId);
        if (memberList === null) return;
        const statuses = await memberPositions.statusAdvancesOfLeaving(memberList, userIds);
        if (statuses.length > 0) await announceStatuses(memberList.conversation, statuses);
      } catch (error) {
        onError(error, 'receipt announcement');
      }
    },

    /** Positions of members, in the order asked for. */
    positions: memberPositions.get,

    /** How far a message has got. */
    async progress(message: Message) {
      const memberList = (await memberLists.get(message.conversationId)) as MemberList;
      return memberPositions.progress(memberList, message);
    },
  };
}

function notFound(): DomainError {
  return new DomainError('NOT_FOUND', 'Message not found.');
}

function ahead(seq: Seq, last: Seq): DomainError {
  return new DomainError('CURSOR_AHEAD', `seq ${seq} is past the conversation's head, ${last}.`, {
    details: { headSeq: last.toString() },
  });
}
