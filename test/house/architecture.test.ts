/** The diagrams of docs/architecture.md show the imports of `src/`: all that there are, and no others. */
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

type Edge = readonly [from: string, to: string];

/** The arrows of a flowchart, by the names of their nodes. */
function edgesIn(flowchart: string): Edge[] {
  const bare = flowchart.replaceAll(/\["[^"]*"\]/g, '');
  return [...bare.matchAll(/^ +(\w+) --> (\w+)$/gm)].map(([, from, to]) => [from as string, to as string]);
}

const nodesIn = (flowchart: string) => new Set(flowchart.match(/\b\w+(?=\[")/g));

/** The nodes that are reachable along arrows. */
function reachable(edges: readonly Edge[], from: string, seen: Set<string> = new Set()): Set<string> {
  for (const [start, to] of edges) {
    if (start !== from || seen.has(to)) continue;
    seen.add(to);
    reachable(edges, to, seen);
  }
  return seen;
}

/**
 * How a diagram differs from the imports.
 *
 * @param imports - from node to node, with the files as an example
 */
function differences(flowchart: string, imports: ReadonlyMap<string, Edge>): string[] {
  const edges = edgesIn(flowchart);
  const nodes = nodesIn(flowchart);
  const used = [...imports.values()];
  return [
    ...[...imports]
      .filter(([, [from, to]]) => !reachable(edges, from).has(to))
      .map(([files, [from, to]]) => `${from} does not lead to ${to}: ${files}`),
    ...edges
      .filter(([from, to]) => !used.some((edge) => edge[0] === from && edge[1] === to))
      .map(([from, to]) => `nothing imports ${to} from ${from}`),
    ...[...new Set(used.flat())].filter((name) => !nodes.has(name)).map((name) => `${name} is missing`),
  ];
}

/** @param nodeOf - a file's node; null leaves the file out */
function importsBetween(nodeOf: (path: string) => string | null): Map<string, Edge> {
  const imports = new Map<string, Edge>();
  for (const path of globSync('src/**/*.ts', { cwd: root.pathname })) {
    const from = nodeOf(path);
    for (const [, name] of read(path).matchAll(/\bfrom '(\.[^']+\.ts)'/g)) {
      const target = posix.join(posix.dirname(path), name as string);
      const to = nodeOf(target);
      if (from !== null && to !== null && from !== to) imports.set(`${path} -> ${target}`, [from, to]);
    }
  }
  return imports;
}

function layerOf(path: string): string {
  const [, folder = '', ...rest] = path.split('/');
  if (folder === 'drivers.ts') return 'choice';
  if (rest.length === 0) return folder.replace('.ts', '');
  if (folder === 'generated') return 'resolvers';
  if (folder === 'stores' || folder === 'pubsub') return rest.length === 1 ? 'ports' : 'drivers';
  return folder;
}

function capabilityOf(path: string): string | null {
  const [, layer, folder = '', file] = path.split('/');
  return layer === 'services' && file !== undefined ? folder : null;
}

/** The ports of stores that a folder of services imports. */
function storesOf(folder: string): string[] {
  const files = globSync(`src/services/${folder}/*.ts`, { cwd: root.pathname }).map(read);
  const imports = files.flatMap((text) => [...text.matchAll(/^import type \{([^}]*)\} from '\.\.\/\.\.\/stores\//gm)]);
  const names = imports.flatMap(([, list]) => list?.match(/\b(\w+Store|MessageLog)\b/g) ?? []);
  return [...new Set(names)].sort();
}

const [layers = '', capabilities = ''] = [
  ...read('docs/architecture.md').matchAll(/```mermaid\n(flowchart[\s\S]*?)```/g),
].map(([, flowchart]) => flowchart as string);

describe('docs/architecture.md', () => {
  it('shows the imports between the folders of src', () => {
    const imports = importsBetween(layerOf);
    expect(imports.size).toBeGreaterThan(200);
    expect(differences(layers, imports)).toEqual([]);
  });

  it('shows the imports between the folders of services', () => {
    const imports = importsBetween(capabilityOf);
    expect(imports.size).toBeGreaterThan(20);
    expect(differences(capabilities, imports)).toEqual([]);
  });

  it('shows every folder of services, with its entry module and its stores', () => {
    const folders = globSync('src/services/*/', { cwd: root.pathname }).map((path) => posix.basename(path));
    expect(folders.length).toBeGreaterThan(5);
    expect([...nodesIn(capabilities)].sort()).toEqual(folders.sort());
    const rows = read('docs/architecture.md').matchAll(/^\| `src\/services\/(\w+)\/` \| \[.+\]\((.+)\) \|(.*)\|$/gm);
    const shown = [...rows].map(([, folder, entry, stores]) => {
      const isOwnEntry = entry?.startsWith(`../src/services/${folder}/`);
      return [folder, { isOwnEntry, stores: [...(stores ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name) }];
    });
    expect(Object.fromEntries(shown)).toEqual(
      Object.fromEntries(folders.map((folder) => [folder, { isOwnEntry: true, stores: storesOf(folder) }])),
    );
  });
});

describe('a diagram', () => {
  const flowchart = 'flowchart TD\n  a["A<br>a --> c"] --> b\n  b["B"] --> c["C"]\n';
  const imports = (...edges: Edge[]) => new Map(edges.map((edge) => [edge.join(' -> '), edge]));

  it('agrees with imports along its arrows', () => {
    expect(differences(flowchart, imports(['a', 'b'], ['b', 'c'], ['a', 'c']))).toEqual([]);
  });

  it.each<[string, Edge[], string]>([
    [
      'an import against its arrows',
      [
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'a'],
      ],
      'c does not lead to a: c -> a',
    ],
    ['an arrow without an import', [['a', 'b']], 'nothing imports c from b'],
    [
      'a folder that it lacks',
      [
        ['a', 'b'],
        ['b', 'c'],
        ['d', 'a'],
      ],
      'd is missing',
    ],
  ])('is reported for %s', (_name, edges, report) => {
    expect(differences(flowchart, imports(...edges))).toContain(report);
  });
});
