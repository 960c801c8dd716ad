import type { MessageStreamEventResolvers, SubscriptionResolvers } from '../generated/resolver-types.ts';
import { requireViewer } from './context.ts';
import { asSubscription } from './event-source.ts';

export const streamSubscriptions: Pick<SubscriptionResolvers, 'messageReceived'> = {
  messageReceived: {
    subscribe: (_parent, { afterSeq }, context) =>
      asSubscription('messageReceived', context.services.streams.open(requireViewer(context), afterSeq ?? null)),
  },
};

export const MessageStreamEvent: MessageStreamEventResolvers = {
  __resolveType: ({ type }) => type,
};
