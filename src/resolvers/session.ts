import type { MutationResolvers } from '../generated/resolver-types.ts';
import { requireViewer } from './context.ts';

export const sessionMutations: Pick<MutationResolvers, 'register' | 'logIn' | 'refreshSession' | 'logOut'> = {
  register: async (_parent, { input }, { services, client }) => ({
    session: await services.accounts.register(input, client),
  }),
  logIn: async (_parent, { input }, { services, client }) => ({
    session: await services.accounts.logIn(input, client),
  }),
  refreshSession: async (_parent, { input }, { services, client }) => ({
    session: await services.accounts.refreshSession(input, client),
  }),
  logOut: async (_parent, _args, context) => {
    const viewer = requireViewer(context);
    await context.services.accounts.logOut(viewer);
    await context.services.presence.release(viewer);
    return { deviceId: viewer.deviceId };
  },
};
