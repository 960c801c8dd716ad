/** Fan-out on read: adds the messages of large groups to a member's inbox when the member syncs. */

import type { Conversation } from '../../domain/conversation.ts';
import { isActive, visibleHead } from '../../domain/conversation.ts';
import type { ConversationId, Seq, UserId } from '../../domain/ids.ts';
import { minSeq } from '../../domain/ids.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { MemberList, MemberLists } from '../members/member-lists.ts';
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

  /** The conversations that are fanned out on read for a user: large groups, and groups that were large when the user left. */
  async function largeLists(userId: UserId): Promise<MemberList[]> {
    const ids = await memberLists.conversationIdsOf(userId);
    const found: MemberList[] = [];
    for (const id of ids) {
      const cached = memberLists.get(id);
      const memberList = cached instanceof Promise ? await cached : cached;
      const member = memberList?.members.get(userId);
      if (memberList != null && member !== undefined && (!isActive(member) || memberList.isLarge))
        found.push(memberList);
    }
    return found;
  }

  /** @returns the postponed conversations, which the user is just leaving */
  async function enter(
    userId: UserId,
    wanted: readonly Conversation[],
    upTo?: ReadonlyMap<ConversationId, Seq>,
  ): Promise<ReadonlySet<ConversationId>> {
    const putOff = new Set<ConversationId>();
    if (wanted.length === 0) return putOff;
    const heads = await log.heads(wanted);
    const entries: Entry[] = [];
    for (const [index, { id }] of wanted.entries()) {
      if (memberLists.isLeaving(id, userId)) {
        putOff.add(id);
        continue;
      }
      // Read after the head, so that a member who leaves from now on leaves after that head.
      const cached = memberLists.get(id);
      const member = (cached instanceof Promise ? await cached : cached)?.members.get(userId);
      if (member === undefined) continue;
      const visible = visibleHead(member, heads[index]?.seq ?? 0n);
      const end = minSeq(visible, upTo?.get(id) ?? visible);
      if (end > member.joinedSeq) entries.push({ userId, conversationId: id, joinedSeq: member.joinedSeq, upTo: end });
    }
    await writer.enter(entries);
    return putOff;
  }

  return {
    largeLists,

    /**
     * Adds all missing messages to a user's inbox. Afterwards the inbox head covers every message for the user.
     *
     * @param also - conversations to include even if they are fanned out on write by now
     * @returns the postponed conversations: the user is leaving them, and the last number that the user may see is not settled yet
     */
    async enterAll(userId: UserId, also: readonly Conversation[] = []): Promise<ReadonlySet<ConversationId>> {
      await fanOut.settle(await memberLists.conversationIdsOf(userId));
      const onRead = (await largeLists(userId)).map(({ conversation }) => conversation);
      const missing = also.filter(({ id }) => !onRead.some((conversation) => conversation.id === id));
      return enter(userId, [...onRead, ...missing]);
    },

    /**
     * Adds the rest of an earlier stay for users who are about to rejoin. The member row keeps only the latest stay. Without this,
     * messages that a member of a large group had not pulled before their removal would become unreachable once they rejoin.
     */
    async finishStays(id: ConversationId, userIds: readonly UserId[]): Promise<void> {
      const memberList = await memberLists.get(id);
      const entries: Entry[] = [];
      for (const userId of userIds) {
        const member = memberList?.members.get(userId);
        if (member === undefined || member.leftSeq === null || member.leftSeq <= member.joinedSeq) continue;
        entries.push({ userId, conversationId: id, joinedSeq: member.joinedSeq, upTo: member.leftSeq });
      }
      await writer.enter(entries);
    },

    /** The same for the named conversations, up to a number in each. */
    async enterConversations(userId: UserId, upTo: ReadonlyMap<ConversationId, Seq>): Promise<void> {
      await fanOut.settle([...upTo.keys()]);
      const onRead = (await largeLists(userId)).map(({ conversation }) => conversation);
      await enter(
        userId,
        onRead.filter(({ id }) => upTo.has(id)),
        upTo,
      );
    },
  };
}
