import type {
  MessageStatusChangeResolvers,
  MutationResolvers,
  ReceiptChangeResolvers,
  SubscriptionResolvers,
} from '../generated/resolver-types.ts';
import { requireViewer } from './context.ts';
import { asSubscription } from './event-source.ts';
import { requireConversation } from './loaders.ts';

export const receiptMutations: Pick<MutationResolvers, 'ackMessages'> = {
  ackMessages: async (_parent, { input }, context) => {
    const { conversationIds, ackedSeq } = await context.services.receipts.ack(
      requireViewer(context),
      input,
      context.budget,
    );
    return {
      conversations: await Promise.all(conversationIds.map((id) => requireConversation(context.loaders, id))),
      ackedSeq,
    };
  },
};

export const receiptSubscriptions: Pick<SubscriptionResolvers, 'receiptChanged' | 'messageStatusChanged'> = {
  receiptChanged: {
    subscribe: (_parent, { conversationId }, context) =>
      asSubscription('receiptChanged', context.services.receipts.watch(requireViewer(context), conversationId ?? null)),
  },
  messageStatusChanged: {
    subscribe: (_parent, _args, context) =>
      asSubscription('messageStatusChanged', context.services.receipts.watchStatuses(requireViewer(context))),
  },
};

export const ReceiptChange: ReceiptChangeResolvers = {
  conversation: ({ conversationId }, _args, { loaders }) => requireConversation(loaders, conversationId),
  // Not as the viewer sees the members: after leaving, they still get their own positions.
  member: ({ conversationId, userId }, _args, { services }) => services.conversations.memberOf(conversationId, userId),
};

export const MessageStatusChange: MessageStatusChangeResolvers = {
  message: ({ messageId }, _args, { loaders }) => loaders.messages.load(messageId),
  conversation: ({ conversationId }, _args, { loaders }) => requireConversation(loaders, conversationId),
};
