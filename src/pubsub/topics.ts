import type { ConversationId, DeviceId, Millis, Seq, UserId } from '../domain/ids.ts';
import type { Message } from '../domain/message.ts';
import type { Presence } from '../domain/presence.ts';
import type { Positions } from '../domain/receipt.ts';

/** A topic's name; its type parameter is the type of the payloads. */
export interface Topic<T> {
  readonly name: string;
  /** Only for the type checker: no topic has a value here. */
  readonly payload?: T;
}

/** New entries of a user's inbox. */
export type InboxHint = {
  /** The inbox number of `message`; the run it belongs to may be longer. */
  readonly seq: Seq;
  /** Null: read the store. */
  readonly message: Message | null;
};

/** A new message of a conversation that is fanned out on read. */
export type ConversationHint = { readonly message: Message };

/** A member's positions have advanced. */
export type ReceiptHint = Positions & {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly at: Millis;
};

/** Messages of the topic's user have changed their status. */
export type StatusHint = {
  readonly messageId: string;
  readonly clientMessageId: string;
  readonly conversationId: ConversationId;
  readonly status: 'SENDING' | 'SENT' | 'DELIVERED' | 'READ' | 'FAILED';
  readonly seq: Seq | null;
  readonly sinceSeq: Seq | null;
  readonly reason: string | null;
};

/** A session was revoked; its sockets close. */
export type RevocationHint = { readonly userId: UserId; readonly deviceId: DeviceId };

/** A conversation's members have changed; caches and streams reload them. */
export type MembershipHint = { readonly conversationId: ConversationId; readonly userIds: readonly UserId[] };

export const topics = {
  inbox: (userId: UserId): Topic<InboxHint> => ({ name: `inbox:${userId}` }),
  conversation: (id: ConversationId): Topic<ConversationHint> => ({ name: `conversation:${id}` }),
  receipts: (userId: UserId): Topic<ReceiptHint> => ({ name: `receipts:${userId}` }),
  statuses: (userId: UserId): Topic<StatusHint> => ({ name: `statuses:${userId}` }),
  memberships: (userId: UserId): Topic<MembershipHint> => ({ name: `memberships:${userId}` }),
  presence: (userId: UserId): Topic<Presence> => ({ name: `presence:${userId}` }),
  revocations: { name: 'revocations' } as Topic<RevocationHint>,
};
