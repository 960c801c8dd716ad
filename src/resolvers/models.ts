/** What stands behind each GraphQL type inside the server. Fields that are not here are asked for when they are selected. */
import type { Member } from '../domain/conversation.ts';
import type { Message, MessageStatus, SystemEvent } from '../domain/message.ts';
import type { Presence } from '../domain/presence.ts';
import type { User } from '../domain/user.ts';
import type { ReceiptHint, StatusHint } from '../pubsub/topics.ts';
import type { ConversationView } from '../services/conversations/conversation-service.ts';
import type { InboxEntry, InboxPage } from '../services/inbox/inbox-service.ts';
import type { StreamEvent } from '../services/stream/stream-service.ts';

export type UserModel = User;
export type ConversationModel = ConversationView;
/** A member, with the conversation's id to find the positions by. */
export type MemberModel = Member;
/** `answeredStatus` stands for the status where that is already said, whatever has become of the message since. */
export type MessageModel = Message & { readonly answeredStatus?: MessageStatus };
export type SystemEventModel = SystemEvent;
export type PresenceModel = Presence;
export type InboxPageModel = InboxPage;
export type InboxEntryModel = InboxEntry;
export type ReceiptChangeModel = ReceiptHint;
export type MessageStatusChangeModel = StatusHint;
export type StreamReadyModel = Extract<StreamEvent, { type: 'StreamReady' }>;
export type MessageReceivedModel = Extract<StreamEvent, { type: 'MessageReceived' }>;
export type StreamTruncatedModel = Extract<StreamEvent, { type: 'StreamTruncated' }>;
export type StreamHeartbeatModel = Extract<StreamEvent, { type: 'StreamHeartbeat' }>;
