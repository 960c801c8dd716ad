/**
 * The viewer's conversations as one list in Apollo Client's cache, most recent activity first.
 *
 * `conversations` has the pages that were loaded, and `opened` the conversations that events brought, whether a page was loaded by then
 * or not. A read of `conversations` joins them. Select `edges { cursor node { id lastActivityAt viewerMember { id } … } }`.
 */
import type { FieldPolicy, Reference } from '@apollo/client';

interface Edge {
  readonly __typename?: string;
  readonly cursor: string;
  readonly node: Reference;
}

interface Page {
  /** Missing in a selection of `nodes`, which is stored as it comes. */
  readonly edges?: readonly Edge[];
  readonly nodes?: readonly Reference[] | undefined;
  readonly pageInfo?: object;
}

export const conversations: FieldPolicy<Page | null> = {
  keyArgs: false,
  merge(known, incoming, { args }) {
    // A field that failed is null, and the list stays.
    if (incoming === null) return known ?? incoming;
    if (incoming.edges === undefined) return { ...incoming, ...known, nodes: incoming.nodes };
    const edges = unique([...(known?.edges ?? []), ...incoming.edges]);
    // The first page again does not say how far the list has been read.
    const pageInfo = args?.after == null ? (known?.pageInfo ?? incoming.pageInfo) : incoming.pageInfo;
    return { ...known, ...incoming, edges, ...(pageInfo === undefined ? {} : { pageInfo }) };
  },
  read(page, { readField }) {
    if (page?.edges === undefined) return page;
    const brought = readField<readonly Reference[]>({ fieldName: 'opened', from: { __ref: 'ROOT_QUERY' } }) ?? [];
    const edges = unique([...page.edges, ...brought.map(toEdge)])
      // The viewer has left it.
      .filter(({ node }) => readField('viewerMember', node) !== null)
      .map((edge) => ({ edge, activeAt: readField<string>('lastActivityAt', edge.node) ?? '' }))
      .sort((a, b) => (a.activeAt < b.activeAt ? 1 : a.activeAt > b.activeAt ? -1 : 0))
      .map(({ edge }) => edge);
    return { ...page, edges };
  },
};

/** Written with one conversation at a time. */
export const opened: FieldPolicy<readonly Reference[]> = {
  merge: (known = [], [conversation]) =>
    conversation === undefined || known.some(({ __ref }) => __ref === conversation.__ref)
      ? known
      : [...known, conversation],
};

const toEdge = (node: Reference): Edge => ({ __typename: 'ConversationEdge', cursor: '', node });

function unique(edges: readonly Edge[]): readonly Edge[] {
  const byNode = new Map<string, Edge>();
  for (const edge of edges) if (!byNode.has(edge.node.__ref)) byNode.set(edge.node.__ref, edge);
  return [...byNode.values()];
}
