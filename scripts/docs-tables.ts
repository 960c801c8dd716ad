/**
 * Writes every generated table into its page. With `--check` it writes nothing and fails when a table is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { decisionsTable } from './tables/decisions.ts';
import { closeCodesTable, codesTable } from './tables/errors.ts';
import { figuresTable, newestRun } from './tables/figures.ts';
import { replaceTable } from './tables/markdown.ts';
import { scalingTable } from './tables/scaling.ts';
import { settingsTable } from './tables/settings.ts';

/** Pages by their path from the project's root, with the tables that they show. */
const tables: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'README.md': { settings: settingsTable, figures: () => figuresTable(newestRun()) },
  'docs/errors.md': { codes: codesTable, 'close codes': closeCodesTable },
  'docs/design.md': { scaling: scalingTable },
  'docs/decisions/README.md': { decisions: decisionsTable },
};

const root = new URL('..', import.meta.url);
const isCheck = process.argv.includes('--check');
const stale: string[] = [];
for (const [page, tablesOfPage] of Object.entries(tables)) {
  const path = new URL(page, root);
  let text = readFileSync(path, 'utf8');
  for (const [name, makeTable] of Object.entries(tablesOfPage)) {
    const updated = replaceTable(text, name, makeTable());
    if (updated !== text) stale.push(`${name} in ${page}`);
    text = updated;
  }
  if (!isCheck) writeFileSync(path, text);
}
if (isCheck && stale.length > 0) {
  console.error(`Stale tables, run \`npm run codegen\`: ${stale.join(', ')}`);
  process.exitCode = 1;
}
