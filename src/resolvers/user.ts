import type { QueryResolvers } from '../generated/resolver-types.ts';
import { requireViewer } from './context.ts';

export const userQueries: Pick<QueryResolvers, 'viewer' | 'user'> = {
  viewer: (_parent, _args, context) => context.services.accounts.findUser({ id: requireViewer(context).userId }),
  user: (_parent, args, context) => {
    requireViewer(context);
    return context.services.accounts.findUser(args);
  },
};
