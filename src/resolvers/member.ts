import type { ConversationId, UserId } from '../domain/ids.ts';
import type { MemberResolvers } from '../generated/resolver-types.ts';
import { requireConversation, requireUser } from './loaders.ts';

/** The parts of a member's id. A hyphen is in no other id, so the whole is unique over all types. */
const memberIdPattern = /^(\d{1,19})-(\d{1,19})$/;

export function memberIdOf(conversationId: ConversationId, userId: UserId): string {
  return `${conversationId}-${userId}`;
}

/** The key of a member's id in the loader of members, or null for another id. */
export function memberKeyOf(id: string): `${ConversationId}-${UserId}` | null {
  return memberIdPattern.test(id) ? (id as `${ConversationId}-${UserId}`) : null;
}

export const Member: MemberResolvers = {
  id: ({ conversationId, userId }) => memberIdOf(conversationId, userId),
  user: ({ userId }, _args, { loaders }) => requireUser(loaders, userId),
  conversation: ({ conversationId }, _args, { loaders }) => requireConversation(loaders, conversationId),
  joinedAt: (member, _args, { loaders }) => loaders.joinedAt.load(member),
  deliveredSeq: async ({ conversationId, userId }, _args, { loaders }) =>
    (await loaders.positions.load({ conversationId, userId })).deliveredSeq,
  readSeq: async ({ conversationId, userId }, _args, { loaders }) =>
    (await loaders.positions.load({ conversationId, userId })).readSeq,
};
