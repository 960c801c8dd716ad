/** Ids that a client chooses, so that the repeat of a mutation is harmless. */
import { serverKeyPrefix } from '../domain/entry-key.ts';
import { badInput } from '../domain/errors.ts';

const maxBytes = 128;

/** @throws DomainError `BAD_USER_INPUT` */
export function checkClientId(field: string, id: string): void {
  const bytes = Buffer.byteLength(id);
  if (bytes < 1 || bytes > maxBytes) throw badInput(field, `${field} must have 1 to ${maxBytes} bytes.`);
  // Clients find a message by its sender and this id: it must differ from those of the entries that the server makes.
  if (id.startsWith(serverKeyPrefix)) throw badInput(field, `${field} must not begin with ${serverKeyPrefix}`);
  // It is a key in every store, and not every store distinguishes such texts.
  if (!id.isWellFormed() || id.includes('\0')) throw badInput(field, `${field} must be well-formed text without NUL.`);
}
