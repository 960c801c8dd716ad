import type { MutationResolvers, QueryResolvers, UserResolvers, ViewerResolvers } from '../generated/resolver-types.ts';
import { toConnection } from './connection.ts';
import { requireViewer } from './context.ts';
import { requireUser } from './loaders.ts';

export const userQueries: Pick<QueryResolvers, 'viewer' | 'user' | 'users'> = {
  // Null only without a token: an operation whose token has expired is refused, so that the client renews its session.
  viewer: (_parent, _args, { viewer }) => viewer,
  user: (_parent, { by }, context) => {
    requireViewer(context);
    if (by.id != null) return context.loaders.users.load(by.id);
    if (by.externalId != null) return context.services.accounts.findByExternalId(by.externalId);
    return context.services.accounts.findByUsername(by.username ?? '');
  },
  users: async (_parent, { search, first, after }, context) => {
    const { accounts } = context.services;
    const page = await accounts.search(requireViewer(context), search, first ?? 20, after ?? null);
    const { edges, pageInfo } = toConnection(page.found, page, accounts.searchCursorOf);
    return {
      edges: edges.map(({ cursor, node }) => ({ cursor, node: node.user })),
      nodes: page.found.map(({ user }) => user),
      pageInfo,
    };
  },
};

export const userMutations: Pick<MutationResolvers, 'updateProfile'> = {
  updateProfile: async (_parent, { input }, context) => ({
    user: await context.services.accounts.updateProfile(requireViewer(context), input),
  }),
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
