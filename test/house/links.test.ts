/** Links, headings and paths that the Markdown files name exist. */
import { globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;
const pages = globSync(['**/*.md', '.github/**/*.md'], { cwd: root, exclude: ['**/node_modules'] });
const folders = 'bench|docs|examples|schema|scripts|src|test|tools|\\.ci|\\.github';
/** A path in backticks: in one of the project's folders, or a Markdown page. */
const namedPath = new RegExp(`\`((?:${folders})/[\\w./-]*|[\\w-]+\\.md)\``, 'g');

/** The address of a heading, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsIn(text: string): string[] {
  // A comment in a program is not a heading.
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading as string));
}

/** @param read - a file's text, '' for a folder, null when nothing is there */
function brokenLinks(page: string, text: string, read: (path: string) => string | null): string[] {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link as string)
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? text : read(normalize(join(dirname(page), path)));
      return target === null || (anchor !== undefined && !anchorsIn(target).includes(anchor));
    });
  const paths = [...text.matchAll(namedPath)]
    .map(([, path]) => path as string)
    // A page without a folder lies at the root or beside the page that names it.
    .filter((path) => read(path) === null && (path.includes('/') || read(join(dirname(page), path)) === null));
  return [...links, ...paths].map((link) => `${page}: ${link}`);
}

function readFromRoot(path: string): string | null {
  const file = join(root, path);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  return stat.isDirectory() ? '' : readFileSync(file, 'utf8');
}

describe('links in the documents', () => {
  it('name targets that exist', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/design.md', 'docs/decisions/biome.md']));
    expect(pages.flatMap((page) => brokenLinks(page, readFileSync(join(root, page), 'utf8'), readFromRoot))).toEqual(
      [],
    );
  });

  it('are reported when their target does not exist', () => {
    const text =
      '# Here\n[a](there.md#one-two) [b](gone.md) [c](#here) [d](#gone) [e](https://a.example) ' +
      '`src/gone` `src/x.ts` `.ci/gone` `there.md` `NOTHING.md` `Message.seq`';
    const files = new Map([
      ['docs/there.md', '## One two'],
      ['src/x.ts', ''],
    ]);
    expect(brokenLinks('docs/page.md', text, (path) => files.get(path) ?? null)).toEqual([
      'docs/page.md: gone.md',
      'docs/page.md: #gone',
      'docs/page.md: src/gone',
      'docs/page.md: .ci/gone',
      'docs/page.md: NOTHING.md',
    ]);
  });
});
