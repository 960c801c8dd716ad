/** The catalogue of errors and the list of close codes, for `docs/errors.md`. */
import { type CloseEntry, closeCodes, type ErrorEntry, errorCatalogue } from '../../src/domain/errors.ts';
import { markdownTable } from './markdown.ts';

export function codesTable(): string {
  return markdownTable(
    ['code', 'retry', 'meaning', "client's next step"],
    Object.entries<ErrorEntry>(errorCatalogue).map(([code, { retryable, meaning, clientAction }]) => [
      `\`${code}\``,
      retryable ? 'yes' : 'no',
      meaning,
      clientAction,
    ]),
  );
}

export function closeCodesTable(): string {
  return markdownTable(
    ['code', 'reconnect', 'meaning', "client's next step"],
    Object.values<CloseEntry>(closeCodes)
      .sort((a, b) => a.code - b.code)
      .map(({ code, reconnect, meaning, clientAction }) => [
        `${code}`,
        reconnect === 'no' ? 'no' : `yes, ${reconnect}`,
        meaning,
        clientAction,
      ]),
  );
}
