/** The project's own lint rules, in `lint/`: each refuses only its own kind of mistake. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';

const root = new URL('../../', import.meta.url);
const rules = readdirSync(new URL('lint', root));
const { plugins } = JSON.parse(readFileSync(new URL('biome.json', root), 'utf8')) as { plugins: { path: string }[] };

/** How often the rules find fault with a file of these lines. */
function faultsIn(lines: readonly string[]): number {
  using folder = temporaryFolder();
  const configured = plugins.map((plugin) => ({ ...plugin, path: fileURLToPath(new URL(plugin.path, root)) }));
  writeFileSync(
    join(folder.path, 'biome.json'),
    JSON.stringify({ plugins: configured, linter: { rules: { preset: 'none' } } }),
  );
  mkdirSync(join(folder.path, 'src'));
  writeFileSync(join(folder.path, 'src', 'sample.ts'), `${lines.join('\n')}\n`);
  const biome = fileURLToPath(new URL('node_modules/.bin/biome', root));
  const { stdout, stderr } = spawnSync(biome, ['lint', '--reporter=json', '.'], { cwd: folder.path, encoding: 'utf8' });
  expect(stdout, stderr).not.toBe('');
  return (JSON.parse(stdout) as { summary: { errors: number } }).summary.errors;
}

it('are all in use', () => {
  expect(plugins.map(({ path }) => path)).toEqual(rules.map((name) => `./lint/${name}`));
});

it('refuse lists that are spread into arguments', () => {
  expect(
    faultsIn([
      'export function f(list: number[], more: readonly number[]): void {',
      '  list.push(...more);',
      '  list.splice(0, 1, ...more);',
      '  list.push(Math.max(...more));',
      '  list.push(1, ...list.concat(2));',
      '}',
    ]),
  ).toBe(4);
});

it('allow lists in lists, in objects and in parameters, and a reason why a length is bounded', () => {
  expect(
    faultsIn([
      'export function f(list: number[], ...more: readonly number[]): unknown {',
      '  const both = new Set([...list, ...more]);',
      '  // biome-ignore lint/plugin: at most nine',
      '  list.push(...[...both].slice(0, 9));',
      '  return g({ ...list, last: [...more].at(-1) });',
      '}',
      'const g = (...all: unknown[]): unknown => all;',
    ]),
  ).toBe(0);
});
