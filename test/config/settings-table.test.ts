import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { settings, settingsTable } from '../../src/config/settings.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** Without the padding that a formatter may add. */
const cellsOf = (table: string | undefined) =>
  table
    ?.replace(/ *\| */g, '|')
    .replace(/-{3,}/g, '---')
    .trim();

it("the README's table is the settings, as `npm run codegen` writes it", () => {
  const table = /<!-- settings -->([\s\S]*?)<!-- \/settings -->/.exec(readme)?.[1];
  expect(cellsOf(table)).toBe(cellsOf(settingsTable()));
});

it('gives each setting a row with a reason', () => {
  const rows = settingsTable().split('\n').slice(2);
  expect(rows).toHaveLength(Object.keys(settings).length);
  for (const [index, [name, { why, unit }]] of Object.entries(settings).entries()) {
    expect(rows[index]).toContain(`| \`${name}\` |`);
    expect(why).toMatch(/\.$/);
    expect(unit).not.toBe('');
    // A stray bar would shift the columns.
    expect(rows[index]?.match(/\|/g)).toHaveLength(5);
  }
});
