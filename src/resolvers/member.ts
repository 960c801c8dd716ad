import type { MemberResolvers } from '../generated/resolver-types.ts';
import { requireUser } from './loaders.ts';

export const Member: MemberResolvers = {
  user: ({ userId }, _args, { loaders }) => requireUser(loaders, userId),
  deliveredSeq: async ({ conversationId, userId }, _args, { loaders }) =>
    (await loaders.positions.load({ conversationId, userId })).deliveredSeq,
  readSeq: async ({ conversationId, userId }, _args, { loaders }) =>
    (await loaders.positions.load({ conversationId, userId })).readSeq,
};
