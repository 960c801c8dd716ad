/** Acknowledgements: delivered and read positions, per member for the other members and per device for sync. */

import type { ByteBudget, ByteBudgets } from '../../domain/byte-budget.ts';
import type { Conversation } from '../../domain/conversation.ts';
import { clientMessageIdOf } from '../../domain/entry-key.ts';
import { badInput } from '../../domain/errors.ts';
import { type Clock, type ConversationId, maxSeq, type Seq, type UserId } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import type { Viewer } from '../../domain/user.ts';
import type { Bus } from '../../pubsub/bus.ts';
import { topics } from '../../pubsub/topics.ts';
import type { ReceiptStore } from '../../stores/receipt-store.ts';
import type { InboxService } from '../inbox/inbox-service.ts';
import type { ConversationLog, Follower } from '../log/conversation-log.ts';
import type { MemberList, MemberLists } from '../members/member-lists.ts';
import { type AckInput, createAckCoverage } from './ack-coverage.ts';
import { findNamed } from './named-messages.ts';
import { type Advance, createMemberPositions, type Progress, type StatusAdvance } from './positions.ts';
import { createReceiptWatch } from './receipt-watch.ts';

/** Maximum number of message ids and conversation positions in one call, and of conversations in its answer. */
export const ackedMax = 500;

export type { ReceiptKey as MemberKey } from '../../stores/receipt-store.ts';
export type { AckInput } from './ack-coverage.ts';
export type { Progress } from './positions.ts';

export type ReceiptService = ReturnType<typeof createReceiptService>;

