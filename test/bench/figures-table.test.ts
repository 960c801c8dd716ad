import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { figuresTable, newestRun } from '../../scripts/tables/figures.ts';

it("the README's figures are those of the newest run (node scripts/tables/figures.ts)", () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const shown = /<!-- figures -->\n([\s\S]*?)\n<!-- \/figures -->/.exec(readme)?.[1];
  expect(shown).toBe(figuresTable(newestRun()));
});
