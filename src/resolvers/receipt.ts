import type { MutationResolvers, SubscriptionResolvers } from '../generated/resolver-types.ts';
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
