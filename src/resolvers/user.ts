import type { QueryResolvers, UserResolvers, ViewerResolvers } from '../generated/resolver-types.ts';
import { requireViewer } from './context.ts';
import { requireUser } from './loaders.ts';

export const userQueries: Pick<QueryResolvers, 'viewer' | 'user'> = {
  // Null only without a token: an operation whose token has expired is refused, so that the client renews its session.
  viewer: (_parent, _args, { viewer }) => viewer,
  user: (_parent, { by }, context) => {
    requireViewer(context);
    if (by.id != null) return context.loaders.users.load(by.id);
    return context.services.accounts.findByUsername(by.username ?? '');
  },
};

export const User: UserResolvers = {
  presence: ({ id }, _args, { loaders }) => loaders.presence.load(id),
};

export const Viewer: ViewerResolvers = {
  user: ({ userId }, _args, { loaders }) => requireUser(loaders, userId),
  inboxHeadSeq: ({ userId }, _args, { services }) => services.inbox.headAfterSync(userId),
  unreadCount: async (_viewer, _args, { loaders }) => (await loaders.unreadTotals()).messages,
  unreadConversationCount: async (_viewer, _args, { loaders }) => (await loaders.unreadTotals()).conversations,
  devices: (viewer, _args, { services }) => services.accounts.listDevices(viewer),
};
