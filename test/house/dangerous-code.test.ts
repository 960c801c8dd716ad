/** Constructs that the security baseline says are not used: docs/security.md names this test as its evidence. */
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const server = globSync('src/**/*.ts', { cwd: root });
const page = globSync('tools/graphiql/src/**/*.{js,jsx}', { cwd: root });

/** The files with a pattern, outside of comments. */
function filesWith(files: readonly string[], pattern: RegExp): string[] {
  return files.filter((file) => {
    const code = readFileSync(`${root}${file}`, 'utf8').replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '');
    return pattern.test(code);
  });
}

it('looks at the whole code', () => {
  expect(server.length).toBeGreaterThan(150);
  expect(page.length).toBeGreaterThan(2);
  expect(filesWith(server, /\bsetInterval\b/)).toContain('src/compose.ts');
});

it.each<[what: string, files: readonly string[], pattern: RegExp]>([
  ['other programs are started', server, /child_process/],
  ['text is run as code', [...server, ...page], /\beval\(|new Function\b|node:vm\b/],
  ['text becomes HTML', page, /innerHTML|dangerouslySetInnerHTML|insertAdjacentHTML|document\.write/],
  ['certificates go unchecked', server, /rejectUnauthorized|NODE_TLS_REJECT_UNAUTHORIZED/],
  ['cookies are set', server, /set-cookie|setCookie/i],
  ['weak hashes are made', server, /createH(?:ash|mac)\((?!'sha256')/],
  ['SQL is put together from text', server, /\braw\((?!')/],
])('%s: nowhere', (_what, files, pattern) => {
  expect(filesWith(files, pattern)).toEqual([]);
});

it('numbers that can be guessed only spread retries', () => {
  expect(filesWith(server, /Math\.random/).sort()).toEqual([
    'src/server/refusals.ts',
    'src/stores/directory/sql-errors.ts',
    'src/stores/memory/memory-rate-limiter.ts',
  ]);
});
