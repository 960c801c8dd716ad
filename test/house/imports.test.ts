import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Source text by its path from the project's root, such as `src/domain/ids.ts`. */
type Sources = ReadonlyMap<string, string>;

/**
 * The allowed imports of each layer besides itself: `server -> resolvers -> services -> ports <- drivers`, and every layer may import
 * the domain. Drivers do not import one another; drivers on SQLite files share `stores/sqlite-file/`. A layer that is not listed, such
 * as a new folder of `src/`, may not import anything until it is.
 */
const arrow: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  config: ['domain'],
  ports: ['domain'],
  drivers: ['sqlite file', 'ports', 'domain'],
  'sqlite file': ['domain'],
  services: ['ports', 'domain'],
  generated: ['resolvers', 'domain'],
  resolvers: ['generated', 'services', 'ports', 'domain'],
  'server ports': ['resolvers', 'ports', 'domain', 'server'],
  server: ['server ports', 'resolvers', 'ports', 'domain'],
  observability: ['server ports', 'ports', 'domain'],
  'src/compose.ts': [
    'server',
    'server ports',
    'resolvers',
    'services',
    'src/drivers.ts',
    'ports',
    'observability',
    'config',
    'domain',
  ],
  'src/drivers.ts': ['drivers', 'sqlite file', 'ports', 'config', 'domain'],
  'src/cli.ts': ['src/drivers.ts', 'services', 'config', 'domain'],
  'src/main.ts': ['src/compose.ts', 'config', 'observability', 'domain'],
};

/**
 * Each folder of src/services has one entry module, the only file of it that other folders may import, and its place in
 * `accounts, presence | messages → conversations → receipts, stream → inbox → log, members`. A folder that is not listed may not
 * be imported until it is.
 */
const serviceFolders: Readonly<Record<string, { readonly entry: string; readonly below: readonly string[] }>> = {
  log: { entry: 'conversation-log.ts', below: [] },
  members: { entry: 'member-lists.ts', below: [] },
  inbox: { entry: 'inbox-service.ts', below: ['log', 'members'] },
  receipts: { entry: 'receipt-service.ts', below: ['inbox', 'log', 'members'] },
  stream: { entry: 'stream-service.ts', below: ['inbox', 'log', 'members'] },
  conversations: { entry: 'conversation-service.ts', below: ['receipts', 'stream', 'inbox', 'log', 'members'] },
  messages: {
    entry: 'message-service.ts',
    below: ['conversations', 'receipts', 'stream', 'inbox', 'log', 'members'],
  },
  presence: { entry: 'presence-service.ts', below: [] },
  accounts: { entry: 'account-service.ts', below: [] },
};

/** Packages that only some layers know of: services know neither GraphQL nor a store. */
const packageLayers: readonly (readonly [name: RegExp, layers: readonly string[]])[] = [
  [/^(graphql|@graphql-tools|dataloader)/, ['resolvers', 'generated', 'server']],
  [/^(fastify|@fastify|@apollo|negotiator|ws$|graphql-ws|node:(http|net)$)/, ['server']],
  [/^(knex|mysql2|mongoose|mongodb|ioredis|node:sqlite|node:worker_threads)/, ['drivers', 'sqlite file']],
  [/^(pino|@prometheus-io|@opentelemetry)/, ['observability']],
  [/^valibot$/, ['config']],
];

function layerOf(path: string): string {
  const [, folder = '', ...rest] = path.split('/');
  if (rest.length === 0) return path;
  if (folder === 'stores' && rest[0] === 'sqlite-file') return 'sqlite file';
  if (folder === 'stores' || folder === 'pubsub') return rest.length === 1 ? 'ports' : 'drivers';
  return path === 'src/server/ports.ts' ? 'server ports' : folder;
}

