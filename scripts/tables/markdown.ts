/** Generated tables as Markdown, and their places in the pages. */

/** @throws when a cell holds a bar or a line break, either of which would shift the columns */
export function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  for (const row of rows) {
    const broken = row.find((cell) => /[|\n]/.test(cell));
    if (broken !== undefined) throw new Error(`A cell of a table cannot hold a bar or a line break: ${broken}`);
    if (row.length !== headings.length) throw new Error(`A row needs ${headings.length} cells: ${row.join(', ')}`);
  }
  return [headings, headings.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The page with `table` between the comments `<!-- name -->` and `<!-- /name -->`. */
export function replaceTable(page: string, name: string, table: string): string {
  const [before, rest, ...repeats] = page.split(`<!-- ${name} -->\n`);
  const end = rest?.indexOf(`<!-- /${name} -->`) ?? -1;
  if (before === undefined || rest === undefined || end < 0 || repeats.length > 0)
    throw new Error(`A page needs <!-- ${name} --> and <!-- /${name} --> once, each on a line of its own.`);
  return `${before}<!-- ${name} -->\n${table}\n${rest.slice(end)}`;
}
