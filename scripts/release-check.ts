/**
 * Refuses a release that CHANGELOG.md does not describe. `npm version` runs it before it changes anything.
 *
 *   npm run release:check             for the version in package.json
 *   npm run release:check -- 1.2.0    for another
 */
import { readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, root), 'utf8');

/** Why the version cannot be released, or null. */
function problemOf(changelog: string, version: string): string | null {
  const [, ...sections] = changelog.split(/^## /m);
  const wanted = `"## ${version} (YYYY-MM-DD)"`;
  if (sections.some((section) => /^Pending\b/i.test(section)))
    return `CHANGELOG.md still says Pending. Replace that heading with ${wanted}.`;
  const [heading = '', ...lines] = sections[0]?.split('\n') ?? [];
  const [, released, date] = /^(\S+) \((\d{4}-\d{2}-\d{2})\)$/.exec(heading) ?? [];
  if (released !== version || Number.isNaN(Date.parse(date ?? '')))
    return `The newest section of CHANGELOG.md is "## ${heading}", but this release needs ${wanted}.`;
  return lines.some((line) => line.trim() !== '') ? null : `CHANGELOG.md says nothing about ${version}.`;
}

// npm names the version it is about to set in npm_new_version.
const version =
  process.argv[2] ?? process.env.npm_new_version ?? (JSON.parse(read('package.json')) as { version: string }).version;
const problem = problemOf(read('CHANGELOG.md'), version);
if (problem !== null) {
  console.error(problem);
  process.exitCode = 1;
}
