import type {
  MessageReceivedResolvers,
  MessageStreamEventResolvers,
  StreamHeartbeatResolvers,
  StreamReadyResolvers,
  SubscriptionResolvers,
} from '../generated/resolver-types.ts';
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

export const StreamReady: StreamReadyResolvers = {
  startSeq: ({ seq }) => seq,
};

export const MessageReceived: MessageReceivedResolvers = {
  inboxSeq: ({ seq }) => seq,
};

export const StreamHeartbeat: StreamHeartbeatResolvers = {
  position: ({ seq }) => seq,
};
