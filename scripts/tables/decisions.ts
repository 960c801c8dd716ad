/** The index of `docs/decisions`, from the head of each page: its title, its status and its date. */
import { globSync, readFileSync } from 'node:fs';
import { markdownTable } from './markdown.ts';

const folder = new URL('../../docs/decisions/', import.meta.url);

export function decisionsTable(pages: ReadonlyMap<string, string> = readPages()): string {
  const rows = [...pages].map(([name, text]) => {
    const head = /^# (?<title>.+)\n\n- Status: (?<status>.+)\n- Date: (?<date>\d{4}-\d{2}-\d{2})\n\n/.exec(
      text,
    )?.groups;
    if (head === undefined)
      throw new Error(`docs/decisions/${name} must begin with its title, "- Status: …" and "- Date: YYYY-MM-DD".`);
    return [`[${head.title}](${name})`, head.status ?? '', head.date ?? ''];
  });
  return markdownTable(['decision', 'status', 'date'], rows.sort(byDateThenName));
}

function byDateThenName([a = '', , dateA = '']: string[], [b = '', , dateB = '']: string[]): number {
  return dateA.localeCompare(dateB) || a.localeCompare(b);
}

function readPages(): Map<string, string> {
  const names = globSync('*.md', { cwd: folder.pathname }).filter((name) => name !== 'README.md');
  return new Map(names.map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]));
}
