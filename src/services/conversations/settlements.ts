/**
 * Applies changes of members that are in the log to the directory. The log decides about membership: an instance that needs a newer
 * member list than the directory's settles the changes in between, including those of other instances.
 *
 * Invariants
 * - The changes of a conversation are settled in the order of their numbers. Each settling repeats harmlessly.
 * - The users of a change hear of it, also if its settling was not answered.
 * - The rest of an earlier stay is in the inbox of a user who rejoins before the new stay exists.
 */
import type { Conversation } from '../../domain/conversation.ts';
import { serverKeyName } from '../../domain/entry-key.ts';
import { type ConversationId, minSeq, type Seq, type UserId } from '../../domain/ids.ts';
import { isDeparture, type Message } from '../../domain/message.ts';
import type { Bus } from '../../pubsub/bus.ts';
import { topics } from '../../pubsub/topics.ts';
import type { MembershipChange } from '../../stores/conversation-store.ts';
import type { InboxService } from '../inbox/inbox-service.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { MemberLists } from '../members/member-lists.ts';
import type { ReceiptService } from '../receipts/receipt-service.ts';

export type Settlements = ReturnType<typeof createSettlements>;

export function createSettlements(ports: {
  memberLists: MemberLists;
  log: ConversationLog;
  inbox: InboxService;
  receipts: ReceiptService;
  bus: Bus;
}) {
  const { memberLists, log, inbox, receipts, bus } = ports;
  /** The last settling of each conversation; never rejects. */
  const turns = new Map<ConversationId, Promise<void>>();

  async function settleUpTo(id: ConversationId, version: Seq): Promise<void> {
    const memberList = await memberLists.get(id);
    if (memberList === null) return;
    const unanswered = memberLists.unansweredSeq(id);
    const known = unanswered === undefined ? memberList.version : minSeq(memberList.version, unanswered - 1n);
    if (known >= version) return;
    const entries = await entriesBetween(memberList.conversation, known, version);
    for (const entry of entries) await settle(changeOf(entry), entry.seq);
  }

  /** The membership entries after one version up to another. Each entry's predecessor carries the version before it. */
  async function entriesBetween(conversation: Conversation, known: Seq, version: Seq): Promise<Message[]> {
    const entries: Message[] = [];
    for (let seq = version; seq > known; ) {
      const [found] = await log.listMany([{ conversation, fromSeq: seq - 1n, toSeq: seq }]);
      const entry = found?.find((message) => message.seq === seq);
      if (entry === undefined) throw new Error(`membership entry ${seq} of conversation ${conversation.id} is missing`);
      entries.unshift(entry);
      seq = found?.find((message) => message.seq === seq - 1n)?.membershipSeq ?? 0n;
    }
    return entries;
  }

  async function settle(change: MembershipChange, seq: Seq): Promise<void> {
    const { conversationId, event } = change;
    if (event.kind === 'MEMBERS_ADDED') await inbox.finishStays(conversationId, event.userIds);
    const touched = await memberLists.settle(change, seq);
    if (touched === null) return;
    announce(conversationId, touched);
    if (isDeparture(event)) void receipts.announceLeft(conversationId, event.userIds);
  }

  function announce(conversationId: ConversationId, userIds: readonly UserId[]): void {
    for (const userId of userIds) bus.publish(topics.memberships(userId), { conversationId, userIds });
  }

  return {
    /** Notifies users that a conversation of theirs has changed. */
    announce,

    /** Settles the changes that the log contains up to a number; resolves at once when they are settled. */
    upTo(id: ConversationId, version: Seq): Promise<void> {
      const turn = (turns.get(id) ?? Promise.resolve()).then(() => settleUpTo(id, version));
      const ended: Promise<void> = turn
        .catch(() => {})
        .then(() => {
          if (turns.get(id) === ended) turns.delete(id);
        });
      turns.set(id, ended);
      return turn;
    },
  };
}

/** The change that an entry records. */
function changeOf({ key, conversationId, senderId, body, sentAt }: Message): MembershipChange {
  if (body.systemEvent === undefined) throw new Error(`${key} in conversation ${conversationId} changes no members`);
  return { id: serverKeyName(key), conversationId, actorId: senderId, event: body.systemEvent, at: sentAt };
}
