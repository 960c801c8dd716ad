/** Files that the forge reads: their syntax, the permissions and actions of workflows, and the packages that the bot updates. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const exclude = ['**/node_modules', 'data', 'coverage'];

/** Biome parses YAML as well; its exit code says whether all of it parses. */
function lint(folder: string, files: readonly string[]): { code: number | null; report: string } {
  const biome = join(root, 'node_modules/.bin/biome');
  const { status, stdout, stderr } = spawnSync(biome, ['lint', ...files], { cwd: folder, encoding: 'utf8' });
  return { code: status, report: stdout + stderr };
}

describe('files of settings', () => {
  it('parse as YAML', () => {
    const files = globSync(['*.yml', '.github/**/*.yml', '**/*.{yml,yaml}'], { cwd: root, exclude });
    expect(files).toEqual(expect.arrayContaining(['.github/workflows/ci.yml', '.github/dependabot.yml']));
    const { code, report } = lint(root, files);
    expect(report).toContain(`Checked ${files.length} files`);
    expect(code).toBe(0);
  });

  it('are reported when they do not parse as YAML', () => {
    const folder = mkdtempSync(join(tmpdir(), 'heliograph-yaml-'));
    try {
      writeFileSync(join(folder, 'broken.yml'), 'jobs:\n  test:\n   - a\n  b: [1\n');
      writeFileSync(join(folder, 'sound.yml'), 'jobs:\n  test: [1]\n');
      const { code, report } = lint(folder, ['broken.yml', 'sound.yml']);
      expect(code).not.toBe(0);
      expect(report).toContain('broken.yml:');
      expect(report).not.toContain('sound.yml:');
      expect(lint(folder, ['sound.yml']).code).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('parse as JSON', () => {
    const files = globSync('**/*.json', { cwd: root, exclude });
    expect(files).toEqual(expect.arrayContaining(['package.json', 'biome.json', 'tools/graphiql/package-lock.json']));
    for (const file of files) expect(() => JSON.parse(read(file)), file).not.toThrow();
  });
});

/** Problems of a workflow that does more than reading the code and running pinned actions. */
function risksOf(workflow: string): string[] {
  const actions = [...workflow.matchAll(/^\s*(?:- )?uses: (.+)$/gm)].map(([, action]) => action as string);
  return [
    // A tag can be moved to other code; a commit cannot.
    ...actions.filter((action) => !/^[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action)),
    ...(/^permissions:\n {2}contents: read\n(?! )/m.test(workflow) ? [] : ['permissions']),
    ...(/: write(-all)?\b/.exec(workflow)?.slice(0, 1) ?? []),
    // These run with the rights of the repository on code of a fork.
    ...(/\b(pull_request_target|workflow_run)\b/.exec(workflow)?.slice(0, 1) ?? []),
  ];
}

describe('workflows', () => {
  const workflows = globSync('.github/workflows/*', { cwd: root });

  it('read the code, and run actions at a commit', () => {
    expect(workflows).toContain('.github/workflows/ci.yml');
    expect(workflows.flatMap((path) => risksOf(read(path)))).toEqual([]);
  });

  it('run the same script as any machine', () => {
    expect(read('.github/workflows/ci.yml')).toMatch(/^ +- run: \.ci\/run$/m);
    expect(() => accessSync(join(root, '.ci/run'), constants.X_OK)).not.toThrow();
  });

  it('audit the packages of the server and those that its page is built from', () => {
    const audit = read('.github/workflows/audit.yml');
    expect(audit).toMatch(/^ +folder: \.\n +options: --omit=dev$/m);
    // All packages of the page are for development: it is served as a bundle.
    expect(Object.keys(JSON.parse(read('tools/graphiql/package.json')))).not.toContain('dependencies');
    expect(audit).toMatch(/^ +folder: tools\/graphiql\n +options: --include=dev$/m);
    expect(audit).toMatch(/^ +- cron: /m);
  });

  it.each([
    ['an action at a tag', 'permissions:\n  contents: read\n\njobs:\n  - uses: actions/checkout@v7\n'],
    ['a commit of an unknown version', `permissions:\n  contents: read\n\n  - uses: a/b@${'0'.repeat(40)}\n`],
    ['no permissions, which mean all of the repository', 'jobs:\n  test:\n'],
    ['a second permission', 'permissions:\n  contents: read\n  packages: read\n'],
    [
      'a job that may write',
      'permissions:\n  contents: read\n\njobs:\n  a:\n    permissions:\n      contents: write\n',
    ],
    ['a trigger for forks', 'on: pull_request_target\npermissions:\n  contents: read\n\n'],
  ])('are reported for %s', (_name, workflow) => {
    expect(risksOf(workflow)).toHaveLength(1);
  });
});

it('the bot updates every tree of packages', () => {
  const locks = globSync('**/package-lock.json', { cwd: root, exclude });
  const updated = [...read('.github/dependabot.yml').matchAll(/package-ecosystem: npm\n +directory: (\S+)/g)];
  expect(locks.length).toBeGreaterThan(1);
  expect(updated.map(([, folder]) => folder).sort()).toEqual(
    locks.map((lock) => join('/', dirname(lock)).replace(/(?<=.)\/$/, '')).sort(),
  );
});

it('every package has an exact version', () => {
  for (const path of globSync('**/package.json', { cwd: root, exclude })) {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read(path)) as Record<string, object>;
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }))
      expect(version, `${name} in ${path}`).toMatch(/^(file:[\w/-]+|(npm:[@\w/.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?)$/);
  }
});
