/** The files the page is made of, so that a test can tell when the built page is older than them. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('./', import.meta.url);
const examples = ['account-requests', 'session', 'stored-session', 'tab-lock', 'watchdog'];

export function hashSources() {
  const sources = readdirSync(new URL('src/', folder)).map((name) => `src/${name}`);
  const own = ['index.html', 'package-lock.json', 'package.json', 'vite.config.js', ...sources];
  const hash = createHash('sha256');
  for (const name of [...own, ...examples.map((name) => `../../examples/clients/${name}.ts`)].sort()) {
    hash.update(name).update(readFileSync(new URL(name, folder)));
  }
  return hash.digest('hex');
}
