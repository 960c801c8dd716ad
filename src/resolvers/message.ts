import type { ByteBudget } from '../domain/byte-budget.ts';
import { clientMessageIdOf } from '../domain/entry-key.ts';
import type { User } from '../domain/user.ts';
import type {
  AttachmentResolvers,
  MessageResolvers,
  MutationResolvers,
  QueryResolvers,
  SystemEventResolvers,
} from '../generated/resolver-types.ts';
import { toConnection } from './connection.ts';
import { requireViewer } from './context.ts';
import { shownUsersMax } from './list-bounds.ts';
import { requireConversation } from './loaders.ts';

export const messageQueries: Pick<QueryResolvers, 'message' | 'history'> = {
  message: (_parent, { id }, context) => {
    requireViewer(context);
    return context.loaders.messages.load(id);
  },
  history: async (_parent, args, context) => {
    const { history } = context.services.messages;
    const page = await history.page(requireViewer(context), args, context.budget);
    return toConnection(page.messages, page, history.cursorOf);
  },
};

export const messageMutations: Pick<MutationResolvers, 'sendMessage'> = {
  sendMessage: async (_parent, { input }, context) => {
    const { message, resend } = await context.services.messages.send(requireViewer(context), input);
    // In a busy group, others may have read it before its sender is answered. The sender learns that from a status change.
    return { sentMessage: resend ? message : { ...message, answeredStatus: 'SENT' }, deduplicated: resend };
  },
};

export const Message: MessageResolvers = {
  conversation: ({ conversationId }, _args, { loaders }) => requireConversation(loaders, conversationId),
  sender: ({ senderId }, _args, { loaders }) => loaders.users.load(senderId),
  clientMessageId: clientMessageIdOf,
  systemEvent: ({ body }) => body.systemEvent ?? null,
  text: ({ body }, _args, { budget }) => counted(body.text, budget),
  data: ({ body }, _args, { budget }) => counted(body.data ?? null, budget),
  attachments: ({ body }) => [...(body.attachments ?? [])],
  replyTo: ({ body }, _args, { loaders }) =>
    body.replyToId === undefined ? null : loaders.messages.load(body.replyToId),
  status: (message, _args, { loaders }) =>
    message.answeredStatus ?? loaders.progress.load(message).then(({ status }) => status),
  deliveredCount: async (message, _args, { loaders }) => (await loaders.progress.load(message)).deliveredCount,
  readCount: async (message, _args, { loaders }) => (await loaders.progress.load(message)).readCount,
};

export const Attachment: AttachmentResolvers = {
  byteSize: ({ bytes }) => (bytes == null ? null : BigInt(bytes)),
  url: ({ url }, _args, { budget }) => counted(url, budget),
  contentType: ({ contentType }, _args, { budget }) => counted(contentType, budget),
  name: ({ name }, _args, { budget }) => counted(name ?? null, budget),
};

/** Counts a value that a user wrote, as it will stand in the answer. Every alias of its field writes it again. */
function counted<T>(value: T, budget: ByteBudget): T {
  budget.take(Buffer.byteLength(JSON.stringify(value)));
  return value;
}

export const SystemEvent: SystemEventResolvers = {
  users: async ({ userIds }, _args, { loaders }) => {
    const users = await loaders.users.loadMany(userIds.slice(0, shownUsersMax));
    return users.filter((user): user is User => user !== null && !(user instanceof Error));
  },
  userCount: ({ userIds }) => userIds.length,
  title: ({ title }) => title ?? null,
  role: ({ role }) => role ?? null,
};