/** The imports of a file, including types, and the files that it starts as threads. */
function importsOf(source: string): string[] {
  const statement = /^\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*'([^']+)'/gm;
  const call = /\bimport\(\s*['"`]([^'"`]+)['"`]/g;
  const url = /\bnew URL\(\s*'(\.{1,2}\/[^']+\.ts)'/g;
  return [statement, call, url].flatMap((pattern) => [...source.matchAll(pattern)].map(([, name]) => name as string));
}

function wrongImports(sources: Sources): string[] {
  const wrong: string[] = [];
  for (const [path, source] of sources) {
    const layer = layerOf(path);
    for (const name of importsOf(source)) {
      if (!name.startsWith('.')) {
        // The domain is arithmetic on plain values: it needs no package, and nothing of Node's.
        const knowing = packageLayers.find(([pattern]) => pattern.test(name))?.[1];
        if (layer === 'domain' || knowing?.includes(layer.replace(' ports', '')) === false)
          wrong.push(`${path} -> ${name}`);
        continue;
      }
      const target = posix.join(posix.dirname(path), name);
      // The version in package.json, or a file outside of src/ that is read as data.
      if (!target.endsWith('.ts')) continue;
      const targetLayer = layerOf(target);
      const isOwnLayer =
        layer === 'drivers' && targetLayer === 'drivers' ? driverOf(path) === driverOf(target) : layer === targetLayer;
      if (!isOwnLayer && arrow[layer]?.includes(targetLayer) !== true) wrong.push(`${path} -> ${target}`);
    }
  }
  return wrong;
}

/** Imports of a services folder past its entry module, or against the direction of folders. */
function wrongServiceImports(sources: Sources): string[] {
  const wrong: string[] = [];
  for (const [path, source] of sources) {
    const own = serviceFolderOf(path);
    for (const name of importsOf(source).filter((one) => one.startsWith('.'))) {
      const target = posix.join(posix.dirname(path), name);
      const folder = serviceFolderOf(target);
      if (folder === null || folder === own) continue;
      const { entry } = serviceFolders[folder] ?? {};
      const isBelow = own === null || serviceFolders[own]?.below.includes(folder) === true;
      if (!isBelow || posix.basename(target) !== entry) wrong.push(`${path} -> ${target}`);
    }
  }
  return wrong;
}

/** The folder of src/services that a file lies in; null for a file of none. */
function serviceFolderOf(path: string): string | null {
  const [, layer, folder, ...rest] = path.split('/');
  return layer === 'services' && folder !== undefined && rest.length > 0 ? folder : null;
}

const driverOf = (path: string): string => path.split('/').slice(0, 3).join('/');

/** Uses of what belongs to one file or folder alone. */
function wrongUses(sources: Sources): string[] {
  const owners = [
    [/\bprocess\.env\b/, /^src\/config\//],
    [/\bprocess\.(on|once|exit|exitCode|kill|abort)\b/, /^src\/(main|cli)\.ts$/],
  ] as const;
  const wrong: string[] = [];
  for (const [path, source] of sources) {
    const code = source.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '');
    for (const [use, owner] of owners) {
      const found = use.exec(code);
      if (found !== null && !owner.test(path)) wrong.push(`${path}: ${found[0]}`);
    }
    if (/\bfrom 'node:process'/.test(code)) wrong.push(`${path}: node:process`);
  }
  return wrong;
}

function readSources(): Sources {
  const root = new URL('../../', import.meta.url);
  const names = readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' });
  const paths = names
    .map((name) => posix.join('src', name.replaceAll('\\', '/')))
    .filter((name) => name.endsWith('.ts'));
  return new Map(paths.map((path) => [path, readFileSync(new URL(path, root), 'utf8')]));
}

const sources = readSources();

describe('the imports of src/', () => {
  it('follow the arrow', () => {
    expect(sources.size).toBeGreaterThan(50);
    expect(wrongImports(sources)).toEqual([]);
  });

  it('reach a folder of services through its entry module, in the direction of the folders', () => {
    expect(wrongServiceImports(sources)).toEqual([]);
    const folders = new Set([...sources.keys()].flatMap((path) => serviceFolderOf(path) ?? []));
    expect(folders).toEqual(new Set(Object.keys(serviceFolders)));
    for (const [folder, { entry }] of Object.entries(serviceFolders))
      expect(sources.has(`src/services/${folder}/${entry}`)).toBe(true);
  });

  it('leave the environment to config/, and signals and exits to main.ts and cli.ts', () => {
    expect(wrongUses(sources)).toEqual([]);
  });

  it('are all of files that exist, so that none escapes by its spelling', () => {
    const missing = [...sources].flatMap(([path, source]) =>
      importsOf(source)
        .filter((name) => name.startsWith('.') && name.endsWith('.ts'))
        .map((name) => posix.join(posix.dirname(path), name))
        .filter((target) => !sources.has(target)),
    );
    expect(missing).toEqual([]);
  });
});

describe('the rules about imports', () => {
  const of = (path: string, source: string) => wrongImports(new Map([[path, source]]));

  it.each([
    ['a service that knows a driver', 'src/services/a.ts', "import { b } from '../stores/journal/b.ts';"],
    ['a driver known by type alone', 'src/services/a.ts', "import type { B } from '../stores/journal/b.ts';"],
    ['a port that knows a driver', 'src/stores/a.ts', "import { b } from './memory/b.ts';"],
    ['a driver that knows another', 'src/stores/directory/a.ts', "import { b } from '../journal/b.ts';"],
    ['a SQLite file that knows a driver', 'src/stores/sqlite-file/a.ts', "import { b } from '../journal/b.ts';"],
    ['a SQLite file that knows a port', 'src/stores/sqlite-file/a.ts', "import type { B } from '../b.ts';"],
    ['a service that knows a SQLite file', 'src/services/a.ts', "import { b } from '../stores/sqlite-file/b.ts';"],
    ['a port that knows a SQLite file', 'src/stores/a.ts', "import { b } from './sqlite-file/b.ts';"],
    ['a driver that knows a service', 'src/pubsub/memory/a.ts', "import { b } from '../../services/b.ts';"],
    ['a service that knows a resolver', 'src/services/a.ts', "export { b } from '../resolvers/b.ts';"],
    ['a resolver that knows the server', 'src/resolvers/a.ts', "export * from '../server/b.ts';"],
    ['a server that skips to a service', 'src/server/a.ts', "import { b } from '../services/b.ts';"],
    ['a domain that knows a port', 'src/domain/a.ts', "import type { B } from '../stores/b.ts';"],
    ['a domain that knows Node', 'src/domain/a.ts', "import { b } from 'node:crypto';"],
    ['a service that knows GraphQL', 'src/services/a.ts', "import { GraphQLError } from 'graphql';"],
    ['a resolver that knows the database', 'src/resolvers/a.ts', "import { DatabaseSync } from 'node:sqlite';"],
    ['an import for its effect', 'src/services/a.ts', "import '../server/b.ts';"],
    ['an import at run time', 'src/services/a.ts', "const b = await import('../server/b.ts');"],
    ['a thread', 'src/services/a.ts', "new Worker(new URL('../stores/journal/b.ts', import.meta.url));"],
    ['an import on several lines', 'src/domain/a.ts', "import {\n  type B,\n  c,\n} from '../services/b.ts';"],
    ['a folder nobody has given a place', 'src/utils/a.ts', "import { b } from '../domain/b.ts';"],
    ['a composition that knows a driver', 'src/compose.ts', "import { b } from './stores/mongo/b.ts';"],
    ['a choice of drivers that knows a service', 'src/drivers.ts', "import { b } from './services/b.ts';"],
    ['anybody who chooses drivers', 'src/services/a.ts', "import { b } from '../drivers.ts';"],
    ['anybody who composes', 'src/server/a.ts', "import { b } from '../compose.ts';"],
  ])('refuse %s', (_name, path, source) => {
    expect(of(path, source)).toHaveLength(1);
  });

  it.each([
    ['src/server/a.ts', "import { b } from '../resolvers/b.ts';"],
    ['src/resolvers/a.ts', "import type { B } from '../services/b.ts';\nimport { GraphQLError } from 'graphql';"],
    ['src/services/a.ts', "import type { B } from '../stores/b.ts';\nimport { c } from '../domain/c.ts';"],
    ['src/stores/mongo/a.ts', "import type { B } from '../b.ts';\nimport { c } from './c.ts';\nimport 'mongoose';"],
    ['src/stores/journal/a.ts', "import { b } from '../sqlite-file/b.ts';\nimport { D } from 'node:sqlite';"],
    ['src/stores/sqlite-file/a.ts', "import { D } from 'node:sqlite';\nimport { b } from '../../domain/b.ts';"],
    ['src/compose.ts', "import { b } from './drivers.ts';\nimport type { C } from './stores/c.ts';"],
    ['src/drivers.ts', "import { b } from './stores/mongo/b.ts';\nimport type { C } from './config/c.ts';"],
  ])('allow %s what it needs', (path, source) => {
    expect(of(path, source)).toEqual([]);
  });

  it.each([
    ['a second entry module', 'src/services/inbox/a.ts', "import { b } from '../log/log-reader.ts';"],
    [
      'a second entry module known by type alone',
      'src/resolvers/a.ts',
      "import type { B } from '../services/log/b.ts';",
    ],
    ['a folder above', 'src/services/log/a.ts', "import { b } from '../inbox/inbox-service.ts';"],
    ['a folder beside', 'src/services/log/a.ts', "import type { B } from '../members/member-lists.ts';"],
    ['a folder without a place', 'src/services/search/a.ts', "import { b } from '../log/conversation-log.ts';"],
    [
      'the wiring that goes past an entry module',
      'src/services/messaging.ts',
      "import { b } from './inbox/fan-out.ts';",
    ],
    [
      'a composition that goes past an entry module',
      'src/compose.ts',
      "import { b } from './services/accounts/passwords.ts';",
    ],
  ])('refuse %s in services', (_name, path, source) => {
    expect(wrongServiceImports(new Map([[path, source]]))).toHaveLength(1);
  });

  it.each([
    ['src/services/inbox/a.ts', "import { b } from '../log/conversation-log.ts';\nimport { c } from './fan-out.ts';"],
    ['src/services/messages/a.ts', "import type { B } from '../conversations/conversation-service.ts';"],
    ['src/services/presence/a.ts', "import { b } from '../paging.ts';"],
    ['src/resolvers/a.ts', "import type { B } from '../services/stream/stream-service.ts';"],
  ])('allow %s the services it needs', (path, source) => {
    expect(wrongServiceImports(new Map([[path, source]]))).toEqual([]);
  });

  it.each([
    ['src/services/a.ts', 'const port = process.env.PORT;'],
    ['src/server/a.ts', "process.on('SIGTERM', stop);"],
    ['src/compose.ts', 'process.exit(1);'],
    ['src/config/a.ts', 'process.exitCode = 1;'],
    ['src/services/a.ts', "import { env } from 'node:process';"],
  ])('refuse %s: %s', (path, source) => {
    expect(wrongUses(new Map([[path, source]]))).toHaveLength(1);
  });

  it('ignore comments', () => {
    expect(wrongUses(new Map([['src/services/a.ts', '/** As in `process.env`. */\n// not process.exit\n']]))).toEqual(
      [],
    );
  });
});
