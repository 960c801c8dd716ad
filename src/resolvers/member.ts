import type { MemberResolvers } from '../generated/resolver-types.ts';
import { requireUser } from './loaders.ts';

export const Member: MemberResolvers = {
  user: ({ userId }, _args, { loaders }) => requireUser(loaders, userId),
  deliveredSeq: async ({ conversationId, userId }, _args, { services }) =>
    (await services.receipts.positions(conversationId, [userId]))[0]?.deliveredSeq ?? 0n,
  readSeq: async ({ conversationId, userId }, _args, { services }) =>
    (await services.receipts.positions(conversationId, [userId]))[0]?.readSeq ?? 0n,
};
