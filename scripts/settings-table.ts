/** Writes the table of settings into the README, between its markers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { settingsTable } from '../src/config/settings.ts';

const path = new URL('../README.md', import.meta.url);
const readme = readFileSync(path, 'utf8');
const updated = readme.replace(
  /(<!-- settings -->)[\s\S]*?(<!-- \/settings -->)/,
  (_, open, close) => `${open}\n${settingsTable()}\n${close}`,
);
writeFileSync(path, updated);
