/** Classifies errors of SQLite by the effect of repeating the statement. */

/** SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL */
const passingCodes = new Set([5, 6, 13]);
/** SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_RANGE */
const dataCodes = new Set([18, 19, 20, 25]);

function primaryCode(error: unknown): number | null {
  const { errcode } = (error ?? {}) as { errcode?: number };
  return errcode === undefined ? null : errcode & 0xff;
}

/** The file is locked or the disk is full: the same statement succeeds later. */
export function isPassing(error: unknown): boolean {
  return passingCodes.has(primaryCode(error) ?? -1);
}

/** The values are invalid: the same statement always fails. */
export function isAboutData(error: unknown): boolean {
  const code = primaryCode(error);
  if (code !== null) return dataCodes.has(code);
  // Values that never reach SQLite: of a wrong type, or a number of more than 64 bits.
  return [TypeError, RangeError, SyntaxError].some((kind) => error instanceof kind);
}
