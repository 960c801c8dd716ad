/** `npm version` releases what CHANGELOG.md describes, and refuses anything else before it changes a file. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;

interface Repository extends Disposable {
  readonly tags: string[];
  readonly version: string;
  /** The schema that is kept as the last release's, as committed. */
  readonly releasedSchema: string;
  npm(...args: string[]): { code: number | null; errors: string };
}

/** A repository at version 0.1.0 with this changelog and the project's own scripts. */
function createRepository(changelog: string): Repository {
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-release-'));
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  for (const path of ['scripts/release-check.ts', 'scripts/release-schema.ts', 'schema/published/schema.graphql'])
    cpSync(join(root, path), join(folder, path));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'heliograph', version: '0.1.0', scripts }));
  writeFileSync(join(folder, 'CHANGELOG.md'), changelog);
  const env = {
    HOME: folder,
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    npm_config_update_notifier: 'false',
  };
  const run = (command: string, ...args: string[]) => spawnSync(command, args, { cwd: folder, env, encoding: 'utf8' });
  const git = (...args: string[]) => run('git', ...args);
  git('init', '--quiet');
  git('config', 'user.name', 'Test');
  git('config', 'user.email', 'test@a.example');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'house: Begin.');
  return {
    get tags() {
      return git('tag').stdout.split('\n').filter(Boolean);
    },
    get version() {
      return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
    },
    get releasedSchema() {
      return git('show', 'HEAD:schema/published/released.graphql').stdout;
    },
    npm(...args) {
      const { status, stderr } = run('npm', ...args);
      return { code: status, errors: stderr };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

it('tags a version that the changelog describes', () => {
  using repository = createRepository('# Changelog\n\n## 0.2.0 (2026-12-01)\n\n- Faster.\n\n## 0.1.0 (2026-11-25)\n');
  expect(repository.npm('version', '0.2.0')).toMatchObject({ code: 0 });
  expect(repository.version).toBe('0.2.0');
  expect(repository.tags).toEqual(['v0.2.0']);
  const schema = readFileSync(join(root, 'schema/published/schema.graphql'), 'utf8');
  expect(repository.releasedSchema).toBe(`# Released as 0.2.0.\n\n${schema}`);
  expect(repository.npm('run', 'release:check')).toMatchObject({ code: 0 });
});

it('tags the first version, which package.json names already', () => {
  using repository = createRepository('# Changelog\n\n## 0.1.0 (2026-11-25)\n\n- The first.\n');
  const { code } = repository.npm('version', '0.1.0', '--allow-same-version', '--message', 'house: Release %s.');
  expect(code).toBe(0);
  expect(repository.tags).toEqual(['v0.1.0']);
});

it.each([
  ['while it says Pending', '## Pending\n\n- Faster.\n', 'still says Pending'],
  ['while an earlier section says Pending', '## 0.2.0 (2026-12-01)\n\n- Faster.\n\n## Pending\n', 'still says Pending'],
  ['when its newest section is another version', '## 0.3.0 (2026-12-01)\n\n- Faster.\n', 'needs "## 0.2.0'],
  ['when its newest section has no date', '## 0.2.0\n\n- Faster.\n', 'needs "## 0.2.0'],
  ['when its newest section has no such date', '## 0.2.0 (2026-13-01)\n\n- Faster.\n', 'needs "## 0.2.0'],
  ['when it has no section', 'Nothing yet.\n', 'needs "## 0.2.0'],
  ['when the section is empty', '## 0.2.0 (2026-12-01)\n\n## 0.1.0 (2026-11-25)\n\n- The first.\n', 'says nothing'],
])('refuses a release %s', (_name, sections, problem) => {
  using repository = createRepository(`# Changelog\n\n${sections}`);
  const { code, errors } = repository.npm('version', '0.2.0');
  expect(errors).toContain(problem);
  expect(code).not.toBe(0);
  expect(repository.version).toBe('0.1.0');
  expect(repository.tags).toEqual([]);
});

/** Why the schema of the last release is not the one that this state of the project is to be compared with, or null. */
function problemOfReleased(changelog: string, version: string, released: string | null): string | null {
  const isReleased = (name: string) => changelog.includes(`\n## ${name} (`);
  const kept = /^# Released as (\S+)\.$/m.exec(released ?? '')?.[1];
  if (isReleased(version) && kept !== version) return `${version} is released, and the kept schema is of ${kept}`;
  return kept === undefined || isReleased(kept)
    ? null
    : `the schema of ${kept} is kept, which the changelog does not have`;
}

it('keeps the schema of the last release', () => {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const path = 'schema/published/released.graphql';
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(problemOfReleased(read('CHANGELOG.md'), version, existsSync(join(root, path)) ? read(path) : null)).toBe(null);
});

it.each([
  ['a schema after the first release', '\n## 0.1.0 (2026-12-01)\n', null],
  ['a newer schema', '\n## 0.1.0 (2026-12-01)\n\n## 0.0.9 (2026-11-01)\n', '# Released as 0.0.9.'],
  ['a release of its schema', '\n## Pending\n', '# Released as 0.0.9.'],
])('misses %s', (_name, changelog, released) => {
  expect(problemOfReleased(changelog, '0.1.0', released)).not.toBe(null);
});
