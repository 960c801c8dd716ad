/**
 * Keeps the schema of a release, for the comparison with later ones: tools/clients fails on a breaking change that CHANGELOG.md does not
 * name. `npm version` runs it between setting the version and the commit.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const folder = new URL('../schema/published/', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('../../package.json', folder), 'utf8')) as { version: string };
const schema = readFileSync(new URL('schema.graphql', folder), 'utf8');
writeFileSync(new URL('released.graphql', folder), `# Released as ${version}.\n\n${schema}`);
