/** Single members of a conversation, and when they joined. */
import type { ByteBudget } from '../../domain/byte-budget.ts';
import { isActive, type Member } from '../../domain/conversation.ts';
import { type ConversationId, isId, type Millis, type UserId } from '../../domain/ids.ts';
import type { Viewer } from '../../domain/user.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { MemberLists } from '../members/member-lists.ts';

export function createMemberViews({ memberLists, log }: { memberLists: MemberLists; log: ConversationLog }) {
  return {
    /**
     * A current or former member.
     *
     * @throws DomainError `NOT_FOUND`: the user was never a member
     */
    async memberOf(conversationId: ConversationId, userId: UserId): Promise<Member> {
      return (await memberLists.require(conversationId, userId)).member;
    },

    /** A current member of a conversation of the viewer's, or null. */
    async findMember(viewer: Viewer, conversationId: ConversationId, userId: UserId): Promise<Member | null> {
      if (!isId(conversationId) || !isId(userId)) return null;
      const keys = [viewer.userId, userId].map((one) => ({ conversationId, userId: one }));
      const [own, member] = await memberLists.latestStays(keys);
      return isActive(own) && member !== undefined && isActive(member) ? member : null;
    },

    /** When members joined: the time of the message that announces it, or that of the conversation's creation. */
    async joinedAt(members: readonly Member[], budget?: ByteBudget): Promise<Millis[]> {
      const states = await memberLists.states(members.map(({ conversationId }) => conversationId));
      const inGroups = members.flatMap(({ joinedSeq }, index) => {
        const conversation = states[index]?.conversation;
        if (conversation?.kind !== 'GROUP') return [];
        return [{ index, conversation, fromSeq: joinedSeq + 1n, toSeq: joinedSeq + 1n }];
      });
      const announced = await log.listMany(inGroups, budget);
      const times = states.map((state) => state?.conversation.createdAt ?? 0);
      inGroups.forEach(({ index }, order) => {
        times[index] = announced[order]?.[0]?.sentAt ?? (times[index] as Millis);
      });
      return times;
    },
  };
}
