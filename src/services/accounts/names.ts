/** What users and devices may be called. */
import { DomainError } from '../../domain/errors.ts';

const usernamePattern = /^[A-Za-z0-9._-]{3,32}$/;
/** Control characters, and whatever else ends a line. */
const controlPattern = /[\p{Cc}\u2028\u2029]/u;
const nameMax = 64;

export function isUsername(text: string): boolean {
  return usernamePattern.test(text);
}

/**
 * A display name or a device's, without the space around it.
 *
 * @throws DomainError `BAD_USER_INPUT`, naming the field
 */
export function checkName(field: string, text: string): string {
  const name = text.trim();
  if (name.length < 1 || name.length > nameMax || !name.isWellFormed() || controlPattern.test(name)) {
    throw new DomainError('BAD_USER_INPUT', `${field} must have 1 to ${nameMax} characters on one line.`);
  }
  return name;
}

/** What an identity provider calls somebody, made to fit; null when nothing is left. */
export function toName(text: string): string | null {
  const onOneLine = text.replaceAll(new RegExp(controlPattern, 'gu'), ' ').slice(0, nameMax);
  // A pair that the cut has split ends as a replacement character.
  return onOneLine.toWellFormed().trim() || null;
}
