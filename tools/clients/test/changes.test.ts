/** A breaking change of the schema since the last release is named in CHANGELOG.md. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kind, parse, print, visit } from 'graphql';
import { describe, expect, it } from 'vitest';
import { unnamedBreakingChanges } from '../src/breaking-changes.ts';
import { root } from './support/project.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const publishedPath = 'schema/published/schema.graphql';
const releasedPath = 'schema/published/released.graphql';

// The first release writes the file, and test/house/release.test.ts requires it from then on.
const releases = [releasedPath].filter((path) => existsSync(join(root, path)));

describe('the schema', () => {
  it.each(releases)('takes nothing of %s from clients that the changelog does not name', async (path) => {
    expect(await unnamedBreakingChanges(read(path), read(publishedPath), read('CHANGELOG.md'))).toEqual([]);
  });

  it('would not go unnoticed without a field that clients use', async () => {
    const released = `# Released as 0.1.0.\n${read(publishedPath)}`;
    const changed = visit(parse(read(publishedPath)), {
      enter: (node) => (node.kind === Kind.FIELD_DEFINITION && node.name.value === 'unreadCount' ? null : undefined),
    });
    expect(await unnamedBreakingChanges(released, print(changed), read('CHANGELOG.md'))).toEqual([
      "`Conversation.unreadCount`: Field 'unreadCount' was removed from object type 'Conversation'",
      "`Viewer.unreadCount`: Field 'unreadCount' was removed from object type 'Viewer'",
    ]);
  });
});

describe('a change of a schema', () => {
  const released = `# Released as 0.2.0.
    type Query { a(first: Int = 50, by: In): Int! kind: Kind any: Any gone: Int @deprecated(reason: "Use a.") }
    enum Kind { ONE TWO }
    union Any = A | B
    interface Node { id: ID! }
    type A implements Node { id: ID! }
    type B { id: ID! }
    input In { x: ID }`;
  const unnamed = (from: string, to: string, changelog = '') =>
    unnamedBreakingChanges(released, released.replace(from, to), changelog);

  it.each([
    ['a field that is gone', ' gone: Int @deprecated(reason: "Use a.")', '', 'Query.gone'],
    ['a field that became nullable', 'Int!', 'Int', 'Query.a'],
    ['another default', '= 50', '= 20', 'Query.a(first:)'],
    ['a new required argument', 'first: Int', 'last: Int!, first: Int', 'Query.a(last:)'],
    ['an enum value that is gone', ' TWO', '', 'Kind.TWO'],
    ['a union member that is gone', ' | B', '', 'Any'],
    ['an interface that is gone', ' implements Node', '', 'A'],
    ['an input field that became required', 'x: ID', 'x: ID!', 'In.x'],
  ])('must be named if it is %s', async (_name, from, to, coordinate) => {
    expect(await unnamed(from, to)).toEqual([expect.stringContaining(`\`${coordinate}\`: `)]);
    const changelog = `# Changelog\n\n## Pending\n\n- \`${coordinate}\` has changed.\n\n## 0.2.0 (2026-12-01)\n`;
    expect(await unnamed(from, to, changelog)).toEqual([]);
    expect(await unnamed(from, to, changelog.replace('Pending', '0.3.0 (2026-12-24)'))).toEqual([]);
    // The section of the release itself is about earlier changes.
    expect(await unnamed(from, to, `## 0.2.0 (2026-12-01)\n\n- \`${coordinate}\``)).toHaveLength(1);
  });

  it.each([
    ['a new field', 'any: Any', 'any: Any more: Int'],
    ['a new optional argument', 'first: Int', 'last: Int, first: Int'],
    ['a new enum value', ' TWO', ' TWO THREE'],
    ['a new union member', 'A | B', 'A | B | Query'],
  ])('need not be named if it is %s', async (_name, from, to) => {
    expect(await unnamed(from, to)).toEqual([]);
  });
});
