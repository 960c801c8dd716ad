import { DomainError } from '../domain/errors.ts';
import type { DeviceResolvers, MutationResolvers, SessionResolvers } from '../generated/resolver-types.ts';
import { requireViewer } from './context.ts';

export const sessionMutations: Pick<
  MutationResolvers,
  'register' | 'logIn' | 'refreshSession' | 'logOut' | 'changePassword' | 'revokeDevice'
> = {
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
  changePassword: async (_parent, { input }, context) => {
    const viewer = requireViewer(context);
    await context.services.accounts.changePassword(viewer, input, context.client);
    return { viewer };
  },
  revokeDevice: async (_parent, { input }, context) => {
    const viewer = requireViewer(context);
    await context.services.accounts.revokeDevice(viewer, input.deviceId);
    return { viewer };
  },
};

export const Session: SessionResolvers = {
  device: async ({ deviceId, user }, _args, { services }) => {
    const device = await services.accounts.findDevice({ userId: user.id }, deviceId);
    if (device === null) throw new DomainError('NOT_FOUND', 'Device is signed out.');
    return { ...device, isCurrent: true };
  },
};

export const Device: DeviceResolvers = {
  isCurrent: ({ id, isCurrent }, _args, { viewer }) => isCurrent ?? id === viewer?.deviceId,
};
