/** The server's own type for each GraphQL type. Fields that are not part of it are loaded when they are selected. */
import type { Member } from '../domain/conversation.ts';
import type { Attachment, Message, MessageStatus, SystemEvent } from '../domain/message.ts';
import type { Presence } from '../domain/presence.ts';
import type { Device, User, Viewer } from '../domain/user.ts';
import type { ReceiptHint, StatusHint } from '../pubsub/topics.ts';
import type { Session } from '../services/accounts/account-service.ts';
import type { ConversationView } from '../services/conversations/conversation-service.ts';
import type { InboxEntry, InboxPage, TruncatedBacklog } from '../services/inbox/inbox-service.ts';
import type { StreamEvent } from '../services/stream/stream-service.ts';

export type UserModel = User;
export type ViewerModel = Viewer;
/** `isCurrent` is set where the viewer is not known yet: in the answer to a sign-in. */
export type DeviceModel = Device & { readonly isCurrent?: boolean };
export type SessionModel = Session;
export type ConversationModel = ConversationView;
/** A member, with the conversation's id for loading the positions. */
export type MemberModel = Member;
/** `answeredStatus` replaces the status in the answer to a send, which is SENT even if the message has been read since. */
export type MessageModel = Message & { readonly answeredStatus?: MessageStatus };
export type SystemEventModel = SystemEvent;
export type AttachmentModel = Attachment;
export type PresenceModel = Presence;
export type InboxPageModel = InboxPage;
export type InboxEntryModel = InboxEntry;
export type TruncatedBacklogModel = TruncatedBacklog;
export type ReceiptChangeModel = ReceiptHint;
export type MessageStatusChangeModel = StatusHint;
export type StreamReadyModel = Extract<StreamEvent, { type: 'StreamReady' }>;
export type MessageReceivedModel = Extract<StreamEvent, { type: 'MessageReceived' }>;
export type StreamTruncatedModel = Extract<StreamEvent, { type: 'StreamTruncated' }>;
export type StreamHeartbeatModel = Extract<StreamEvent, { type: 'StreamHeartbeat' }>;
