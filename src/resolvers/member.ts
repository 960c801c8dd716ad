import { DomainError } from '../domain/errors.ts';
import type { MemberResolvers } from '../generated/resolver-types.ts';

export const Member: MemberResolvers = {
  user: async ({ userId }, _args, { loaders }) => {
    const user = await loaders.users.load(userId);
    if (user === null) throw new DomainError('NOT_FOUND', 'User no longer exists.');
    return user;
  },
  deliveredSeq: async ({ conversationId, userId }, _args, { services }) =>
    (await services.receipts.positions(conversationId, [userId]))[0]?.deliveredSeq ?? 0n,
  readSeq: async ({ conversationId, userId }, _args, { services }) =>
    (await services.receipts.positions(conversationId, [userId]))[0]?.readSeq ?? 0n,
};
