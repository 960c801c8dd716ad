import type { QueryResolvers } from '../generated/resolver-types.ts';

export const serverQueries: Pick<QueryResolvers, 'server'> = {
  server: (_parent, _args, { services }) => services.server.info(),
};
