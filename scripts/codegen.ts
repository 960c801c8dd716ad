/**
 * Writes everything that is generated from `schema/`: the resolver types, the sorted SDL with its descriptions, and the
 * introspection result, in full and minified. With `--check` it writes nothing, and fails if a file is stale.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { minifyIntrospectionQuery } from '@urql/introspection';
import { buildASTSchema, introspectionFromSchema, lexicographicSortSchema, parse, printSchema } from 'graphql';
import { loadTypeDefs } from '../src/resolvers/schema.ts';
import { resolverTypes, resolverTypesFile } from './resolver-types.ts';

/** printSchema leaves out the directives of the specification, and parsers that are older than this one refuse an unknown directive. */
const oneOfDefinition = `"""Marks an input object of which exactly one field must be given."""
directive @oneOf on INPUT_OBJECT`;

const root = new URL('..', import.meta.url);

async function artefacts(): Promise<Map<string, string>> {
  const schema = lexicographicSortSchema(buildASTSchema(parse(loadTypeDefs().join('\n'))));
  const files = new Map([[resolverTypesFile, await resolverTypes(schema)]]);
  files.set('schema/published/schema.graphql', `${oneOfDefinition}\n\n${printSchema(schema)}\n`);
  const introspection = introspectionFromSchema(schema, { specifiedByUrl: true, oneOf: true });
  files.set('schema/published/introspection.json', `${JSON.stringify(introspection, null, 2)}\n`);
  // Without descriptions and scalars, for clients that load it: a tenth of the size.
  files.set('schema/published/introspection.min.json', `${JSON.stringify(minifyIntrospectionQuery(introspection))}\n`);
  return files;
}

const isCheck = process.argv.includes('--check');
const stale: string[] = [];
for (const [name, content] of await artefacts()) {
  const path = new URL(name, root);
  if (!isCheck) {
    mkdirSync(dirname(path.pathname), { recursive: true });
    writeFileSync(path, content);
  } else if (readOrNull(path) !== content) {
    stale.push(name);
  }
}
if (stale.length > 0) {
  console.error(`Stale, run \`npm run codegen\`: ${stale.join(', ')}`);
  process.exitCode = 1;
}

function readOrNull(path: URL): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
