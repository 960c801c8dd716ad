/** Commands that the Markdown files name exist: scripts of `package.json`, programs in `node_modules`, files of the project. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;
const pages = globSync(['**/*.md', '.github/**/*.md'], { cwd: root, exclude: ['**/node_modules'] });

/** The inline code and the code blocks of a page. */
function codeIn(text: string): string {
  return [...text.matchAll(/^ *```[\s\S]*?^ *```|`[^`\n]+`/gm)].map(([code]) => code).join('\n');
}

interface Project {
  readonly scripts: readonly string[];
  /** A program that `npx` finds. */
  hasProgram(name: string): boolean;
  hasFile(path: string): boolean;
}

function brokenCommands(page: string, text: string, { scripts, hasProgram, hasFile }: Project): string[] {
  const code = codeIn(text);
  const all = (pattern: RegExp) => [...code.matchAll(pattern)].map(([, name]) => name as string);
  return [
    ...all(/\bnpm run (?:-s )?([\w:-]+)/g).filter((name) => !scripts.includes(name)),
    ...all(/\bnpm (start|test)\b/g).filter((name) => !scripts.includes(name)),
    ...all(/\bnpx ([\w-]+)/g).filter((name) => !hasProgram(name)),
    ...all(/\bnode (?:--[\w=-]+ )*([\w./-]+\.[jt]s)\b/g).filter((path) => !hasFile(path)),
    ...all(/\bvitest (?:run )?((?:test|src)\/[\w./-]+)/g).filter((path) => !hasFile(path)),
    ...all(/\bnpm run test:only -- ([\w./-]+)/g).filter((path) => !hasFile(path)),
  ].map((command) => `${page}: ${command}`);
}

describe('commands in the documents', () => {
  it('name scripts, programs and files that exist', () => {
    const { bin, scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      bin: Record<string, string>;
      scripts: Record<string, string>;
    };
    const project: Project = {
      scripts: Object.keys(scripts),
      hasProgram: (name) => existsSync(join(root, bin[name] ?? join('node_modules/.bin', name))),
      hasFile: (path) => existsSync(join(root, path)),
    };
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'tools/graphiql/README.md']));
    expect(pages.flatMap((page) => brokenCommands(page, readFileSync(join(root, page), 'utf8'), project))).toEqual([]);
  });

  it('are reported when they name something that does not exist', () => {
    const project: Project = {
      scripts: ['bench', 'test', 'test:only'],
      hasProgram: (name) => name === 'vitest',
      hasFile: (path) => path === 'test/api',
    };
    const text = [
      'We npm run prose. `npm run bench -- floors`, `npm run gone:too`, `npm test && npm start`',
      '```sh',
      'MODEL_RUNS=5 npx vitest run test/api',
      'npx gone && node --watch gone.ts',
      'npm run test:only -- test/gone.test.ts',
      '```',
    ].join('\n');
    expect(brokenCommands('page.md', text, project)).toEqual([
      'page.md: gone:too',
      'page.md: start',
      'page.md: gone',
      'page.md: gone.ts',
      'page.md: test/gone.test.ts',
    ]);
  });
});
