import type { InboxEntryResolvers, QueryResolvers, TruncatedBacklogResolvers } from '../generated/resolver-types.ts';
import { requireViewer } from './context.ts';
import { requireConversation } from './loaders.ts';

export const inboxQueries: Pick<QueryResolvers, 'offlineMessages'> = {
  offlineMessages: (_parent, { afterSeq, first }, context) =>
    context.services.inbox.page(requireViewer(context).userId, afterSeq, first ?? 100, context.budget),
};

export const InboxEntry: InboxEntryResolvers = {
  inboxSeq: ({ seq }) => seq,
};

export const TruncatedBacklog: TruncatedBacklogResolvers = {
  inboxSeq: ({ seq }) => seq,
  conversation: ({ conversationId }, _args, { loaders }) => requireConversation(loaders, conversationId),
};
