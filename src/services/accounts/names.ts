/** Names of users and devices. */
import { checkLine, toLine } from '../../domain/line.ts';

const usernamePattern = /^[A-Za-z0-9._-]{3,32}$/;
const nameMax = 64;

export function isUsername(text: string): boolean {
  return usernamePattern.test(text);
}

/**
 * A display name or a device's name, without the space around it.
 *
 * @throws DomainError `BAD_USER_INPUT`, naming the field
 */
export function checkName(field: string, text: string): string {
  return checkLine(field, text, nameMax);
}

/** An identity provider's name, changed to meet the rules; null if nothing is left of it. */
export function toName(text: string): string | null {
  return toLine(text, nameMax);
}
