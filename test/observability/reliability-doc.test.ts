import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

it('docs/reliability.md explains each name that a server can use for a degraded component, and no other', () => {
  const checks = /checks: \[([\s\S]*?)\n {4}\]/.exec(read('src/compose.ts'))?.[1] ?? '';
  const used = [...checks.matchAll(/name: '([\w-]+)'/g)].map(([, name]) => name);
  const table = read('docs/reliability.md').split('## Degraded operation')[0] ?? '';
  const explained = [...table.matchAll(/^\| `([\w-]+)` *\|/gm)].map(([, name]) => name);
  expect(used.length).toBeGreaterThan(0);
  expect(explained.sort()).toEqual(used.sort());
});
