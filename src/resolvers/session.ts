import type { MutationResolvers } from '../generated/resolver-types.ts';
import { requireViewer } from './context.ts';

export const sessionMutations: Pick<MutationResolvers, 'register' | 'logIn' | 'refreshSession' | 'logOut'> = {
  register: (_parent, { input }, { services, address }) => services.accounts.register(input, { address }),
  logIn: (_parent, { input }, { services, address }) => services.accounts.logIn(input, { address }),
  refreshSession: (_parent, { input }, { services, address }) => services.accounts.refreshSession(input, { address }),
  logOut: async (_parent, _args, context) => {
    const viewer = requireViewer(context);
    await context.services.accounts.logOut(viewer);
    await context.services.presence.release(viewer);
    return true;
  },
};
