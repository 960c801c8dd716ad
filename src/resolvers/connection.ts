/** A page of a list in the shape of the Relay cursor connections specification. */
export function toConnection<Node>(
  nodes: readonly Node[],
  { hasNextPage, hasPreviousPage }: { hasNextPage: boolean; hasPreviousPage: boolean },
  cursorOf: (node: Node) => string,
) {
  const edges = nodes.map((node) => ({ cursor: cursorOf(node), node }));
  const startCursor = edges[0]?.cursor ?? null;
  const endCursor = edges.at(-1)?.cursor ?? null;
  return { edges, nodes: [...nodes], pageInfo: { hasNextPage, hasPreviousPage, startCursor, endCursor } };
}
