/** Objects by their ids alone. Ids say nothing of their types, so that an id is looked up among every type. */
import { DomainError } from '../domain/errors.ts';
import type { NodeResolvers, QueryResolvers, ResolversTypes } from '../generated/resolver-types.ts';
import { type Context, requireViewer } from './context.ts';
import { nodesMax } from './list-bounds.ts';
import { memberKeyOf } from './member.ts';

type FoundNode = Awaited<ResolversTypes['Node']>;

export const nodeQueries: Pick<QueryResolvers, 'node' | 'nodes'> = {
  node: (_parent, { id }, context) => {
    requireViewer(context);
    return findNode(context, id);
  },
  nodes: (_parent, { ids }, context) => {
    requireViewer(context);
    if (ids.length > nodesMax) throw new DomainError('BAD_USER_INPUT', `At most ${nodesMax} ids per call.`);
    // Each is a promise of its own, so that one that fails leaves the others alone. The generated types know no promise of null.
    return ids.map((id) => findNode(context, id) as Promise<FoundNode>);
  },
};

async function findNode(context: Context, id: string): Promise<FoundNode | null> {
  const { loaders } = context;
  const memberKey = memberKeyOf(id);
  if (memberKey !== null) return loaders.members.load(memberKey);
  // The directory first: what it holds can be found while the message store is unavailable.
  const [user, conversation, device] = await Promise.all([
    loaders.users.load(id),
    loaders.conversations.load(id),
    context.services.accounts.findDevice(requireViewer(context), id),
  ]);
  return user ?? conversation ?? device ?? loaders.messages.load(id);
}

export const Node: NodeResolvers = {
  __resolveType: (node) => {
    if ('username' in node) return 'User';
    if ('conversation' in node) return 'Conversation';
    if ('joinedSeq' in node) return 'Member';
    return 'sessionId' in node ? 'Device' : 'Message';
  },
};
