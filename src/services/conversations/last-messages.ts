/** The last message of a conversation that its viewer can see. */
import type { ByteBudget } from '../../domain/byte-budget.ts';
import { isActive } from '../../domain/conversation.ts';
import type { Millis } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { ConversationView } from './conversation-view.ts';

export function createLastMessages({ log }: { log: ConversationLog }) {
  return {
    /** The time of the last message that the viewer can see, or of the conversation's creation. */
    async lastActivityAt(view: ConversationView, budget?: ByteBudget): Promise<Millis> {
      if (isActive(view.member)) return view.activeAt;
      return (await this.lastMessage(view, budget))?.sentAt ?? view.conversation.createdAt;
    },

    async lastMessage(
      { conversation, member, headSeq }: ConversationView,
      budget?: ByteBudget,
    ): Promise<Message | null> {
      if (headSeq <= member.joinedSeq) return null;
      const [message] = await log.list(conversation, { fromSeq: headSeq, toSeq: headSeq, limit: 1 }, budget);
      return message ?? null;
    },
  };
}
