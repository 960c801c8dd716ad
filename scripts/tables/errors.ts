/** Writes the catalogue of errors and the list of close codes into `docs/errors.md`, between their markers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type CloseEntry, closeCodes, type ErrorEntry, errorCatalogue } from '../../src/domain/errors.ts';

export const errorsPage = new URL('../../docs/errors.md', import.meta.url);

export function codesTable(): string {
  const rows = Object.entries<ErrorEntry>(errorCatalogue).map(
    ([code, { retryable, meaning, clientAction }]) =>
      `| \`${code}\` | ${retryable ? 'yes' : 'no'} | ${meaning} | ${clientAction} |`,
  );
  return ['| code | retry | what it means | what a client does next |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}

export function closeCodesTable(): string {
  const rows = Object.values<CloseEntry>(closeCodes)
    .sort((a, b) => a.code - b.code)
    .map(
      ({ code, reconnect, meaning, clientAction }) =>
        `| ${code} | ${reconnect === 'no' ? 'no' : `yes, ${reconnect}`} | ${meaning} | ${clientAction} |`,
    );
  return ['| code | come back | what it means | what a client does next |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}

if (import.meta.main) {
  const tables: Record<string, string> = { codes: codesTable(), 'close codes': closeCodesTable() };
  const page = readFileSync(errorsPage, 'utf8').replace(
    /<!-- ([\w ]+) -->[\s\S]*?<!-- \/\1 -->/g,
    (whole, name: string) =>
      tables[name] === undefined ? whole : `<!-- ${name} -->\n${tables[name]}\n<!-- /${name} -->`,
  );
  writeFileSync(errorsPage, page);
}
