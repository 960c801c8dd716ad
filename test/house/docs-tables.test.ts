/** Every generated table is fresh, and `scripts/docs-tables.ts` reports one that is not. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decisionsTable } from '../../scripts/tables/decisions.ts';
import { markdownTable, replaceTable } from '../../scripts/tables/markdown.ts';

const root = new URL('../..', import.meta.url).pathname;

function runIn(folder: string, ...args: string[]): { code: number | null; errors: string } {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/docs-tables.ts', ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: status, errors: stderr };
}

/** A copy of all that the tables are made from, and of the pages that show them. */
function copyProject(): { folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-tables-'));
  for (const name of ['README.md', 'package.json', 'bench', 'docs', 'scripts', 'src'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

describe('docs-tables', () => {
  it('finds every table in the pages fresh', () => {
    expect(runIn(root, '--check')).toEqual({ code: 0, errors: '' });
  });

  it('names each stale table, and rewrites it', () => {
    using project = copyProject();
    const page = join(project.folder, 'README.md');
    const fresh = readFileSync(page, 'utf8');
    const stale = fresh.replace('| `PORT` | `4000` |', '| `PORT` | `4001` |').replace(/^\| Start to ready.*\n/m, '');
    expect(stale).not.toBe(fresh);
    writeFileSync(page, stale);

    const { code, errors } = runIn(project.folder, '--check');
    expect(code).toBe(1);
    expect(errors).toContain('settings in README.md, figures in README.md\n');
    expect(readFileSync(page, 'utf8')).toBe(stale);

    expect(runIn(project.folder)).toEqual({ code: 0, errors: '' });
    expect(readFileSync(page, 'utf8')).toBe(fresh);
  });

  it('fails when a page has lost the place of its table', () => {
    using project = copyProject();
    const page = join(project.folder, 'docs/errors.md');
    writeFileSync(page, readFileSync(page, 'utf8').replace('<!-- /codes -->', ''));
    const { code, errors } = runIn(project.folder, '--check');
    expect(code).toBe(1);
    expect(errors).toContain('<!-- /codes -->');
  });
});

describe('the index of decisions', () => {
  const page = (title: string, date: string, status = 'accepted') =>
    `# ${title}\n\n- Status: ${status}\n- Date: ${date}\n\n## Context\n`;

  it('lists the pages by date', () => {
    const table = decisionsTable(
      new Map([
        ['b.md', page('Beta', '2026-11-25')],
        ['a.md', page('Alpha', '2026-11-24', 'superseded by [Beta](b.md)')],
      ]),
    );
    expect(table.split('\n').slice(2)).toEqual([
      '| [Alpha](a.md) | superseded by [Beta](b.md) | 2026-11-24 |',
      '| [Beta](b.md) | accepted | 2026-11-25 |',
    ]);
  });

  it('refuses a page without a date', () => {
    expect(() => decisionsTable(new Map([['a.md', '# Alpha\n\n- Status: accepted\n\n## Context\n']]))).toThrow('a.md');
  });
});

describe('a generated table', () => {
  it('refuses a cell that would shift its columns', () => {
    expect(() => markdownTable(['a'], [['1 | 2']])).toThrow('1 | 2');
    expect(() => markdownTable(['a', 'b'], [['1']])).toThrow('2 cells');
  });

  it('replaces only the text between its comments', () => {
    const text = 'a\n<!-- one -->\nold\n<!-- /one -->\nb\n<!-- two -->\nkept\n<!-- /two -->\n';
    expect(replaceTable(text, 'one', '$& new')).toBe(text.replace('old', () => '$& new'));
    for (const broken of ['a', '<!-- /one -->\n<!-- one -->\n', `${text}${text}`])
      expect(() => replaceTable(broken, 'one', '')).toThrow('once');
  });
});
