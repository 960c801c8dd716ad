/** Opaque cursors: a version and a position. A cursor of another version, or of another list, is refused. */
import { badInput } from '../domain/errors.ts';

const version = 'v1';

export function encodeCursor(list: string, ...parts: readonly (string | bigint | number)[]): string {
  return Buffer.from([version, list, ...parts].join(':')).toString('base64url');
}

/**
 * @param field - the argument that has the cursor
 * @throws DomainError `BAD_USER_INPUT`: not a cursor of this list
 */
export function decodeCursor(list: string, cursor: string, partsCount: number, field = 'after'): string[] {
  const [foundVersion, foundList, ...parts] = Buffer.from(cursor, 'base64url').toString('utf8').split(':');
  const isSound = foundVersion === version && foundList === list && parts.length === partsCount;
  if (!isSound || !parts.every((part) => /^\d{1,19}$/.test(part))) {
    throw badInput(field, 'Cursor does not belong to this list.');
  }
  return parts;
}

/** A page of a list from either end, as the Relay cursor connections specification asks for it. */
export interface PageRequest {
  readonly first?: number | null;
  readonly after?: string | null;
  /** Counts from the end of the list. Used instead of `first`, which may be a default. */
  readonly last?: number | null;
  readonly before?: string | null;
}

/** @throws DomainError `BAD_USER_INPUT`: the page size is not 1 to `max` */
export function pageSizeOf({ first, last }: PageRequest, usual: number, max: number): number {
  const size = last ?? first ?? Math.min(usual, max);
  checkPageSize(last != null ? 'last' : 'first', size, max);
  return size;
}

/** @throws DomainError `BAD_USER_INPUT`: a page size that is not 1 to `max` */
export function checkPageSize(name: string, size: number, max: number): void {
  if (!Number.isInteger(size) || size < 1 || size > max) {
    throw badInput(name, `${name} must be 1 to ${max}.`, { max });
  }
}
