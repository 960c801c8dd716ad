/**
 * The key of a log entry, unique in its conversation: an entry that is written again under its key is found and not stored twice.
 *
 * The key of a user's entry is the user's id, a colon and the id that the client chose. The keys of the server's entries have a prefix
 * that no user id has, so a client can neither use nor reserve such a key.
 */
import type { MessageId, UserId } from './ids.ts';

export type EntryKey = string;

/** Client ids with this prefix are refused, because `clientMessageIdOf` shows the server's keys as they are. */
export const serverKeyPrefix = 'server:';

export function userKey(senderId: UserId, clientMessageId: string): EntryKey {
  return `${senderId}:${clientMessageId}`;
}

/** @param id - the id of the recorded event, such as a change of membership. It is written once, even if several instances try. */
export function serverKey(id: MessageId): EntryKey {
  return `${serverKeyPrefix}${id}`;
}

/** The id that a server's key was made of. */
export function serverKeyName(key: EntryKey): MessageId {
  return key.slice(serverKeyPrefix.length);
}

/** The id that a client finds an entry by, together with its sender. */
export function clientMessageIdOf({ senderId, key }: { readonly senderId: UserId; readonly key: EntryKey }): string {
  return key.startsWith(`${senderId}:`) ? key.slice(senderId.length + 1) : key;
}