export function createReceiptService(ports: {
  store: ReceiptStore;
  memberLists: MemberLists;
  log: ConversationLog;
  inbox: InboxService;
  bus: Bus;
  clock: Clock;
  isSoleWriter: boolean;
  /** Counts the bytes that announcements read; absent in tests. */
  budgets?: ByteBudgets;
  onError: (error: unknown, what: string) => void;
}) {
  const { store, memberLists, log, inbox, bus, clock, isSoleWriter, budgets, onError } = ports;
  const memberPositions = createMemberPositions({ store, isSoleWriter });
  const coverage = createAckCoverage({ memberLists, log, inbox });
  const watches = createReceiptWatch({ memberPositions, memberLists, bus, clock });

  /** Notifies the other members of an advance, and the senders whose messages get a new status. */
  async function announce(advances: readonly Advance[]): Promise<void> {
    for (const advance of advances) {
      const memberList = await memberLists.get(advance.conversationId);
      if (memberList === null) continue;
      const { conversationId, userId, after } = advance;
      const hint = { conversationId, userId, ...after, at: clock() };
      // In a large group, the user's own devices only: the cost of an acknowledgement must not grow with the members.
      const others = memberList.isLarge ? [] : memberList.active().filter((member) => member.userId !== userId);
      bus.publish(topics.receipts(userId), hint);
      for (const other of others) bus.publish(topics.receipts(other.userId), hint);
      const statuses = await memberPositions.statusAdvances(memberList, advance);
      if (statuses.length > 0) await announceStatuses(memberList.conversation, statuses);
    }
  }

  /** Finds the newest covered message of each affected sender, and notifies the sender. */
  async function announceStatuses(conversation: Conversation, advances: readonly StatusAdvance[]): Promise<void> {
    const found = await findNamed({ log, budgets }, conversation, advances);
    for (const advance of advances) {
      const { senderId, status, sinceSeq } = advance;
      const named = found.get(advance);
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

  /** Announcing is best effort: receivers compare numbers, so the next event makes up for a lost one. */
  function announceSoon(advances: readonly Advance[]): void {
    if (advances.length > 0) announce(advances).catch((error: unknown) => onError(error, 'receipt announcement'));
  }

  /** Only the current stay raises a position: messages of earlier stays already count as received. */
  async function ofPresentStay(
    userId: UserId,
    covered: ReadonlyMap<ConversationId, Seq>,
  ): Promise<[ConversationId, Seq][]> {
    const positions = [...covered];
    const stays = await memberLists.latestStays(positions.map(([conversationId]) => ({ conversationId, userId })));
    return positions.filter(([, seq], index) => seq > (stays[index]?.joinedSeq ?? seq));
  }

  const follower: Follower = {
    note(messages) {
      for (const { conversationId, senderId, seq } of messages) memberPositions.noteSent(conversationId, senderId, seq);
    },
    async finish() {
      announceSoon(await memberPositions.flushSent());
    },
  };

  return {
    /** Records that senders have read everything up to their own messages; a follower of the log. */
    follower,

    /**
     * Records a device's acknowledgement, and notifies other users of the advances.
     *
     * @throws DomainError `BAD_USER_INPUT`: nothing is named, or too much at once
     * @throws DomainError `NOT_FOUND`, `CURSOR_AHEAD`: a named position does not exist for the viewer; nothing is recorded
     */
    async ack(
      viewer: Viewer,
      input: AckInput,
      budget?: ByteBudget,
    ): Promise<{ conversationIds: ConversationId[]; ackedSeq: Seq }> {
      const { messageIds, upTo, upToInboxSeq, status } = input;
      if (messageIds == null && upTo == null && upToInboxSeq == null) {
        throw badInput('input', 'At least one of messageIds, upTo and upToInboxSeq is required.');
      }
      if ((messageIds?.length ?? 0) + (upTo?.length ?? 0) > ackedMax) {
        throw badInput('messageIds', `At most ${ackedMax} messages and positions per call.`, { max: ackedMax });
      }
      const device = { userId: viewer.userId, deviceId: viewer.deviceId };
      const named = await coverage.namedPositions(viewer, input, budget);
      const before = await inbox.ackedSeq(device);
      let ackedSeq = before;
      const covered = new Map(named);
      if (upToInboxSeq != null) {
        await coverage.requireInInbox(viewer.userId, upToInboxSeq);
        for (const [id, seq] of await coverage.positionsInInbox(viewer.userId, status, upToInboxSeq)) {
          covered.set(id, maxSeq(covered.get(id) ?? 0n, seq));
        }
        ackedSeq = maxSeq(ackedSeq, upToInboxSeq);
      }
      if (named.size > 0) {
        // Live messages of a large group have no inbox numbers yet. Without numbers, the position could not pass them.
        await inbox.enterConversations(viewer.userId, named);
        ackedSeq = await coverage.coveredUpTo(viewer, ackedSeq, named);
      }
      const advances = await memberPositions.raise(
        (await ofPresentStay(viewer.userId, covered)).map(([conversationId, seq]) => ({
          conversationId,
          userId: viewer.userId,
          deliveredSeq: seq,
          readSeq: status === 'READ' ? seq : 0n,
        })),
      );
      // Before anything that may fail: a repeat of the call finds the positions raised, and no advance to announce.
      announceSoon(advances);
      if (ackedSeq > before) await inbox.raiseAckedSeq({ ...device, seq: ackedSeq });
      if (upToInboxSeq != null) await coverage.noteInboxPosition(viewer.userId, status, upToInboxSeq);
      return { conversationIds: [...covered.keys()].slice(0, ackedMax), ackedSeq };
    },

    /** Notifies senders of messages that reached a new status because the last members without them have left. Never rejects. */
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

    /** Positions of members, in the order of the ids. */
    positions: memberPositions.get,
    /** The same for members of many conversations. */
    positionsOf: memberPositions.getMany,

    watch: watches.watch,
    watchStatuses: watches.watchStatuses,

    /** How far messages have got, in the order of the messages. */
    async progress(messages: readonly Message[]): Promise<Progress[]> {
      const found = new Map<Message, Progress>();
      for (const [id, own] of Map.groupBy(messages, ({ conversationId }) => conversationId)) {
        const progress = await memberPositions.progress((await memberLists.get(id)) as MemberList, own);
        own.forEach((message, index) => {
          found.set(message, progress[index] as Progress);
        });
      }
      return messages.map((message) => found.get(message) as Progress);
    },
  };
}
