/** Addresses of files on other servers, which clients open. */
import { badInput } from './errors.ts';

export const webAddressMax = 2_048;
/** An absolute address: parsers disagree about one without slashes, and about white space, controls and backslashes in it. */
const webAddress = /^https?:\/\/[^\p{White_Space}\p{Cc}\\]+$/iu;

/**
 * The address as every parser of URLs reads it: https://Example.com/ü becomes https://example.com/%C3%BC.
 *
 * @throws DomainError `BAD_USER_INPUT`, naming the field
 */
export function checkWebAddress(field: string, text: string): string {
  const url = text.length <= webAddressMax && webAddress.test(text) ? URL.parse(text) : null;
  if (url === null || url.href.length > webAddressMax)
    throw badInput(
      field,
      `${field} must be an http or https URL of at most ${webAddressMax} characters, without spaces.`,
    );
  if (url.username !== '' || url.password !== '')
    throw badInput(field, `${field} must not contain a user name or a password.`);
  return url.href;
}
