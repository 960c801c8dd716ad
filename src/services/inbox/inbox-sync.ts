/**
 * Fan-out on read: adds the messages of large groups to a member's inbox when the member syncs. A sync looks at marked memberships
 * only.
 */
import { type Conversation, isActive, type Member } from '../../domain/conversation.ts';
import { type ConversationId, minSeq, type Seq, type UserId } from '../../domain/ids.ts';
import { type ConversationLog, emptyHead } from '../log/conversation-log.ts';
import type { MemberLists } from '../members/member-lists.ts';
import type { FanOut } from './fan-out.ts';
import type { Entry, InboxWriter } from './inbox-writer.ts';

export type InboxSync = ReturnType<typeof createInboxSync>;

export function createInboxSync(ports: {
  memberLists: MemberLists;
  log: ConversationLog;
  writer: InboxWriter;
  fanOut: FanOut;
}) {
  const { memberLists, log, writer, fanOut } = ports;

  async function enter(
    userId: UserId,
    ids: readonly ConversationId[],
    upTo?: ReadonlyMap<ConversationId, Seq>,
  ): Promise<void> {
    if (ids.length === 0) return;
    const states = await memberLists.states(ids);
    const wanted = states.flatMap((state) => state?.conversation ?? []);
    const heads = await log.heads(wanted);
    const entries: Entry[] = [];
    const entered: Member[] = [];
    for (const [index, { id }] of wanted.entries()) {
      const { seq: head, membershipSeq } = heads[index] ?? emptyHead;
      const memberList = await memberLists.at(id, membershipSeq);
      const stays = (await memberList?.stays(userId)) ?? [];
      const limit = minSeq(head, upTo?.get(id) ?? head);
      for (const { joinedSeq, leftSeq } of stays) {
        const end = minSeq(limit, leftSeq ?? limit);
        if (end > joinedSeq) entries.push({ userId, conversationId: id, joinedSeq, upTo: end });
      }
      const latest = stays.at(-1);
      // In a small group messages are fanned out on write, and nothing more comes after a user has left.
      const isComplete = latest !== undefined && (!isActive(latest) || memberList?.isLarge === false);
      if (isComplete && limit >= (latest.leftSeq ?? head)) entered.push(latest);
    }
    await writer.enter(entries);
    await memberLists.markEntered(entered);
  }

  return {
    /**
     * Adds all missing messages to a user's inbox. Afterwards the inbox head covers every message for the user.
     *
     * @param also - conversations to include even if they are not marked
     */
    async enterAll(userId: UserId, also: readonly Conversation[] = []): Promise<void> {
      await fanOut.settle(userId);
      const onRead = await memberLists.onReadOf(userId);
      if (onRead.length === 0 && also.length === 0) return;
      const ids = new Set(
        [...onRead, ...also.map(({ id }) => ({ conversationId: id }))].map((one) => one.conversationId),
      );
      await enter(userId, [...ids]);
    },

    /** The same for the named conversations, up to a number in each. */
    async enterConversations(userId: UserId, upTo: ReadonlyMap<ConversationId, Seq>): Promise<void> {
      await fanOut.settle(userId);
      const onRead = await memberLists.onReadOf(userId);
      const ids = onRead.map(({ conversationId }) => conversationId).filter((id) => upTo.has(id));
      await enter(userId, ids, upTo);
    },

    /**
     * Adds the rest of an earlier stay for users who are about to rejoin. Later messages follow the end of the last run, so the rest
     * could not be added after that.
     */
    async finishStays(id: ConversationId, userIds: readonly UserId[]): Promise<void> {
      const memberList = await memberLists.get(id);
      if (memberList === null) return;
      const entries: Entry[] = [];
      for (const { userId, joinedSeq, leftSeq } of (await memberLists.membersAmong(memberList, userIds)).values()) {
        if (leftSeq === null || leftSeq <= joinedSeq) continue;
        entries.push({ userId, conversationId: id, joinedSeq, upTo: leftSeq });
      }
      await writer.enter(entries);
    },
  };
}
