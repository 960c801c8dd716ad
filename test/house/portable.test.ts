import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
/** Files that are not part of the project, because installing, running or measuring creates them. */
const leftOut = new Set(['.git', '.vitest', 'node_modules', 'data', 'coverage']);

function filesIn(folder: URL, prefix = ''): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (leftOut.has(entry.name) || entry.name.endsWith('.log')) return [];
    const name = prefix + entry.name;
    return entry.isDirectory() ? filesIn(new URL(`${entry.name}/`, folder), `${name}/`) : [name];
  });
}

const rules: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a package registry', /https?:\/\/[^/\s'"`]*(?:registry|npmmirror|artifactory|verdaccio|nexus)[^\s'"`]*/],
  ['where a package was fetched from', /"resolved":\s*"https?:[^"]*"/],
  ['a folder of one machine', /(?<![\w.~}])\/(?:work|root|home\/[a-z]\w*|Users\/[A-Za-z]\w*|tmp\/hq)\/[^\s'"`]*/],
];

/** Text that ties a file to one machine. */
function ties(text: string): string[] {
  return rules.flatMap(([what, pattern]) => {
    const found = pattern.exec(text);
    return found === null ? [] : [`${what}: ${found[0]}`];
  });
}

describe('the files of the project', () => {
  it('name neither a package registry nor a folder of the machine they were made on', () => {
    const files = filesIn(root);
    expect(files).toContain('package-lock.json');
    const tied = files.flatMap((name) => {
      const text = readFileSync(new URL(name, root), 'utf8');
      return ties(text).map((tie) => `${name} names ${tie}`);
    });
    expect(tied).toEqual([]);
  });

  it('carry the licence the package names', () => {
    const { license } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { license: string };
    expect(license).toBe('Apache-2.0');
    expect(readFileSync(new URL('LICENSE', root), 'utf8')).toMatch(/Apache License\s+Version 2\.0, January 2004/);
  });
});

describe('the rules about files', () => {
  // Put together here, so that this file keeps the rules it tests.
  const path = (...parts: string[]) => ['', ...parts].join('/');

  it.each([
    [
      'a registry in a lock file',
      `"${'resolved'}": "https:${path('', 'registry.example.org', 'ws', '-', 'ws-8.0.0.tgz')}"`,
    ],
    ['a registry in a settings file', `registry=https:${path('', 'registry.example.org')}/`],
    ['a home folder', `cd ${path('home', 'sam', 'heliograph')}`],
    ['the folder of an administrator', `'${path('root', 'data')}'`],
    ['a work folder', `(${path('work', 'main')})`],
  ])('notice %s', (_name, text) => {
    expect(ties(text)).not.toEqual([]);
  });

  it.each([
    'https://nodejs.org/api/',
    './data',
    '../work/main/',
    '/graphql',
    'registry.metrics()',
    '/tmp/heliograph-1',
  ])('do not mind %s', (text) => {
    expect(ties(text)).toEqual([]);
  });
});
