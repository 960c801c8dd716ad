import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { descriptions } from '../../src/config/settings.ts';
import { listBounds } from '../../src/resolvers/list-bounds.ts';
import { operationLimitDefaults } from '../../src/server/pipeline/limits.ts';
import { serverLimitDefaults } from '../../src/server/ports.ts';
import { logInNameRule, logInRule } from '../../src/services/accounts/log-in-attempts.ts';

const root = new URL('../../', import.meta.url).pathname;
const page = readFileSync(`${root}docs/limits.md`, 'utf8');

/** The cells of the rows of each table below a heading. */
function tablesUnder(heading: string): string[][][] {
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const tables = [...section.matchAll(/(?:^\|.*\n)+/gm)].map(([table]) => table.trimEnd().split('\n').slice(2));
  return tables.map((lines) =>
    lines.map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    ),
  );
}

const rowsUnder = (heading: string): string[][] => tablesUnder(heading).flat();

const thousands = (value: number) => value.toLocaleString('en-US');

it('docs/limits.md shows how large an operation may be', () => {
  const what: Record<keyof typeof operationLimitDefaults, string> = {
    tokensMax: 'tokens of the document',
    depthMax: 'nesting depth of fields',
    introspectionDepthMax: 'nesting depth below `__schema` and `__type`',
    rootFieldsMax: 'root fields',
    aliasesMax: 'aliases',
    costMax: 'cost',
  };
  expect(rowsUnder('The size of an operation').filter(([name]) => !name?.includes('.'))).toEqual(
    Object.entries(operationLimitDefaults).map(([name, max]) => [what[name as keyof typeof what], thousands(max)]),
  );
});

it('docs/limits.md shows the bounds of lists without a page size', () => {
  const bounds = Object.entries(listBounds).map(([name, { max, counted }]) => [
    `\`${name}\``,
    counted === undefined ? thousands(max) : `${thousands(max)}; the cost counts ${counted}`,
  ]);
  expect(rowsUnder('The size of an operation').filter(([name]) => name?.includes('.'))).toEqual(bounds);
});

it('docs/limits.md shows each setting that is a limit, with its default', () => {
  const headings = ['Sizes of requests and answers', 'Connections', 'Sockets'];
  const rows = headings.flatMap(rowsUnder);
  for (const [, name = '', initial] of rows) {
    const setting = descriptions.find(({ env }) => env === name.replaceAll('`', ''));
    expect([name, initial]).toEqual([name, `${setting?.default} ${setting?.unit}`]);
  }
  // Those that bound the server's own work rather than a client's are in the README's table only.
  const notOfClients = ['BACKLOG_MAX', 'MYSQL_CONNECTIONS_MAX'];
  const limits = descriptions
    .map(({ env }) => env)
    .filter((name) => /_MAX(_BYTES)?$/.test(name) && !notOfClients.includes(name));
  expect(rows.map(([, name]) => name?.replaceAll('`', '')).sort()).toEqual(limits.sort());
});

it('docs/limits.md shows how much a socket may send, and how long it may be silent or unread', () => {
  const { initTimeoutMs, slowReaderMs, socketBufferMaxBytes, messagesPerSecondMax } = serverLimitDefaults;
  const text = page.replaceAll('\n', ' ');
  expect(text).toContain(`more than ${thousands(messagesPerSecondMax)} messages in a second is closed with 4429`);
  expect(text).toContain(`\`connection_init\` after ${initTimeoutMs / 1000} seconds is closed with 4408`);
  expect(text).toContain(`When ${socketBufferMaxBytes / 2 ** 20} MiB waits`);
  expect(text).toContain(`After ${slowReaderMs / 1000} seconds it is closed with 1013`);
});

it('docs/limits.md shows every rate limit there is in the source', () => {
  const pattern = /: RateLimit = \{ name: '(\w+)', points: ([\d_]+), windowMs: ([\d_]+) \}/g;
  const number = (text: string | undefined) => Number(text?.replaceAll('_', ''));
  const found = globSync('src/**/*.ts', { cwd: root }).flatMap((path) =>
    [...readFileSync(`${root}${path}`, 'utf8').matchAll(pattern)].map(([, name, points, windowMs]) => [
      `\`${name}\``,
      `${thousands(number(points))} in ${number(windowMs) / 1000} s`,
    ]),
  );
  const shown = tablesUnder('Rate limits')[0]?.map(([name, , , allowance]) => [name, allowance]) ?? [];
  expect(found.length).toBeGreaterThan(0);
  expect(shown.sort()).toEqual(found.sort());
});

it('docs/limits.md shows how wrong passwords are counted', () => {
  const shown = tablesUnder('Rate limits')[1]?.map(([name, , free, waits, forgotten]) => [
    name,
    free,
    waits,
    forgotten,
  ]);
  expect(shown).toEqual(
    [logInRule, logInNameRule].map(({ name, free, firstWaitMs, waitMaxMs, forgetAfterMs }) => [
      `\`${name}\``,
      String(free),
      `${firstWaitMs / 1000} s to ${waitMaxMs / 1000} s`,
      `${forgetAfterMs / 1000} s without a failure`,
    ]),
  );
});
