import { isActive } from '../domain/conversation.ts';
import type { ConversationResolvers, MutationResolvers, QueryResolvers } from '../generated/resolver-types.ts';
import type { ConversationView } from '../services/conversations/conversation-service.ts';
import type { Services } from '../services/services.ts';
import { toConnection } from './connection.ts';
import { requireViewer } from './context.ts';
import { requireUser } from './loaders.ts';

export const conversationQueries: Pick<QueryResolvers, 'conversation' | 'conversations'> = {
  conversation: (_parent, { id }, context) => {
    requireViewer(context);
    return context.loaders.conversations.load(id);
  },
  conversations: async (_parent, args, context) => {
    const { conversations } = context.services;
    const page = await conversations.page(requireViewer(context), args);
    return toConnection(page.views, page, conversations.cursorOf);
  },
};

export const conversationMutations: Pick<
  MutationResolvers,
  | 'openDirectConversation'
  | 'createGroup'
  | 'addMembers'
  | 'removeMembers'
  | 'leaveGroup'
  | 'setMemberRole'
  | 'updateGroup'
> = {
  openDirectConversation: async (_parent, { input }, context) => ({
    conversation: await context.services.conversations.openDirectView(requireViewer(context), input.userId),
  }),
  createGroup: async (_parent, { input }, context) => {
    const { view, isRepeat } = await context.services.conversations.createGroup(requireViewer(context), input);
    return { conversation: view, deduplicated: isRepeat };
  },
  addMembers: async (_parent, { input }, context) => ({
    conversation: await context.services.conversations.addMembers(requireViewer(context), input),
  }),
  removeMembers: async (_parent, { input }, context) => ({
    conversation: await context.services.conversations.removeMembers(requireViewer(context), input),
  }),
  updateGroup: async (_parent, { input }, context) => ({
    conversation: await context.services.conversations.updateGroup(requireViewer(context), input),
  }),
  leaveGroup: async (_parent, { input }, context) => ({
    conversation: await context.services.conversations.leaveGroup(requireViewer(context), input.conversationId),
  }),
  setMemberRole: async (_parent, { input }, context) => {
    const { conversations } = context.services;
    const conversation = await conversations.setRole(requireViewer(context), input);
    return { conversation, member: await conversations.memberOf(input.conversationId, input.userId) };
  },
};

export const Conversation: ConversationResolvers = {
  id: ({ conversation }) => conversation.id,
  kind: ({ conversation }) => conversation.kind,
  title: ({ title }) => title,
  // The present ones, which may be newer than the last message that a user who has left may see.
  description: ({ conversation, member }) => (isActive(member) ? conversation.description : null),
  avatarUrl: ({ conversation, member }) => (isActive(member) ? conversation.avatarUrl : null),
  createdAt: ({ conversation }) => conversation.createdAt,
  lastActivityAt: (view, _args, { services, budget }) => services.conversations.lastActivityAt(view, budget),
  headSeq: ({ headSeq }) => headSeq,
  unreadCount: (view, _args, { services }) => services.conversations.unreadCount(view),
  memberCount: ({ memberCount }) => memberCount,
  lastMessage: (view, _args, { services, budget }) => services.conversations.lastMessage(view, budget),
  peer: ({ conversation, pair, member }, _args, { loaders }) => {
    if (conversation.kind === 'GROUP') return null;
    return requireUser(loaders, pair.find((userId) => userId !== member.userId) ?? member.userId);
  },
  viewerMember: ({ member }) => (isActive(member) ? member : null),
  members: async (view, args, { services }) => {
    const page = await services.conversations.memberPage(view, args);
    return { ...toConnection(page.members, page, services.conversations.memberCursorOf), totalCount: page.totalCount };
  },
  messages: async ({ conversation }, args, context) => {
    const { history } = context.services.messages;
    const page = await history.page(
      requireViewer(context),
      { ...args, conversationId: conversation.id },
      context.budget,
    );
    return toConnection(page.messages, page, history.cursorOf);
  },
  deliveredSeq: async (view, _args, { services }) => (await ownPositions(view, services)).deliveredSeq,
  readSeq: async (view, _args, { services }) => (await ownPositions(view, services)).readSeq,
};

async function ownPositions({ conversation, member }: ConversationView, services: Services) {
  const [positions] = await services.receipts.positions(conversation.id, [member.userId]);
  return positions ?? { deliveredSeq: 0n, readSeq: 0n };
}
