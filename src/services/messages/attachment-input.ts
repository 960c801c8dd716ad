/**
 * References to files on other servers. Clients open the address, and hand the media type and the name to other programs: each is
 * kept in a form that no program reads as anything else.
 */
import { badInput, type DomainError } from '../../domain/errors.ts';
import { checkLine } from '../../domain/line.ts';
import type { Attachment } from '../../domain/message.ts';
import { checkWebAddress } from '../../domain/web-address.ts';

export interface AttachmentInput {
  readonly url: string;
  readonly contentType: string;
  readonly name?: string | null;
  readonly byteSize?: bigint | null;
}

const contentTypeMax = 255;
const nameMax = 255;
/** Sizes are kept as JSON numbers, which are exact up to here. */
const byteSizeMax = Number.MAX_SAFE_INTEGER;
/** type/subtype of RFC 9110 section 8.3.1, with any parameters on one line of ASCII. No two parts match the same character. */
const mediaType = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}(?: ?;[\x20-\x7e]*)?$/;

/** @throws DomainError `BAD_USER_INPUT`, naming the field */
export function checkAttachment({ url, contentType, name, byteSize }: AttachmentInput, index: number): Attachment {
  const field = `attachments[${index}]`;
  if (contentType.length > contentTypeMax || !mediaType.test(contentType))
    throw bad(
      `${field}.contentType`,
      `must be a media type such as image/png, of at most ${contentTypeMax} characters.`,
    );
  if (byteSize != null && (byteSize < 0n || byteSize > byteSizeMax)) {
    throw bad(`${field}.byteSize`, `must be 0 to ${byteSizeMax}.`);
  }
  return {
    url: checkWebAddress(`${field}.url`, url),
    contentType,
    ...(name == null ? {} : { name: checkName(`${field}.name`, name) }),
    ...(byteSize == null ? {} : { bytes: Number(byteSize) }),
  };
}

/** A name under which a client may save the file in a folder of its choice, and nowhere else. */
function checkName(field: string, text: string): string {
  const name = checkLine(field, text, nameMax);
  if (/[/\\]/.test(name) || /^\.+$/.test(name)) throw bad(field, 'must be the name of a file, without a folder.');
  return name;
}

function bad(field: string, problem: string): DomainError {
  return badInput(field, `${field} ${problem}`);
}
