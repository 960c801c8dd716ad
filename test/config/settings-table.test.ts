import { expect, it } from 'vitest';
import { settings, settingsTable } from '../../src/config/settings.ts';

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
