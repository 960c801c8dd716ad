import type {
  MutationResolvers,
  PresenceResolvers,
  QueryResolvers,
  SubscriptionResolvers,
} from '../generated/resolver-types.ts';
import { requireViewer } from './context.ts';
import { asSubscription } from './event-source.ts';
import { requireUser } from './loaders.ts';

export const presenceQueries: Pick<QueryResolvers, 'presence'> = {
  presence: (_parent, { userIds }, context) => context.services.presence.get(requireViewer(context), userIds),
};

export const presenceMutations: Pick<MutationResolvers, 'heartbeat'> = {
  heartbeat: async (_parent, { input }, context) => {
    const viewer = requireViewer(context);
    const { presence, inbox, server } = context.services;
    const [onlineUntil, headSeq] = await Promise.all([presence.beat(viewer), inbox.headAfterSync(viewer.userId)]);
    const position = input?.position ?? null;
    return { onlineUntil, headSeq, hasMissed: position === null ? null : headSeq > position, serverTime: server.now() };
  },
};

export const presenceSubscriptions: Pick<SubscriptionResolvers, 'presenceChanged'> = {
  presenceChanged: {
    subscribe: (_parent, { userIds }, context) =>
      asSubscription('presenceChanged', context.services.presence.watch(requireViewer(context), userIds ?? null)),
  },
};

export const Presence: PresenceResolvers = {
  user: ({ userId }, _args, { loaders }) => requireUser(loaders, userId),
};
