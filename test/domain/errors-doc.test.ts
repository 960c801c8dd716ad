import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CloseEntry, closeCodes, type ErrorEntry, errorCatalogue } from '../../src/domain/errors.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

/** The cells of a table on the page, without the padding that an editor may add. */
function rowsOf(markdown: string | undefined): string[][] {
  const lines = (markdown ?? '').split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const shown = (name: string) => new RegExp(`<!-- ${name} -->([\\s\\S]*?)<!-- /${name} -->`).exec(page)?.[1];

describe('docs/errors.md', () => {
  it('shows for each code the retry rule, the meaning and the next step', () => {
    const catalogue = Object.entries<ErrorEntry>(errorCatalogue);
    expect(rowsOf(shown('codes'))).toEqual(
      catalogue.map(([code, { retryable, meaning, clientAction }]) => [
        `\`${code}\``,
        retryable ? 'yes' : 'no',
        meaning,
        clientAction,
      ]),
    );
    for (const [, { meaning, clientAction }] of catalogue)
      for (const sentence of [meaning, clientAction]) expect(sentence).toMatch(/^[A-Z`][^|\n]*\.$/);
  });

  it('names no code that is in neither list', () => {
    const named = [...page.matchAll(/`([A-Z]+(?:_[A-Z]+)+|FORBIDDEN|OVERLOADED|UNAVAILABLE|UNAUTHENTICATED)`/g)];
    const settings = ['ALLOWED_ORIGINS', 'REQUEST_MAX_BYTES'];
    const unknown = named
      .map(([, name]) => name ?? '')
      .filter((name) => !(name in errorCatalogue) && !settings.includes(name));
    expect(unknown).toEqual([]);
  });
});

describe('the close codes', () => {
  const codes = Object.values<CloseEntry>(closeCodes);

  it('are all different, and fit into a close frame with their meaning', () => {
    expect(new Set(codes.map(({ code }) => code)).size).toBe(codes.length);
    for (const { meaning } of codes) expect(Buffer.byteLength(meaning)).toBeLessThanOrEqual(123);
  });

  // graphql-ws' client decides by the code alone: where it gives up must be where coming back is of no use.
  it('lead the common client to the documented behaviour', () => {
    const fatal = new Set([4400, 4401, 4406, 4409, 4429, 4500, 4004, 4005]);
    const comesBack = (code: number) =>
      code < 2_000 ? [1000, 1001, 1005, 1006, 1012, 1013, 1014].includes(code) : !fatal.has(code);
    for (const { code, reconnect } of codes) expect([code, comesBack(code)]).toEqual([code, reconnect !== 'no']);
  });
});
