/** `npm ci` installs only contents with a known hash, and the Node that runs this project. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Package {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly os?: string;
  readonly cpu?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, Package>> };
const installed = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);

/** Scripts that npm does not run, and whose packages work without them. */
const { allowScripts } = JSON.parse(read('package.json')) as { allowScripts: Readonly<Record<string, boolean>> };
const isDenied = (path: string) => allowScripts[path.replace(/^.*node_modules\//, '')] === false;

const problemsOf = (entries: readonly (readonly [string, Package])[]) =>
  entries.flatMap(([path, { integrity, hasInstallScript }]) => [
    ...(/^sha512-/.test(integrity ?? '') ? [] : [`${path} has no hash`]),
    ...(hasInstallScript && !isDenied(path) ? [`${path} runs a script`] : []),
  ]);

describe('the packages', () => {
  it('are locked by a hash, and run no script when they are installed', () => {
    expect(installed.length).toBeGreaterThan(100);
    expect(problemsOf(installed)).toEqual([]);
  });

  it('are reported when one has no hash or runs a script', () => {
    expect(problemsOf([['node_modules/a', { version: '1.0.0' }]])).toEqual(['node_modules/a has no hash']);
    expect(problemsOf([['node_modules/a', { integrity: 'sha512-x', hasInstallScript: true }]])).toEqual([
      'node_modules/a runs a script',
    ]);
  });
});

describe('the Node that npm installs', () => {
  const names = Object.keys(packages['tools/node']?.optionalDependencies ?? {});
  const nodes = names.map((name) => ({ name, ...packages[`node_modules/${name}`] }));

  it.each(['linux x64', 'linux arm64', 'darwin x64', 'darwin arm64', 'win32 x64'])('is one for %s', (platform) => {
    expect(nodes.filter(({ os, cpu }) => `${os} ${cpu}` === platform)).toHaveLength(1);
  });

  it('is left out of production', () => {
    for (const node of nodes) expect(node).toMatchObject({ dev: true, optional: true });
  });

  const own = nodes.find(({ os, cpu }) => os === process.platform && cpu === process.arch);
  it.runIf(own)('runs these tests', () => {
    expect(process.version).toBe(`v${own?.version}`);
  });

  it('has the version of the files for version managers, on Linux', () => {
    const versions = nodes.filter(({ os }) => os === 'linux').map(({ version }) => version);
    expect(new Set(versions)).toEqual(new Set([read('.node-version').trim()]));
  });

  it('is the one that the page about it shows', () => {
    const page = read('docs/decisions/node-as-packages.md');
    for (const { name, version } of nodes) expect(page).toContain(`| \`${name}\` | ${version} |`);
  });

  it('is new enough for the sources everywhere', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    const [major = 0, minor = 0] = engines.node.replace('>=', '').split('.').map(Number);
    for (const { name, version = '' } of nodes) {
      const [itsMajor = 0, itsMinor = 0] = version.split('.').map(Number);
      expect(itsMajor > major || (itsMajor === major && itsMinor >= minor), `${name} ${version}`).toBe(true);
    }
  });
});
