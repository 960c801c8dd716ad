import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../tools/graphiql/', import.meta.url);

/** A hash over everything the built page is made of. */
export function hashGraphiqlSources(): string {
  const sources = readdirSync(new URL('src/', folder)).map((name) => `src/${name}`);
  const hash = createHash('sha256');
  for (const name of ['index.html', 'package-lock.json', 'package.json', 'vite.config.js', ...sources].sort()) {
    hash.update(name).update(readFileSync(new URL(name, folder)));
  }
  return hash.digest('hex');
}
