import type { MemberRole } from './conversation.ts';
import type { EntryKey } from './entry-key.ts';
import type { EntryKind } from './entry-kinds.ts';
import type { ConversationId, MessageId, Millis, Seq, UserId } from './ids.ts';

export type MessageStatus = 'SENDING' | 'SENT' | 'DELIVERED' | 'READ' | 'FAILED';
export type SystemEventKind =
  | 'GROUP_CREATED'
  | 'MEMBERS_ADDED'
  | 'MEMBERS_REMOVED'
  | 'MEMBER_LEFT'
  | 'ROLE_CHANGED'
  | 'GROUP_UPDATED';

export interface Attachment {
  readonly url: string;
  readonly contentType: string;
  readonly name?: string | null;
  /** Size, 0 or more. */
  readonly bytes?: number | null;
}

/** The content of a SYSTEM message. */
export interface SystemEvent {
  readonly kind: SystemEventKind;
  /** The users who were added, were removed or left, or whose role changed. */
  readonly userIds: readonly UserId[];
  /** The title of a new group, or the new title of a group. */
  readonly title?: string;
  /** New values of a group; null removes one. */
  readonly description?: string | null;
  readonly avatarUrl?: string | null;
  /** For ROLE_CHANGED. An owner who gives OWNER away becomes ADMIN by the same event. */
  readonly role?: MemberRole;
}

/** Whether the event makes its users members. */
export function isArrival({ kind }: Pick<SystemEvent, 'kind'>): boolean {
  return kind === 'GROUP_CREATED' || kind === 'MEMBERS_ADDED';
}

/** Whether the event ends the membership of its users. */
export function isDeparture({ kind }: Pick<SystemEvent, 'kind'>): boolean {
  return kind === 'MEMBERS_REMOVED' || kind === 'MEMBER_LEFT';
}

/** The sender's content. */
export interface MessageBody {
  readonly text: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly attachments?: readonly Attachment[];
  readonly replyToId?: MessageId;
  readonly systemEvent?: SystemEvent;
}

/** Accepted but not yet numbered. */
export interface Draft {
  readonly id: MessageId;
  readonly conversationId: ConversationId;
  readonly kind: EntryKind;
  readonly senderId: UserId;
  readonly key: EntryKey;
  readonly body: MessageBody;
}

/** Numbered and stored. */
export interface Message extends Draft {
  readonly seq: Seq;
  /** Number of countable messages up to and including this one. The difference of two ordinals is an unread count. */
  readonly ordinal: Seq;
  /** Number of the latest entry, up to and including this one, that changed the conversation's members; 0 if there is none. */
  readonly membershipSeq: Seq;
  readonly sentAt: Millis;
}

/**
 * A body as canonical JSON: equal bodies give equal text, regardless of the order of the keys in `data`. Lone surrogates
 * and NUL are written as escapes, so every store keeps the text byte for byte.
 */
export function encodeBody(body: MessageBody): string {
  return JSON.stringify(body.data === undefined ? body : { ...body, data: sortKeys(body.data) });
}

export function decodeBody(json: string): MessageBody {
  return JSON.parse(json) as MessageBody;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== 'object') return value;
  // fromEntries defines keys instead of assigning them, so a key named __proto__ stays plain data.
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}
