/**
 * The messages of a conversation as one list in Apollo Client's cache, in the order of their numbers.
 *
 * Three fields of `Query` hold its parts, so that no answer can replace more than its own part: `history` has the pages that were
 * loaded, `arrived` the messages that the stream brought, whether a page was loaded by then or not, and `outbox` the messages that are
 * not sent yet. A read of `history` joins them. The list has no holes: after a missing number it ends, and `hasNextPage` is true.
 */
import type { FieldFunctionOptions, FieldPolicy, Reference } from '@apollo/client';

/** Messages that are kept for a late page. Older ones are then loaded as pages. */
const arrivedMax = 1_000;

interface Edge {
  readonly __typename?: string;
  readonly cursor: string;
  readonly node: Reference;
}

interface PageInfo {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | null;
  readonly endCursor: string | null;
}

interface Page {
  readonly edges: readonly Edge[];
  readonly pageInfo: PageInfo;
}

/** A selection of `nodes`, or without `pageInfo`, is stored as it comes. */
type Stored = Partial<Page> & { readonly nodes?: readonly Reference[] | undefined };

const isPage = (stored: Stored | null | undefined): stored is Page =>
  stored?.edges !== undefined && stored.pageInfo !== undefined;

type Options = Pick<FieldFunctionOptions, 'args' | 'readField'>;

/** Select `edges { cursor node { seq … } }` and all of `pageInfo`. */
export const history: FieldPolicy<Stored | null> = {
  keyArgs: ['conversationId', 'range'],
  merge(known, incoming, options) {
    // A field that failed is null, and the list stays.
    if (incoming === null) return known ?? incoming;
    if (isPage(incoming)) return isPage(known) ? join(known, incoming, options) : { ...known, ...incoming };
    return { ...incoming, ...known, nodes: incoming.nodes };
  },
  read: (stored, options) => (isPage(stored) ? withOutbox(withArrived(stored, options), options) : stored),
};

/** Written with one message at a time. */
export const arrived: FieldPolicy<readonly Reference[]> = {
  merge: (known = [], [message]) =>
    message === undefined || isIn(known, message) ? known : [...known, message].slice(-arrivedMax),
};

/** Written with one message at a time. A message that has a number leaves at the next write; until then it may be shown from here. */
export const outbox: FieldPolicy<readonly Reference[]> = {
  merge: (known = [], [message], { readField }) => {
    const unsent = known.filter((row) => readField('seq', row) == null && row.__ref !== message?.__ref);
    return message === undefined ? unsent : [...unsent, message];
  },
};

/** Joins a page with the list that it continues or overlaps. A newest page that does neither becomes the list, since a hole lies between. */
function join(known: Page, incoming: Page, options: Options): Page {
  const { args } = options;
  const shown = withArrived(known, options);
  // `last` with `after` asks for the newest messages, which need not follow the cursor.
  const cursor: unknown = args?.last == null ? args?.after : args?.before;
  const isContinued = cursor != null && shown.edges.some((edge) => edge.cursor === cursor);
  if (!isContinued && !touches(shown.edges, incoming.edges, options)) return cursor == null ? incoming : known;

  const edges = inOrder([...incoming.edges, ...shown.edges], options);
  const [first, last] = [incoming.edges[0]?.node.__ref, incoming.edges.at(-1)?.node.__ref];
  // An empty page says only that its side has no more.
  const isStart = first === undefined ? args?.before != null : edges[0]?.node.__ref === first;
  const isEnd = last === undefined ? args?.after != null : edges.at(-1)?.node.__ref === last;
  const start = isStart ? incoming.pageInfo : known.pageInfo;
  const end = isEnd ? incoming.pageInfo : known.pageInfo;
  return {
    ...incoming,
    edges,
    pageInfo: {
      ...incoming.pageInfo,
      hasPreviousPage: start.hasPreviousPage,
      startCursor: start.startCursor ?? known.pageInfo.startCursor,
      hasNextPage: end.hasNextPage,
      endCursor: end.endCursor ?? known.pageInfo.endCursor,
    },
  };
}

/** Adds the messages that arrived, as far as they continue the list. */
function withArrived(page: Page, options: Options): Page {
  const { args, readField } = options;
  // A list of a time range does not grow.
  if (args?.range != null) return page;
  const arrivals = readField<readonly Reference[]>(listOf('arrived', args)) ?? [];
  const last = page.edges.at(-1);
  const lastSeq = last === undefined ? 0n : seqOf(last, options);
  const newer = inOrder(
    arrivals.map(toEdge).filter((edge) => seqOf(edge, options) > lastSeq),
    options,
  );
  // An empty list that has no next page may begin with any number, because members do not see what came before them.
  const isFromStart = last === undefined && !page.pageInfo.hasNextPage;
  const start = isFromStart && newer[0] !== undefined ? seqOf(newer[0], options) : lastSeq + 1n;
  const gap = newer.findIndex((edge, index) => seqOf(edge, options) !== start + BigInt(index));
  const following = gap === -1 ? newer : newer.slice(0, gap);
  const pageInfo = gap === -1 ? page.pageInfo : { ...page.pageInfo, hasNextPage: true };
  return { ...page, edges: [...page.edges, ...following], pageInfo };
}

function withOutbox(page: Page, { args, readField }: Options): Page {
  if (args?.range != null) return page;
  const shown = page.edges.map(({ node }) => node);
  const unsent = (readField<readonly Reference[]>(listOf('outbox', args)) ?? []).filter(
    // A message that the user has discarded is not in the cache any more.
    (row) => !isIn(shown, row) && readField('clientMessageId', row) !== undefined,
  );
  return { ...page, edges: [...page.edges, ...unsent.map(toEdge)] };
}

const isIn = (messages: readonly Reference[], { __ref }: Reference) => messages.some((other) => other.__ref === __ref);
const listOf = (fieldName: string, args: Options['args']) => ({
  fieldName,
  args: { conversationId: args?.conversationId },
  from: { __ref: 'ROOT_QUERY' },
});
const toEdge = (node: Reference): Edge => ({ __typename: 'MessageEdge', cursor: '', node });
const seqOf = ({ node }: Edge, { readField }: Options) => BigInt(readField<string>('seq', node) ?? 0);

/** By number, each message once. Of two edges of a message, the first stays. */
function inOrder(edges: readonly Edge[], options: Options): readonly Edge[] {
  const unique = new Map<string, Edge>();
  for (const edge of edges) if (!unique.has(edge.node.__ref)) unique.set(edge.node.__ref, edge);
  return [...unique.values()].sort((a, b) => Number(seqOf(a, options) - seqOf(b, options)));
}

/** Whether the numbers of two pages overlap or follow each other. */
function touches(known: readonly Edge[], incoming: readonly Edge[], options: Options): boolean {
  const [a, b, c, d] = [known[0], known.at(-1), incoming[0], incoming.at(-1)];
  if (a === undefined || b === undefined || c === undefined || d === undefined) return false;
  return seqOf(c, options) <= seqOf(b, options) + 1n && seqOf(d, options) >= seqOf(a, options) - 1n;
}
