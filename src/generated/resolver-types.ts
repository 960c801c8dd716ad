/* Made by `npm run codegen` from schema/; do not edit. */
import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { UserModel, ViewerModel, DeviceModel, SessionModel, ConversationModel, MemberModel, MessageModel, SystemEventModel, AttachmentModel, PresenceModel, InboxPageModel, InboxEntryModel, TruncatedBacklogModel, ReceiptChangeModel, MessageStatusChangeModel, StreamReadyModel, MessageReceivedModel, StreamTruncatedModel, StreamHeartbeatModel } from '../resolvers/models.ts';
import type { Context } from '../resolvers/context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = T | null | undefined;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /**
   * A whole number as a decimal string, such as `"4294967296"`, because it may exceed the 32 bits of `Int`. Input may also be a whole JSON
   * number up to 2^53 - 1.
   */
  BigInt: { input: bigint; output: bigint; }
  /**
   * An instant as RFC 3339 text in UTC with milliseconds, such as `2026-03-01T12:00:00.000Z`. Input may have any offset; output is
   * always in UTC.
   */
  DateTime: { input: number; output: number; }
  /**
   * A JSON object of at most 4 KiB as UTF-8 and 32 levels of objects and arrays. The server stores it without interpreting it and returns an
   * equal object; the order of the keys may change. Numbers have double precision: send larger integers than 2^53 as strings.
   */
  JSONObject: { input: Record<string, unknown>; output: Record<string, unknown>; }
  /**
   * A sequence number as a decimal string, such as `"42"`. The first item has 1; 0 is the position before it. A string keeps numbers
   * exact beyond 2^53, where JSON numbers lose precision. Input may also be a whole JSON number up to 2^53 - 1.
   */
  Seq: { input: bigint; output: bigint; }
};

/**
 * Names the acknowledged messages in one or more of three ways, with at most 500 messages and positions together. `upToInboxSeq` moves
 * this device's `ackedSeq` to that number; messages and positions move it only across entries that are all covered.
 */
export type AckMessagesInput = {
  /** At most 500 message ids. Each covers that message and every earlier one in its conversation. */
  messageIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** Delivered or read. */
  status: AckStatus;
  /** At most 500 conversations, with the number of the last acknowledged message in each. */
  upTo?: InputMaybe<Array<ConversationPosition>>;
  /** Every entry in this user's inbox up to this number. */
  upToInboxSeq?: InputMaybe<Scalars['Seq']['input']>;
};

/** The positions after an acknowledgement. */
export type AckMessagesPayload = {
  /** This device's acknowledged inbox position. A stream without `afterSeq` starts after it. */
  ackedSeq: Scalars['Seq']['output'];
  /** The conversations that the call concerned, in their new state: at most 500, those that it named first. */
  conversations: Array<Conversation>;
};

/** The status that a client acknowledges. */
export type AckStatus =
  /** The device has received the messages. */
  | 'DELIVERED'
  /** The user has seen the messages. */
  | 'READ';

/** Users to add to a group. */
export type AddMembersInput = {
  /** The group's id. */
  conversationId: Scalars['ID']['input'];
  /** At most 1,000 users per call. */
  userIds: Array<Scalars['ID']['input']>;
};

/** The result of `addMembers`. */
export type AddMembersPayload = {
  /** The group after the change. */
  conversation: Conversation;
};

/** A reference to a file on another server. The server does not store the file. */
export type Attachment = {
  /** The file's size in bytes. */
  byteSize: Maybe<Scalars['BigInt']['output']>;
  /** The file's media type, such as `image/png`. */
  contentType: Scalars['String']['output'];
  /** A file name to display, without a folder. */
  name: Maybe<Scalars['String']['output']>;
  /** An http or https URL of at most 2,048 characters, in the spelling of the WHATWG URL standard. */
  url: Scalars['String']['output'];
};

/** A reference to a file on another server. */
export type AttachmentInput = {
  /** The file's size in bytes, 0 to 2^53 - 1. */
  byteSize?: InputMaybe<Scalars['BigInt']['input']>;
  /** The file's media type, such as `image/png`: at most 255 ASCII characters. */
  contentType: Scalars['String']['input'];
  /**
   * A file name to display: 1 to 255 characters on one line, at least one of them visible, without controls of text direction, slashes and
   * backslashes.
   */
  name?: InputMaybe<Scalars['String']['input']>;
  /**
   * An http or https URL of at most 2,048 characters, without spaces and without a user name or password. It is stored in the spelling of
   * the WHATWG URL standard: `https://Example.com/ü` becomes `https://example.com/%C3%BC`.
   */
  url: Scalars['String']['input'];
};

/** A change of password. */
export type ChangePasswordInput = {
  /** The viewer's password, or the secret that an operator gave them. */
  currentPassword: Scalars['String']['input'];
  /** 8 to 256 characters. The most common passwords, and those that consist of little more than the user's names, are refused. */
  newPassword: Scalars['String']['input'];
};

/** The result of `changePassword`. */
export type ChangePasswordPayload = {
  /** The viewer, whose other devices are signed out. */
  viewer: Viewer;
};

/** A log of messages between users, numbered 1, 2, 3 … without a gap. */
export type Conversation = Node & {
  /** The http or https address of a group's picture on another server. Null for direct conversations, and if the viewer has left. */
  avatarUrl: Maybe<Scalars['String']['output']>;
  /** The time when it was created. */
  createdAt: Scalars['DateTime']['output'];
  /** The viewer's delivered position: their devices have every message up to this number. */
  deliveredSeq: Scalars['Seq']['output'];
  /** What a group is for, at most 1,000 characters. Null for direct conversations, and if the viewer has left. */
  description: Maybe<Scalars['String']['output']>;
  /** Number of the last message that the viewer can see; 0 before the first message. */
  headSeq: Scalars['Seq']['output'];
  /** Permanent identifier, unique over all types. */
  id: Scalars['ID']['output'];
  /** Direct or group. */
  kind: ConversationKind;
  /** The time of the last message that the viewer can see, or of the conversation's creation. Lists of conversations are in its order. */
  lastActivityAt: Scalars['DateTime']['output'];
  /** The message numbered `headSeq`, or null if the viewer cannot see any message yet. */
  lastMessage: Maybe<Message>;
  /** Number of current members. 0 if the viewer has left. */
  memberCount: Scalars['Int']['output'];
  /** Current members, ordered by user id. Empty if the viewer has left. */
  members: MemberConnection;
  /**
   * The messages over all months, in the order of `seq`. Returns the newest page unless `first`, `last` or `after` is given. `first` and
   * `last` exclude each other. Only the months in `range` are read.
   */
  messages: MessageConnection;
  /** The other user of a direct conversation, or the viewer if they are alone in it. Null for groups. */
  peer: Maybe<User>;
  /** The viewer's read position: they have read every message up to this number. */
  readSeq: Scalars['Seq']['output'];
  /** A group's title, 1 to 100 characters; the title when they left, if the viewer has left. Null for direct conversations. */
  title: Maybe<Scalars['String']['output']>;
  /** Number of user messages after the viewer's read position. Sending a message moves that position to it. */
  unreadCount: Scalars['Int']['output'];
  /** The viewer's own membership. Null once they have left. */
  viewerMember: Maybe<Member>;
};


/** A log of messages between users, numbered 1, 2, 3 … without a gap. */
export type ConversationMembersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** A log of messages between users, numbered 1, 2, 3 … without a gap. */
export type ConversationMessagesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  range?: InputMaybe<HistoryRange>;
};

/** A page of conversations. */
export type ConversationConnection = {
  /** The conversations with their cursors. */
  edges: Array<ConversationEdge>;
  /** The same conversations without cursors. */
  nodes: Array<Conversation>;
  /** Whether more pages exist, and how to request them. */
  pageInfo: PageInfo;
};

/** A conversation in a page. */
export type ConversationEdge = {
  /** Opaque position of this item in the list. */
  cursor: Scalars['String']['output'];
  /** The conversation. */
  node: Conversation;
};

/** Direct or group. */
export type ConversationKind =
  /** Exactly two users, or one alone; permanent. There is one for each pair of users. */
  | 'DIRECT'
  /** Any number of members, who can join and leave. */
  | 'GROUP';

/** A position in a conversation. */
export type ConversationPosition = {
  /** The conversation's id. */
  conversationId: Scalars['ID']['input'];
  /** Every message up to this number. */
  seq: Scalars['Seq']['input'];
};

/** A new group. */
export type CreateGroupInput = {
  /** The address of the group's picture: an http or https URL of at most 2,048 characters. */
  avatarUrl?: InputMaybe<Scalars['String']['input']>;
  /**
   * An id of 1 to 128 bytes that the client chooses; each of a user's groups needs its own. Creating the same group again with the same
   * id is safe and returns the group that the first call created. Other members, or another title, description or picture, are `ID_CONFLICT`. Without an id,
   * do not repeat the call after `UNAVAILABLE`.
   */
  clientGroupId?: InputMaybe<Scalars['ID']['input']>;
  /** What the group is for: at most 1,000 characters, without controls of text direction. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** The first members besides the viewer, at most 1,000. May be empty. */
  memberIds: Array<Scalars['ID']['input']>;
  /** 1 to 100 characters on one line, at least one of them visible, without controls of text direction. */
  title: Scalars['String']['input'];
};

/** The result of `createGroup`. */
export type CreateGroupPayload = {
  /** The group. */
  conversation: Conversation;
  /** True if an earlier call with the same `clientGroupId` created the group. */
  deduplicated: Scalars['Boolean']['output'];
};

/** A signed-in client of a user. It outlives its connections, and keeps an acknowledged position in the user's inbox. */
export type Device = Node & {
  /** The time of the first sign-in. */
  createdAt: Scalars['DateTime']['output'];
  /** Permanent identifier, unique over all types. */
  id: Scalars['ID']['output'];
  /** Whether this is the device that asks. */
  isCurrent: Scalars['Boolean']['output'];
  /** The time of the last sign-in, renewal or request, up to an hour behind. */
  lastUsedAt: Scalars['DateTime']['output'];
  /** The name that the client gave, or null. */
  name: Maybe<Scalars['String']['output']>;
};

/**
 * The code in `extensions.code` of an error. `docs/errors.md` lists the client's next step for each. Codes may be added: for an unknown
 * code, decide by `extensions.retryable`.
 */
export type ErrorCode =
  /** The request is not a valid GraphQL request. */
  | 'BAD_REQUEST'
  /** An argument is malformed or out of range. */
  | 'BAD_USER_INPUT'
  /** A number is past the head of its sequence. */
  | 'CURSOR_AHEAD'
  /** A position is older than the retained messages. Not produced yet. */
  | 'CURSOR_EXPIRED'
  /** The session is valid, but its user is not allowed to do this. */
  | 'FORBIDDEN'
  /** The document is not valid GraphQL. */
  | 'GRAPHQL_PARSE_FAILED'
  /** The document does not match the schema. */
  | 'GRAPHQL_VALIDATION_FAILED'
  /** The `clientMessageId` was already used in the conversation for another content. */
  | 'ID_CONFLICT'
  /** A bug or fault in the server, logged with its trace. */
  | 'INTERNAL_SERVER_ERROR'
  /** The object does not exist, or is hidden from the viewer. */
  | 'NOT_FOUND'
  /** The document does not contain the named operation, or contains several and none was named. */
  | 'OPERATION_RESOLUTION_FAILURE'
  /** The server has too much work at the moment. */
  | 'OVERLOADED'
  /** The server does not know the hash of a persisted query. */
  | 'PERSISTED_QUERY_NOT_FOUND'
  /** The server keeps no persisted queries. Not produced yet. */
  | 'PERSISTED_QUERY_NOT_SUPPORTED'
  /** The operation exceeds the size limits. */
  | 'QUERY_TOO_COMPLEX'
  /** Too many requests of this kind. */
  | 'RATE_LIMITED'
  /** The session is missing, has expired or was revoked. */
  | 'UNAUTHENTICATED'
  /** A store did not answer in time; the outcome of a write is unknown. */
  | 'UNAVAILABLE'
  /** Another user has this username. */
  | 'USERNAME_TAKEN';

/** Optional progress sent with a heartbeat. */
export type HeartbeatInput = {
  /** The inbox number up to which this client has every entry. */
  position?: InputMaybe<Scalars['Seq']['input']>;
};

/** The server's answer to a heartbeat. */
export type HeartbeatPayload = {
  /** Whether the head is past the given `position`, so that the client should sync. Null without one. */
  hasMissed: Maybe<Scalars['Boolean']['output']>;
  /** The last number in the user's inbox. A client that is behind it has missed something and should sync. */
  headSeq: Scalars['Seq']['output'];
  /** The user counts as online until this time, unless another heartbeat or a live socket extends it. */
  onlineUntil: Scalars['DateTime']['output'];
  /** The server's current time. */
  serverTime: Scalars['DateTime']['output'];
};

/** A time range. An omitted end is open. */
export type HistoryRange = {
  /** Start of the range, inclusive. */
  from?: InputMaybe<Scalars['DateTime']['input']>;
  /** End of the range, exclusive. */
  to?: InputMaybe<Scalars['DateTime']['input']>;
};

/** A message in a user's inbox, which numbers the messages of all their conversations in one sequence. */
export type InboxEntry = {
  /** The entry's number in this user's inbox: 1, 2, 3 … without a gap. */
  inboxSeq: Scalars['Seq']['output'];
  /** The message. */
  message: Message;
};

/** A page of a user's inbox. */
export type InboxPage = {
  /** The entries, ascending by `inboxSeq`. */
  entries: Array<InboxEntry>;
  /** Whether there are entries after `nextSeq`. */
  hasMore: Scalars['Boolean']['output'];
  /** The last number in the inbox. */
  headSeq: Scalars['Seq']['output'];
  /** The last inbox number that this page covers. Pass it as the next `afterSeq`. */
  nextSeq: Scalars['Seq']['output'];
  /** Backlogs that were too long for the inbox and whose numbers lie in this page. Read them through `Conversation.messages`. */
  truncated: Array<TruncatedBacklog>;
};

/** A group to leave. */
export type LeaveGroupInput = {
  /** The group's id. */
  conversationId: Scalars['ID']['input'];
};

/** The result of `leaveGroup`. */
export type LeaveGroupPayload = {
  /** The group as the viewer last saw it. */
  conversation: Conversation;
};

/** A registered user's credentials and device. */
export type LogInInput = {
  /**
   * One of the user's devices, whose acknowledged position is kept and whose previous session is revoked. Without it, a new device is
   * created.
   */
  deviceId?: InputMaybe<Scalars['ID']['input']>;
  /** A name for this device, at most 64 characters. */
  deviceName?: InputMaybe<Scalars['String']['input']>;
  /** The user's password. */
  password: Scalars['String']['input'];
  /** The user's name, in upper or lower case. */
  username: Scalars['String']['input'];
};

/** The result of `logIn`. */
export type LogInPayload = {
  /** The session of the device. */
  session: Session;
};

/** The result of `logOut`. */
export type LogOutPayload = {
  /** The id of the device whose session was revoked. */
  deviceId: Scalars['ID']['output'];
};

/** A user in a conversation. */
export type Member = Node & {
  /** The conversation, as the viewer sees it. */
  conversation: Conversation;
  /** The member's devices have every message up to this number. */
  deliveredSeq: Scalars['Seq']['output'];
  /** Permanent identifier, unique over all types: the conversation's id, a hyphen and the user's id. */
  id: Scalars['ID']['output'];
  /** The time when they joined. In a group, that of the message that announces it. */
  joinedAt: Scalars['DateTime']['output'];
  /** The member sees only messages after this number. In a group, the next message is the one that announces that they joined. */
  joinedSeq: Scalars['Seq']['output'];
  /** The member has read every message up to this number. */
  readSeq: Scalars['Seq']['output'];
  /** The member's permissions. */
  role: MemberRole;
  /** The user. */
  user: User;
};

/** A page of members. */
export type MemberConnection = {
  /** The members with their cursors. */
  edges: Array<MemberEdge>;
  /** The same members without cursors. */
  nodes: Array<Member>;
  /** Whether more pages exist, and how to request them. */
  pageInfo: PageInfo;
  /** Number of members on all pages together. */
  totalCount: Scalars['Int']['output'];
};

/** A member in a page. */
export type MemberEdge = {
  /** Opaque position of this item in the list. */
  cursor: Scalars['String']['output'];
  /** The member. */
  node: Member;
};

/** A member's permissions in a group. In direct conversations every member is MEMBER. */
export type MemberRole =
  /** Can add members and remove plain members. */
  | 'ADMIN'
  /** Can send, read and leave. */
  | 'MEMBER'
  /** Can add and remove any member and change roles. A group with members has exactly one owner. */
  | 'OWNER';

/** One entry of a conversation's log. Only `status` and the counts change after it is stored. */
export type Message = Node & {
  /** References to files on other servers. */
  attachments: Array<Attachment>;
  /**
   * The id that the sender's client chose, visible to every member; chosen by the server for SYSTEM messages. `senderId` and
   * `clientMessageId` together identify a message from a client's optimistic copy to the stored message: use the pair as the cache key.
   */
  clientMessageId: Scalars['ID']['output'];
  /** The conversation it belongs to, as the viewer sees it. */
  conversation: Conversation;
  /** The id of the conversation it belongs to. */
  conversationId: Scalars['ID']['output'];
  /** The JSON object that the sender's client added, or null. */
  data: Maybe<Scalars['JSONObject']['output']>;
  /** Number of other members who have acknowledged it as delivered or read. Null in a large group. */
  deliveredCount: Maybe<Scalars['Int']['output']>;
  /** Assigned when the send was accepted. Later messages have higher ids. Unique over all types. */
  id: Scalars['ID']['output'];
  /** Whether a user or the server wrote it. */
  kind: MessageKind;
  /** Number of other members who have acknowledged it as read. Null in a large group. */
  readCount: Maybe<Scalars['Int']['output']>;
  /** The message that this one replies to. Null if it is not a reply, or if the viewer cannot see that message. */
  replyTo: Maybe<Message>;
  /** The user who sent it. For SYSTEM messages, the member who made the change. Null if that user no longer exists. */
  sender: Maybe<User>;
  /** The sender's id. */
  senderId: Scalars['ID']['output'];
  /** The time when it was stored. Never decreases along `seq`. */
  sentAt: Scalars['DateTime']['output'];
  /** The message's number in the conversation: the only display order. Null while SENDING, and for FAILED messages. */
  seq: Maybe<Scalars['Seq']['output']>;
  /** The message's progress. SENT at most in a large group, which has more than `ServerInfo.fanOutOnWriteMaxMembers` members. */
  status: MessageStatus;
  /** The content of a SYSTEM message as data, for clients to put into their user's language. `text` has it in English. Null for USER messages. */
  systemEvent: Maybe<SystemEvent>;
  /** The text, byte for byte as it was sent. May be empty if the message has `data` or an attachment. */
  text: Scalars['String']['output'];
};

/** A page of messages, in the order of `seq`. */
export type MessageConnection = {
  /** The messages with their cursors. */
  edges: Array<MessageEdge>;
  /** The same messages without cursors. */
  nodes: Array<Message>;
  /** Whether later and earlier pages exist, and how to request them. */
  pageInfo: PageInfo;
};

/** A message in a page. */
export type MessageEdge = {
  /** Opaque position of this message in the conversation. */
  cursor: Scalars['String']['output'];
  /** The message. */
  node: Message;
};

/** Who wrote a message. */
export type MessageKind =
  /** Written by the server to record a change of the group or of its members. */
  | 'SYSTEM'
  /** Written by a user. */
  | 'USER';

/** A message, from the backlog or live. */
export type MessageReceived = {
  /** The message's inbox number. Null for a live message of a large group, which gets its number about a second later. */
  inboxSeq: Maybe<Scalars['Seq']['output']>;
  /** The message. */
  message: Message;
};

/** A message's progress from sender to readers. */
export type MessageStatus =
  /** Acknowledged as delivered by every other member. */
  | 'DELIVERED'
  /** Not stored, and no longer retried. The sender is notified of the reason. Not produced yet. */
  | 'FAILED'
  /** Acknowledged as read by every other member. */
  | 'READ'
  /** Accepted and kept on this server's disk while the message store is unavailable. Becomes SENT or FAILED. Not produced yet. */
  | 'SENDING'
  /** Stored. Every member will get it. */
  | 'SENT';

/** A status change of one or more of the viewer's own messages in one event. `messageId` is the newest; `sinceSeq` says how far back the change reaches. */
export type MessageStatusChange = {
  /** The id that its sender's client chose. */
  clientMessageId: Scalars['ID']['output'];
  /** The conversation, as the viewer sees it. */
  conversation: Conversation;
  /** The id of the conversation it belongs to. */
  conversationId: Scalars['ID']['output'];
  /** The newest message that changed. Null while SENDING, and for FAILED messages. */
  message: Maybe<Message>;
  /** The id of the newest message that changed. */
  messageId: Scalars['ID']['output'];
  /** The reason, for FAILED. */
  reason: Maybe<Scalars['String']['output']>;
  /** The message's number. Null while it has none. */
  seq: Maybe<Scalars['Seq']['output']>;
  /** The change applies to the viewer's own messages after this number, up to and including `seq`. */
  sinceSeq: Maybe<Scalars['Seq']['output']>;
  /** The new status. */
  status: MessageStatus;
};

/** An event of `messageReceived`. More kinds of events may be added; clients must ignore kinds that they do not know. */
export type MessageStreamEvent = MessageReceived | StreamHeartbeat | StreamReady | StreamTruncated;

/** The target of a message: exactly one of the two fields. */
export type MessageTarget =
  /** The id of a conversation that the viewer is a member of. */
  { conversationId: Scalars['ID']['input']; userId?: never; }
  |  /** A user's id. The message goes to the direct conversation with them, which is created if it does not exist. */
  { conversationId?: never; userId: Scalars['ID']['input']; };

/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type Mutation = {
  /**
   * Acknowledges messages as delivered or read. Acknowledgements are cumulative and only raise positions, so repeated and late calls are
   * harmless. If any part is refused, nothing is recorded. READ raises the delivered position too.
   * Errors: `CURSOR_AHEAD` for a number past the head, `NOT_FOUND`, `BAD_USER_INPUT` if nothing is named.
   */
  ackMessages: Maybe<AckMessagesPayload>;
  /**
   * Adds users to a group. They see messages from then on. Users who are already members are left unchanged.
   * Errors: `FORBIDDEN` unless the viewer is owner or admin, `NOT_FOUND`, `BAD_USER_INPUT`.
   */
  addMembers: Maybe<AddMembersPayload>;
  /**
   * Changes the viewer's password and revokes the sessions of their other devices. Errors: `UNAUTHENTICATED` for a wrong current
   * password, `BAD_USER_INPUT`, `RATE_LIMITED`, `FORBIDDEN` for users without a password on this server.
   */
  changePassword: Maybe<ChangePasswordPayload>;
  /** Creates a group. The viewer becomes its owner. Errors: `NOT_FOUND` for an unknown user, `BAD_USER_INPUT`. */
  createGroup: Maybe<CreateGroupPayload>;
  /**
   * Keeps the viewer online for the next 60 seconds. Send it every 30 seconds if no WebSocket is open; a live WebSocket has the same
   * effect.
   */
  heartbeat: Maybe<HeartbeatPayload>;
  /**
   * Leaves a group. When the owner leaves, the longest-standing admin becomes owner, or the longest-standing member if there is
   * no admin. Errors: `FORBIDDEN` if the viewer has already left, `NOT_FOUND`.
   */
  leaveGroup: Maybe<LeaveGroupPayload>;
  /**
   * Signs a device in. Errors: `UNAUTHENTICATED` for an unknown name or a wrong password, `NOT_FOUND` if `deviceId` is not one of the
   * user's devices, `RATE_LIMITED`.
   */
  logIn: Maybe<LogInPayload>;
  /** Revokes this device's session. Its tokens stop working and its sockets close with 4403; the socket that carried this call closes after the answer. */
  logOut: Maybe<LogOutPayload>;
  /**
   * Returns the direct conversation with a user and creates it if it does not exist. With your own id it is a private notebook.
   * Errors: `NOT_FOUND`.
   */
  openDirectConversation: Maybe<OpenDirectConversationPayload>;
  /**
   * Exchanges a refresh token for a new session. A token that is used again within the reuse interval (30 s by default), before its
   * successor is used, gets the same successor. A repeated request or a second tab is therefore harmless. Later reuse revokes the
   * session of the device, because the token may have been stolen. Errors: `UNAUTHENTICATED`.
   */
  refreshSession: Maybe<RefreshSessionPayload>;
  /** Creates a user and signs this device in. Errors: `USERNAME_TAKEN`, `BAD_USER_INPUT`, `RATE_LIMITED`. */
  register: Maybe<RegisterPayload>;
  /**
   * Removes members from a group. The last message they see is the one that announces their removal. An admin can remove plain
   * members; the owner can remove any other member. Errors: `FORBIDDEN`, `NOT_FOUND`, `BAD_USER_INPUT`.
   */
  removeMembers: Maybe<RemoveMembersPayload>;
  /** Revokes the session of one of the viewer's devices. Its sockets close with 4403. Errors: `NOT_FOUND`. */
  revokeDevice: Maybe<RevokeDevicePayload>;
  /**
   * Sends a message. The answer means that the message is stored and survives a server crash: every member will get it, once and in
   * this order. After `UNAVAILABLE` the outcome is unknown: send the message again with the same `clientMessageId`.
   * Errors: `BAD_USER_INPUT`, `NOT_FOUND`, `FORBIDDEN` if the viewer has left, `ID_CONFLICT`, `RATE_LIMITED`, `OVERLOADED`, `UNAVAILABLE`.
   */
  sendMessage: Maybe<SendMessagePayload>;
  /**
   * Changes a member's role. Only the owner can do this. Every member gets a SYSTEM message about it. An owner who gives OWNER to another member becomes an admin.
   * Errors: `FORBIDDEN`, `NOT_FOUND`, `BAD_USER_INPUT`.
   */
  setMemberRole: Maybe<SetMemberRolePayload>;
  /**
   * Changes a group's title, description or picture. Fields that are omitted stay unchanged. Every member gets a SYSTEM message about it.
   * Errors: `FORBIDDEN` unless the viewer is owner or admin, `NOT_FOUND`, `BAD_USER_INPUT`.
   */
  updateGroup: Maybe<UpdateGroupPayload>;
  /**
   * Changes the viewer's own profile. Fields that are omitted stay unchanged. Other clients see the change when they read the user again.
   * Errors: `BAD_USER_INPUT`, `RATE_LIMITED`.
   */
  updateProfile: Maybe<UpdateProfilePayload>;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationAckMessagesArgs = {
  input: AckMessagesInput;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationAddMembersArgs = {
  input: AddMembersInput;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationChangePasswordArgs = {
  input: ChangePasswordInput;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationCreateGroupArgs = {
  input: CreateGroupInput;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationHeartbeatArgs = {
  input?: InputMaybe<HeartbeatInput>;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationLeaveGroupArgs = {
  input: LeaveGroupInput;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationLogInArgs = {
  input: LogInInput;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationOpenDirectConversationArgs = {
  input: OpenDirectConversationInput;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationRefreshSessionArgs = {
  input: RefreshSessionInput;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationRegisterArgs = {
  input: RegisterInput;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationRemoveMembersArgs = {
  input: RemoveMembersInput;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationRevokeDeviceArgs = {
  input: RevokeDeviceInput;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationSendMessageArgs = {
  input: SendMessageInput;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationSetMemberRoleArgs = {
  input: SetMemberRoleInput;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationUpdateGroupArgs = {
  input: UpdateGroupInput;
};


/** Writes. Each field of a document succeeds or fails independently. A failed field is null, with an error whose `path` names it. */
export type MutationUpdateProfileArgs = {
  input: UpdateProfileInput;
};

/**
 * An object with an identifier of its own, for normalised caches and refetching (Relay). Ids are unique over all types: no two objects
 * have the same id, even if their types differ.
 */
export type Node = {
  /** Permanent identifier, unique over all types. */
  id: Scalars['ID']['output'];
};

/** The other user of a direct conversation. */
export type OpenDirectConversationInput = {
  /** The other user's id, or the viewer's own. */
  userId: Scalars['ID']['input'];
};

/** The result of `openDirectConversation`. */
export type OpenDirectConversationPayload = {
  /** The direct conversation. */
  conversation: Conversation;
};

/** Position of a page within the list (Relay). */
export type PageInfo = {
  /** Pass as `after` to read the next page. Null for an empty page. */
  endCursor: Maybe<Scalars['String']['output']>;
  /** Whether the list continues after `endCursor`. */
  hasNextPage: Scalars['Boolean']['output'];
  /** Whether the list has items before `startCursor`. */
  hasPreviousPage: Scalars['Boolean']['output'];
  /** Pass as `before` to read the previous page. Null for an empty page. */
  startCursor: Maybe<Scalars['String']['output']>;
};

/** A user's presence. */
export type Presence = {
  /** Time of the last sign of life from any of the user's devices. Null if there has been none, and for UNKNOWN. */
  lastSeenAt: Maybe<Scalars['DateTime']['output']>;
  /** Whether the user is reachable. */
  status: PresenceStatus;
  /** The user. */
  user: User;
  /** The user's id. */
  userId: Scalars['ID']['output'];
};

/** Whether a user is reachable. */
export type PresenceStatus =
  /** None of the user's devices has. */
  | 'OFFLINE'
  /** At least one of the user's devices has sent a sign of life within the last 60 seconds. */
  | 'ONLINE'
  /** The user's presence is hidden from the viewer, or temporarily unavailable. */
  | 'UNKNOWN';

/** Reads. Every field except `server` needs a session and fails with `UNAUTHENTICATED` without one. */
export type Query = {
  /** A conversation that the viewer is or was a member of. Null if it does not exist or is hidden from the viewer. */
  conversation: Maybe<Conversation>;
  /** The viewer's current conversations, most recent activity first. A page may shift while messages arrive. Errors: `BAD_USER_INPUT` for an invalid page size or cursor. */
  conversations: Maybe<ConversationConnection>;
  /**
   * A conversation's messages over all months, in the order of `seq`. Returns the newest page unless `first`, `last` or `after` is
   * given. `first` and `last` exclude each other. Only the months in `range` are read.
   * Errors: `NOT_FOUND`, `BAD_USER_INPUT` for an invalid page size, cursor or range.
   */
  history: Maybe<MessageConnection>;
  /** A message that the viewer can see. Null if it does not exist or is hidden from the viewer. */
  message: Maybe<Message>;
  /**
   * Finds any object by its id, whatever its type. Null if it does not exist or is hidden from the viewer. The viewer's own devices are
   * objects too.
   */
  node: Maybe<Node>;
  /** Finds objects by their ids, in the order of the ids; null for each that `node` would not find. Errors: `BAD_USER_INPUT`. */
  nodes: Maybe<Array<Maybe<Node>>>;
  /**
   * Messages that this user's devices may have missed: the inbox entries strictly after `afterSeq`, oldest first.
   * Errors: `CURSOR_AHEAD` if `afterSeq` is past the head, `CURSOR_EXPIRED` if it is older than the retained entries, `BAD_USER_INPUT`.
   */
  offlineMessages: Maybe<InboxPage>;
  /** The presence of up to 200 users, in the order of the ids. A user whose presence is hidden from the viewer is UNKNOWN. */
  presence: Maybe<Array<Presence>>;
  /** The server's version, limits and current health. Needs no session. */
  server: Maybe<ServerInfo>;
  /** Finds a user by exactly one key. Null if there is no such user. */
  user: Maybe<User>;
  /**
   * Searches users by their names: each word of the search must be the beginning of a word of the username or the display name, in any
   * script and case, with or without accents. Errors: `FORBIDDEN` if the operator has switched the search off, `BAD_USER_INPUT`,
   * `RATE_LIMITED`.
   */
  users: Maybe<UserConnection>;
  /** The signed-in user's private data. Null without a session. */
  viewer: Maybe<Viewer>;
};


/** Reads. Every field except `server` needs a session and fails with `UNAUTHENTICATED` without one. */
export type QueryConversationArgs = {
  id: Scalars['ID']['input'];
};


/** Reads. Every field except `server` needs a session and fails with `UNAUTHENTICATED` without one. */
export type QueryConversationsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** Reads. Every field except `server` needs a session and fails with `UNAUTHENTICATED` without one. */
export type QueryHistoryArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  conversationId: Scalars['ID']['input'];
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  range?: InputMaybe<HistoryRange>;
};


/** Reads. Every field except `server` needs a session and fails with `UNAUTHENTICATED` without one. */
export type QueryMessageArgs = {
  id: Scalars['ID']['input'];
};


/** Reads. Every field except `server` needs a session and fails with `UNAUTHENTICATED` without one. */
export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


/** Reads. Every field except `server` needs a session and fails with `UNAUTHENTICATED` without one. */
export type QueryNodesArgs = {
  ids: Array<Scalars['ID']['input']>;
};


/** Reads. Every field except `server` needs a session and fails with `UNAUTHENTICATED` without one. */
export type QueryOfflineMessagesArgs = {
  afterSeq: Scalars['Seq']['input'];
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** Reads. Every field except `server` needs a session and fails with `UNAUTHENTICATED` without one. */
export type QueryPresenceArgs = {
  userIds: Array<Scalars['ID']['input']>;
};


/** Reads. Every field except `server` needs a session and fails with `UNAUTHENTICATED` without one. */
export type QueryUserArgs = {
  by: UserBy;
};


/** Reads. Every field except `server` needs a session and fails with `UNAUTHENTICATED` without one. */
export type QueryUsersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  search: Scalars['String']['input'];
};

/** A member's current positions in a conversation. */
export type ReceiptChange = {
  /** The time of the change. For the initial positions, the time when the subscription started. */
  at: Scalars['DateTime']['output'];
  /** The conversation, as the viewer sees it. */
  conversation: Conversation;
  /** The conversation's id. */
  conversationId: Scalars['ID']['output'];
  /** The member's devices have every message up to this number. */
  deliveredSeq: Scalars['Seq']['output'];
  /** The member, with their positions. May be the viewer. */
  member: Member;
  /** The member has read every message up to this number. */
  readSeq: Scalars['Seq']['output'];
  /** The member's id. May be the viewer's own: reading on one device notifies the user's other devices. */
  userId: Scalars['ID']['output'];
};

/** A session to renew. */
export type RefreshSessionInput = {
  /** This device's latest refresh token. */
  refreshToken: Scalars['String']['input'];
};

/** The result of `refreshSession`. */
export type RefreshSessionPayload = {
  /** The next session of the device. */
  session: Session;
};

/** A new user. */
export type RegisterInput = {
  /** A name for this device, at most 64 characters. */
  deviceName?: InputMaybe<Scalars['String']['input']>;
  /** 1 to 64 characters on one line, at least one of them visible, without controls of text direction. Defaults to the username. */
  displayName?: InputMaybe<Scalars['String']['input']>;
  /** 8 to 256 characters. The most common passwords, and those that consist of little more than the user's names, are refused. */
  password: Scalars['String']['input'];
  /** 3 to 32 letters, digits, `.`, `_` and `-`. Must be unique; upper and lower case are equal. */
  username: Scalars['String']['input'];
};

/** The result of `register`. */
export type RegisterPayload = {
  /** The new user's first session. */
  session: Session;
};

/** Members to remove from a group. */
export type RemoveMembersInput = {
  /** The group's id. */
  conversationId: Scalars['ID']['input'];
  /** At most 1,000 members per call, not including the viewer. */
  userIds: Array<Scalars['ID']['input']>;
};

/** The result of `removeMembers`. */
export type RemoveMembersPayload = {
  /** The group after the change. */
  conversation: Conversation;
};

/** A device to sign out. */
export type RevokeDeviceInput = {
  /** The device's id, as in `Viewer.devices`. */
  deviceId: Scalars['ID']['input'];
};

/** The result of `revokeDevice`. */
export type RevokeDevicePayload = {
  /** The viewer, without the device. */
  viewer: Viewer;
};

/** A message to send. Its text, `data` and attachments have at most `ServerInfo.textMaxBytes` plus 16,384 bytes together. */
export type SendMessageInput = {
  /** At most 10 attachments. */
  attachments?: InputMaybe<Array<AttachmentInput>>;
  /**
   * An id of 1 to 128 bytes that the client chooses; each of a sender's messages needs its own. It must not begin with `server:`.
   * Sending the same content to the same conversation again with the same id is safe and returns the message that the first send
   * stored. Different content is `ID_CONFLICT`.
   */
  clientMessageId: Scalars['ID']['input'];
  /** An optional JSON object for the recipients' clients. */
  data?: InputMaybe<Scalars['JSONObject']['input']>;
  /** The id of a message in the same conversation that this one replies to. */
  replyToId?: InputMaybe<Scalars['ID']['input']>;
  /** At most `ServerInfo.textMaxBytes` bytes. Contains a visible character, unless the message has `data` or an attachment. */
  text: Scalars['String']['input'];
  /** The conversation or user to send to. */
  to: MessageTarget;
};

/** The result of a send. */
export type SendMessagePayload = {
  /** True for a resend: `sentMessage` was stored by an earlier send. */
  deduplicated: Scalars['Boolean']['output'];
  /** The stored message. */
  sentMessage: Message;
};

/** The server's version, limits and health, for clients to read before they rely on them. */
export type ServerInfo = {
  /** Components that are unavailable or slow at the moment, by their names in docs/reliability.md. Empty when all are healthy. */
  degraded: Array<Scalars['String']['output']>;
  /**
   * Groups of at most this many members get inbox numbers when a message is sent. In larger groups, messages arrive live without a
   * number and get one when a member syncs.
   */
  fanOutOnWriteMaxMembers: Scalars['Int']['output'];
  /** Maximum number of operations that run at once on one WebSocket. Further ones are answered with `OVERLOADED`. */
  operationsPerSocketMax: Scalars['Int']['output'];
  /** Maximum page size. Any size outside 1 to this number is `BAD_USER_INPUT`. */
  pageSizeMax: Scalars['Int']['output'];
  /** Maximum length of a message's text, in bytes of UTF-8. */
  textMaxBytes: Scalars['Int']['output'];
  /** The running version. */
  version: Scalars['String']['output'];
};

/** A signed-in device and its tokens. */
export type Session = {
  /** A short-lived JWT. Send it in the header `Authorization: Bearer …`, or on a WebSocket under the same name in the payload of `connection_init`. */
  accessToken: Scalars['String']['output'];
  /** The time when `accessToken` expires. Sockets opened with it then close with 4403. */
  accessTokenExpiresAt: Scalars['DateTime']['output'];
  /** This device. Streams resume from its acknowledged position; pass its id to `logIn` to keep that position. */
  device: Device;
  /** The device's id. */
  deviceId: Scalars['ID']['output'];
  /** Exchanged once for the next session by `refreshSession`. Keep it secret. */
  refreshToken: Scalars['String']['output'];
  /** The signed-in user. */
  user: User;
};

/** A member's new role. */
export type SetMemberRoleInput = {
  /** The group's id. */
  conversationId: Scalars['ID']['input'];
  /** The new role. */
  role: MemberRole;
  /** A member of the group other than the viewer. */
  userId: Scalars['ID']['input'];
};

/** The result of `setMemberRole`. */
export type SetMemberRolePayload = {
  /** The group after the change. */
  conversation: Conversation;
  /** The member with the new role. */
  member: Member;
};

/** The stream's position. Sent whenever there has been no other event for 25 seconds, so a longer silence means a dead connection. */
export type StreamHeartbeat = {
  /** Every entry up to this inbox number has been delivered on this stream. */
  position: Scalars['Seq']['output'];
};

/** The subscription is active: every entry after `startSeq` will be delivered. Always the first event. */
export type StreamReady = {
  /** The inbox head at this moment. The backlog ends with this entry. */
  headSeq: Scalars['Seq']['output'];
  /** The inbox number after which the stream starts. */
  startSeq: Scalars['Seq']['output'];
};

/** Backlogs that are too long for the inbox. Read them through `Conversation.messages`. */
export type StreamTruncated = {
  /** The backlogs, in the order of their inbox numbers. */
  backlogs: Array<TruncatedBacklog>;
};

/**
 * Live events, over graphql-transport-ws on `/graphql`. Events of one operation arrive in order. A client that reads too slowly is
 * throttled, then disconnected with a close code that lets it reconnect.
 */
export type Subscription = {
  /**
   * Every message for this user, past and live, in one resumable stream: first `StreamReady`, then the entries after `afterSeq`, then
   * live messages, without gaps and without repeats. Inbox numbers increase by one. Only a `StreamHeartbeat` may skip numbers: they
   * belong to messages of large groups that this stream has already delivered live, without a number. After a reconnect, such messages of
   * the last second or so may arrive again, with their number: clients drop them by `Message.id`.
   *
   * Errors: `CURSOR_AHEAD` if `afterSeq` is past the inbox head.
   */
  messageReceived: Maybe<MessageStreamEvent>;
  /** Status changes of the viewer's own messages: from SENDING to SENT or FAILED, then to DELIVERED and READ. */
  messageStatusChanged: Maybe<MessageStatusChange>;
  /**
   * First the current status of each requested user, then every change. Presence is visible only between users who have both sent a
   * message in their direct conversation. Other users are UNKNOWN until then.
   */
  presenceChanged: Maybe<Presence>;
  /**
   * Advances of members' delivered and read positions. With `conversationId`, the current positions come first. A large group, which has
   * more than `ServerInfo.fanOutOnWriteMaxMembers` members, reports only the viewer's own positions. Errors: `NOT_FOUND`.
   */
  receiptChanged: Maybe<ReceiptChange>;
};


/**
 * Live events, over graphql-transport-ws on `/graphql`. Events of one operation arrive in order. A client that reads too slowly is
 * throttled, then disconnected with a close code that lets it reconnect.
 */
export type SubscriptionMessageReceivedArgs = {
  afterSeq?: InputMaybe<Scalars['Seq']['input']>;
};


/**
 * Live events, over graphql-transport-ws on `/graphql`. Events of one operation arrive in order. A client that reads too slowly is
 * throttled, then disconnected with a close code that lets it reconnect.
 */
export type SubscriptionPresenceChangedArgs = {
  userIds?: InputMaybe<Array<Scalars['ID']['input']>>;
};


/**
 * Live events, over graphql-transport-ws on `/graphql`. Events of one operation arrive in order. A client that reads too slowly is
 * throttled, then disconnected with a close code that lets it reconnect.
 */
export type SubscriptionReceiptChangedArgs = {
  conversationId?: InputMaybe<Scalars['ID']['input']>;
};

/** A change of a group or of its members, as data. */
export type SystemEvent = {
  /** The kind of change. */
  kind: SystemEventKind;
  /** The new role, for ROLE_CHANGED. */
  role: Maybe<MemberRole>;
  /** The group's title, for GROUP_CREATED, and for GROUP_UPDATED if it has changed. */
  title: Maybe<Scalars['String']['output']>;
  /** The total number of users who were added, were removed or left, or whose role changed. */
  userCount: Scalars['Int']['output'];
  /** The users who were added, were removed or left, or whose role changed. At most the first 200; `userCount` has the total. */
  users: Array<User>;
};

/** The change that a SYSTEM message records. Clients show `text` for kinds that they do not know. */
export type SystemEventKind =
  /** The group was created with its first members. */
  | 'GROUP_CREATED'
  /** The group got a new title, description or picture. */
  | 'GROUP_UPDATED'
  /** Members were added. */
  | 'MEMBERS_ADDED'
  /** Members were removed. */
  | 'MEMBERS_REMOVED'
  /** A member left. */
  | 'MEMBER_LEFT'
  /** A member got another role. An owner who gives OWNER to another member becomes an admin by the same change. */
  | 'ROLE_CHANGED';

/** A range of a conversation's messages that has one inbox entry instead of one per message. Reading the page again returns it again. */
export type TruncatedBacklog = {
  /** The conversation to read through `Conversation.messages`. */
  conversation: Conversation;
  /** The conversation's id. */
  conversationId: Scalars['ID']['output'];
  /** Number of the first message in the range. */
  fromSeq: Scalars['Seq']['output'];
  /** The one inbox number that stands for the whole range. */
  inboxSeq: Scalars['Seq']['output'];
  /** Number of the last message in the range. */
  toSeq: Scalars['Seq']['output'];
};

/** New values of a group. */
export type UpdateGroupInput = {
  /** An http or https URL of at most 2,048 characters. Null removes the picture. */
  avatarUrl?: InputMaybe<Scalars['String']['input']>;
  /** The group's id. */
  conversationId: Scalars['ID']['input'];
  /** At most 1,000 characters, without controls of text direction. Null or an empty text removes it. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** 1 to 100 characters on one line, at least one of them visible, without controls of text direction. Null leaves it unchanged. */
  title?: InputMaybe<Scalars['String']['input']>;
};

/** The result of `updateGroup`. */
export type UpdateGroupPayload = {
  /** The group after the change. */
  conversation: Conversation;
};

/** New values of the viewer's profile. */
export type UpdateProfileInput = {
  /** An http or https URL of at most 2,048 characters. Null removes the picture. */
  avatarUrl?: InputMaybe<Scalars['String']['input']>;
  /** 1 to 64 characters on one line, at least one of them visible, without controls of text direction. Null leaves it unchanged. */
  displayName?: InputMaybe<Scalars['String']['input']>;
};

/** The result of `updateProfile`. */
export type UpdateProfilePayload = {
  /** The user after the change. */
  user: User;
};

/** A person or program that can sign in and join conversations. */
export type User = Node & {
  /** The http or https address of the user's picture on another server, or null. */
  avatarUrl: Maybe<Scalars['String']['output']>;
  /** The time of the user's registration, or of their first sign-in through the identity provider. */
  createdAt: Scalars['DateTime']['output'];
  /** The name to display, 1 to 64 characters. Defaults to the username. */
  displayName: Scalars['String']['output'];
  /** The subject that the identity provider gave the user. Null for users who registered here. */
  externalId: Maybe<Scalars['String']['output']>;
  /** Permanent identifier, unique over all types. */
  id: Scalars['ID']['output'];
  /** Whether the user is reachable, as far as the viewer can see it. UNKNOWN without a session. */
  presence: Presence;
  /** A unique name of 3 to 32 letters, digits, `.`, `_` and `-`. Upper and lower case are equal. */
  username: Scalars['String']['output'];
};

/** The key of a user: exactly one of the fields. */
export type UserBy =
  /** The identity provider's subject. Null is returned if several issuers have given the same one. */
  { externalId: Scalars['String']['input']; id?: never; username?: never; }
  |  /** The user's id. */
  { externalId?: never; id: Scalars['ID']['input']; username?: never; }
  |  /** The user's name, in upper or lower case. */
  { externalId?: never; id?: never; username: Scalars['String']['input']; };

/** A page of users. */
export type UserConnection = {
  /** The users with their cursors. */
  edges: Array<UserEdge>;
  /** The same users without cursors. */
  nodes: Array<User>;
  /** Whether more pages exist, and how to request them. */
  pageInfo: PageInfo;
};

/** A user in a page. */
export type UserEdge = {
  /** Opaque position of this item in the list. */
  cursor: Scalars['String']['output'];
  /** The user. */
  node: User;
};

/** The data that only the signed-in user can see. */
export type Viewer = {
  /** The user's devices, most recently used first. A device that was signed out is not listed. */
  devices: Array<Device>;
  /** The last number in the user's inbox. A new device can start its stream after it instead of reading the whole inbox. */
  inboxHeadSeq: Scalars['Seq']['output'];
  /** Number of conversations with unread user messages among these 500. */
  unreadConversationCount: Scalars['Int']['output'];
  /** Number of unread user messages in the 500 conversations with the most recent activity. */
  unreadCount: Scalars['Int']['output'];
  /** The signed-in user. */
  user: User;
};



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;



/** Mapping of union types */
export type ResolversUnionTypes<_RefType extends Record<string, unknown>> = {
  MessageStreamEvent:
    | ( MessageReceivedModel )
    | ( StreamHeartbeatModel )
    | ( StreamReadyModel )
    | ( StreamTruncatedModel )
  ;
};

/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Node:
    | ( ConversationModel )
    | ( DeviceModel )
    | ( MemberModel )
    | ( MessageModel )
    | ( UserModel )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  AckMessagesInput: AckMessagesInput;
  AckMessagesPayload: ResolverTypeWrapper<Omit<AckMessagesPayload, 'conversations'> & { conversations: Array<ResolversTypes['Conversation']> }>;
  AckStatus: AckStatus;
  AddMembersInput: AddMembersInput;
  AddMembersPayload: ResolverTypeWrapper<Omit<AddMembersPayload, 'conversation'> & { conversation: ResolversTypes['Conversation'] }>;
  Attachment: ResolverTypeWrapper<AttachmentModel>;
  AttachmentInput: AttachmentInput;
  BigInt: ResolverTypeWrapper<Scalars['BigInt']['output']>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  ChangePasswordInput: ChangePasswordInput;
  ChangePasswordPayload: ResolverTypeWrapper<Omit<ChangePasswordPayload, 'viewer'> & { viewer: ResolversTypes['Viewer'] }>;
  Conversation: ResolverTypeWrapper<ConversationModel>;
  ConversationConnection: ResolverTypeWrapper<Omit<ConversationConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['ConversationEdge']>, nodes: Array<ResolversTypes['Conversation']> }>;
  ConversationEdge: ResolverTypeWrapper<Omit<ConversationEdge, 'node'> & { node: ResolversTypes['Conversation'] }>;
  ConversationKind: ConversationKind;
  ConversationPosition: ConversationPosition;
  CreateGroupInput: CreateGroupInput;
  CreateGroupPayload: ResolverTypeWrapper<Omit<CreateGroupPayload, 'conversation'> & { conversation: ResolversTypes['Conversation'] }>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  Device: ResolverTypeWrapper<DeviceModel>;
  ErrorCode: ErrorCode;
  HeartbeatInput: HeartbeatInput;
  HeartbeatPayload: ResolverTypeWrapper<HeartbeatPayload>;
  HistoryRange: HistoryRange;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  InboxEntry: ResolverTypeWrapper<InboxEntryModel>;
  InboxPage: ResolverTypeWrapper<InboxPageModel>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  JSONObject: ResolverTypeWrapper<Scalars['JSONObject']['output']>;
  LeaveGroupInput: LeaveGroupInput;
  LeaveGroupPayload: ResolverTypeWrapper<Omit<LeaveGroupPayload, 'conversation'> & { conversation: ResolversTypes['Conversation'] }>;
  LogInInput: LogInInput;
  LogInPayload: ResolverTypeWrapper<Omit<LogInPayload, 'session'> & { session: ResolversTypes['Session'] }>;
  LogOutPayload: ResolverTypeWrapper<LogOutPayload>;
  Member: ResolverTypeWrapper<MemberModel>;
  MemberConnection: ResolverTypeWrapper<Omit<MemberConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['MemberEdge']>, nodes: Array<ResolversTypes['Member']> }>;
  MemberEdge: ResolverTypeWrapper<Omit<MemberEdge, 'node'> & { node: ResolversTypes['Member'] }>;
  MemberRole: MemberRole;
  Message: ResolverTypeWrapper<MessageModel>;
  MessageConnection: ResolverTypeWrapper<Omit<MessageConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['MessageEdge']>, nodes: Array<ResolversTypes['Message']> }>;
  MessageEdge: ResolverTypeWrapper<Omit<MessageEdge, 'node'> & { node: ResolversTypes['Message'] }>;
  MessageKind: MessageKind;
  MessageReceived: ResolverTypeWrapper<MessageReceivedModel>;
  MessageStatus: MessageStatus;
  MessageStatusChange: ResolverTypeWrapper<MessageStatusChangeModel>;
  MessageStreamEvent: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['MessageStreamEvent']>;
  MessageTarget: MessageTarget;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Node: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Node']>;
  OpenDirectConversationInput: OpenDirectConversationInput;
  OpenDirectConversationPayload: ResolverTypeWrapper<Omit<OpenDirectConversationPayload, 'conversation'> & { conversation: ResolversTypes['Conversation'] }>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Presence: ResolverTypeWrapper<PresenceModel>;
  PresenceStatus: PresenceStatus;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  ReceiptChange: ResolverTypeWrapper<ReceiptChangeModel>;
  RefreshSessionInput: RefreshSessionInput;
  RefreshSessionPayload: ResolverTypeWrapper<Omit<RefreshSessionPayload, 'session'> & { session: ResolversTypes['Session'] }>;
  RegisterInput: RegisterInput;
  RegisterPayload: ResolverTypeWrapper<Omit<RegisterPayload, 'session'> & { session: ResolversTypes['Session'] }>;
  RemoveMembersInput: RemoveMembersInput;
  RemoveMembersPayload: ResolverTypeWrapper<Omit<RemoveMembersPayload, 'conversation'> & { conversation: ResolversTypes['Conversation'] }>;
  RevokeDeviceInput: RevokeDeviceInput;
  RevokeDevicePayload: ResolverTypeWrapper<Omit<RevokeDevicePayload, 'viewer'> & { viewer: ResolversTypes['Viewer'] }>;
  SendMessageInput: SendMessageInput;
  SendMessagePayload: ResolverTypeWrapper<Omit<SendMessagePayload, 'sentMessage'> & { sentMessage: ResolversTypes['Message'] }>;
  Seq: ResolverTypeWrapper<Scalars['Seq']['output']>;
  ServerInfo: ResolverTypeWrapper<ServerInfo>;
  Session: ResolverTypeWrapper<SessionModel>;
  SetMemberRoleInput: SetMemberRoleInput;
  SetMemberRolePayload: ResolverTypeWrapper<Omit<SetMemberRolePayload, 'conversation' | 'member'> & { conversation: ResolversTypes['Conversation'], member: ResolversTypes['Member'] }>;
  StreamHeartbeat: ResolverTypeWrapper<StreamHeartbeatModel>;
  StreamReady: ResolverTypeWrapper<StreamReadyModel>;
  StreamTruncated: ResolverTypeWrapper<StreamTruncatedModel>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  SystemEvent: ResolverTypeWrapper<SystemEventModel>;
  SystemEventKind: SystemEventKind;
  TruncatedBacklog: ResolverTypeWrapper<TruncatedBacklogModel>;
  UpdateGroupInput: UpdateGroupInput;
  UpdateGroupPayload: ResolverTypeWrapper<Omit<UpdateGroupPayload, 'conversation'> & { conversation: ResolversTypes['Conversation'] }>;
  UpdateProfileInput: UpdateProfileInput;
  UpdateProfilePayload: ResolverTypeWrapper<Omit<UpdateProfilePayload, 'user'> & { user: ResolversTypes['User'] }>;
  User: ResolverTypeWrapper<UserModel>;
  UserBy: UserBy;
  UserConnection: ResolverTypeWrapper<Omit<UserConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['UserEdge']>, nodes: Array<ResolversTypes['User']> }>;
  UserEdge: ResolverTypeWrapper<Omit<UserEdge, 'node'> & { node: ResolversTypes['User'] }>;
  Viewer: ResolverTypeWrapper<ViewerModel>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  AckMessagesInput: AckMessagesInput;
  AckMessagesPayload: Omit<AckMessagesPayload, 'conversations'> & { conversations: Array<ResolversParentTypes['Conversation']> };
  AddMembersInput: AddMembersInput;
  AddMembersPayload: Omit<AddMembersPayload, 'conversation'> & { conversation: ResolversParentTypes['Conversation'] };
  Attachment: AttachmentModel;
  AttachmentInput: AttachmentInput;
  BigInt: Scalars['BigInt']['output'];
  Boolean: Scalars['Boolean']['output'];
  ChangePasswordInput: ChangePasswordInput;
  ChangePasswordPayload: Omit<ChangePasswordPayload, 'viewer'> & { viewer: ResolversParentTypes['Viewer'] };
  Conversation: ConversationModel;
  ConversationConnection: Omit<ConversationConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['ConversationEdge']>, nodes: Array<ResolversParentTypes['Conversation']> };
  ConversationEdge: Omit<ConversationEdge, 'node'> & { node: ResolversParentTypes['Conversation'] };
  ConversationPosition: ConversationPosition;
  CreateGroupInput: CreateGroupInput;
  CreateGroupPayload: Omit<CreateGroupPayload, 'conversation'> & { conversation: ResolversParentTypes['Conversation'] };
  DateTime: Scalars['DateTime']['output'];
  Device: DeviceModel;
  HeartbeatInput: HeartbeatInput;
  HeartbeatPayload: HeartbeatPayload;
  HistoryRange: HistoryRange;
  ID: Scalars['ID']['output'];
  InboxEntry: InboxEntryModel;
  InboxPage: InboxPageModel;
  Int: Scalars['Int']['output'];
  JSONObject: Scalars['JSONObject']['output'];
  LeaveGroupInput: LeaveGroupInput;
  LeaveGroupPayload: Omit<LeaveGroupPayload, 'conversation'> & { conversation: ResolversParentTypes['Conversation'] };
  LogInInput: LogInInput;
  LogInPayload: Omit<LogInPayload, 'session'> & { session: ResolversParentTypes['Session'] };
  LogOutPayload: LogOutPayload;
  Member: MemberModel;
  MemberConnection: Omit<MemberConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['MemberEdge']>, nodes: Array<ResolversParentTypes['Member']> };
  MemberEdge: Omit<MemberEdge, 'node'> & { node: ResolversParentTypes['Member'] };
  Message: MessageModel;
  MessageConnection: Omit<MessageConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['MessageEdge']>, nodes: Array<ResolversParentTypes['Message']> };
  MessageEdge: Omit<MessageEdge, 'node'> & { node: ResolversParentTypes['Message'] };
  MessageReceived: MessageReceivedModel;
  MessageStatusChange: MessageStatusChangeModel;
  MessageStreamEvent: ResolversUnionTypes<ResolversParentTypes>['MessageStreamEvent'];
  MessageTarget: MessageTarget;
  Mutation: Record<PropertyKey, never>;
  Node: ResolversInterfaceTypes<ResolversParentTypes>['Node'];
  OpenDirectConversationInput: OpenDirectConversationInput;
  OpenDirectConversationPayload: Omit<OpenDirectConversationPayload, 'conversation'> & { conversation: ResolversParentTypes['Conversation'] };
  PageInfo: PageInfo;
  Presence: PresenceModel;
  Query: Record<PropertyKey, never>;
  ReceiptChange: ReceiptChangeModel;
  RefreshSessionInput: RefreshSessionInput;
  RefreshSessionPayload: Omit<RefreshSessionPayload, 'session'> & { session: ResolversParentTypes['Session'] };
  RegisterInput: RegisterInput;
  RegisterPayload: Omit<RegisterPayload, 'session'> & { session: ResolversParentTypes['Session'] };
  RemoveMembersInput: RemoveMembersInput;
  RemoveMembersPayload: Omit<RemoveMembersPayload, 'conversation'> & { conversation: ResolversParentTypes['Conversation'] };
  RevokeDeviceInput: RevokeDeviceInput;
  RevokeDevicePayload: Omit<RevokeDevicePayload, 'viewer'> & { viewer: ResolversParentTypes['Viewer'] };
  SendMessageInput: SendMessageInput;
  SendMessagePayload: Omit<SendMessagePayload, 'sentMessage'> & { sentMessage: ResolversParentTypes['Message'] };
  Seq: Scalars['Seq']['output'];
  ServerInfo: ServerInfo;
  Session: SessionModel;
  SetMemberRoleInput: SetMemberRoleInput;
  SetMemberRolePayload: Omit<SetMemberRolePayload, 'conversation' | 'member'> & { conversation: ResolversParentTypes['Conversation'], member: ResolversParentTypes['Member'] };
  StreamHeartbeat: StreamHeartbeatModel;
  StreamReady: StreamReadyModel;
  StreamTruncated: StreamTruncatedModel;
  String: Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
  SystemEvent: SystemEventModel;
  TruncatedBacklog: TruncatedBacklogModel;
  UpdateGroupInput: UpdateGroupInput;
  UpdateGroupPayload: Omit<UpdateGroupPayload, 'conversation'> & { conversation: ResolversParentTypes['Conversation'] };
  UpdateProfileInput: UpdateProfileInput;
  UpdateProfilePayload: Omit<UpdateProfilePayload, 'user'> & { user: ResolversParentTypes['User'] };
  User: UserModel;
  UserBy: UserBy;
  UserConnection: Omit<UserConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['UserEdge']>, nodes: Array<ResolversParentTypes['User']> };
  UserEdge: Omit<UserEdge, 'node'> & { node: ResolversParentTypes['User'] };
  Viewer: ViewerModel;
};

export type AckMessagesPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['AckMessagesPayload'] = ResolversParentTypes['AckMessagesPayload']> = {
  ackedSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  conversations?: Resolver<Array<ResolversTypes['Conversation']>, ParentType, ContextType>;
};

export type AddMembersPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['AddMembersPayload'] = ResolversParentTypes['AddMembersPayload']> = {
  conversation?: Resolver<ResolversTypes['Conversation'], ParentType, ContextType>;
};

export type AttachmentResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Attachment'] = ResolversParentTypes['Attachment']> = {
  byteSize?: Resolver<Maybe<ResolversTypes['BigInt']>, ParentType, ContextType>;
  contentType?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  name?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export interface BigIntScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['BigInt'], any> {
  name: 'BigInt';
}

export type ChangePasswordPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ChangePasswordPayload'] = ResolversParentTypes['ChangePasswordPayload']> = {
  viewer?: Resolver<ResolversTypes['Viewer'], ParentType, ContextType>;
};

export type ConversationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Conversation'] = ResolversParentTypes['Conversation']> = {
  avatarUrl?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  deliveredSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  description?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  headSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['ConversationKind'], ParentType, ContextType>;
  lastActivityAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  lastMessage?: Resolver<Maybe<ResolversTypes['Message']>, ParentType, ContextType>;
  memberCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  members?: Resolver<ResolversTypes['MemberConnection'], ParentType, ContextType, RequireFields<ConversationMembersArgs, 'first'>>;
  messages?: Resolver<ResolversTypes['MessageConnection'], ParentType, ContextType, Partial<ConversationMessagesArgs>>;
  peer?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  readSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  title?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  unreadCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  viewerMember?: Resolver<Maybe<ResolversTypes['Member']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ConversationConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ConversationConnection'] = ResolversParentTypes['ConversationConnection']> = {
  edges?: Resolver<Array<ResolversTypes['ConversationEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Conversation']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type ConversationEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ConversationEdge'] = ResolversParentTypes['ConversationEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Conversation'], ParentType, ContextType>;
};

export type CreateGroupPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CreateGroupPayload'] = ResolversParentTypes['CreateGroupPayload']> = {
  conversation?: Resolver<ResolversTypes['Conversation'], ParentType, ContextType>;
  deduplicated?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type DeviceResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Device'] = ResolversParentTypes['Device']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  isCurrent?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  lastUsedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  name?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type HeartbeatPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['HeartbeatPayload'] = ResolversParentTypes['HeartbeatPayload']> = {
  hasMissed?: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  headSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  onlineUntil?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  serverTime?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type InboxEntryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['InboxEntry'] = ResolversParentTypes['InboxEntry']> = {
  inboxSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['Message'], ParentType, ContextType>;
};

export type InboxPageResolvers<ContextType = Context, ParentType extends ResolversParentTypes['InboxPage'] = ResolversParentTypes['InboxPage']> = {
  entries?: Resolver<Array<ResolversTypes['InboxEntry']>, ParentType, ContextType>;
  hasMore?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  headSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  nextSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  truncated?: Resolver<Array<ResolversTypes['TruncatedBacklog']>, ParentType, ContextType>;
};

export interface JsonObjectScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['JSONObject'], any> {
  name: 'JSONObject';
}

export type LeaveGroupPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LeaveGroupPayload'] = ResolversParentTypes['LeaveGroupPayload']> = {
  conversation?: Resolver<ResolversTypes['Conversation'], ParentType, ContextType>;
};

export type LogInPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LogInPayload'] = ResolversParentTypes['LogInPayload']> = {
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
};

export type LogOutPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LogOutPayload'] = ResolversParentTypes['LogOutPayload']> = {
  deviceId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type MemberResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Member'] = ResolversParentTypes['Member']> = {
  conversation?: Resolver<ResolversTypes['Conversation'], ParentType, ContextType>;
  deliveredSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  joinedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  joinedSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  readSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  role?: Resolver<ResolversTypes['MemberRole'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MemberConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MemberConnection'] = ResolversParentTypes['MemberConnection']> = {
  edges?: Resolver<Array<ResolversTypes['MemberEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Member']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type MemberEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MemberEdge'] = ResolversParentTypes['MemberEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Member'], ParentType, ContextType>;
};

export type MessageResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Message'] = ResolversParentTypes['Message']> = {
  attachments?: Resolver<Array<ResolversTypes['Attachment']>, ParentType, ContextType>;
  clientMessageId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  conversation?: Resolver<ResolversTypes['Conversation'], ParentType, ContextType>;
  conversationId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  data?: Resolver<Maybe<ResolversTypes['JSONObject']>, ParentType, ContextType>;
  deliveredCount?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['MessageKind'], ParentType, ContextType>;
  readCount?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  replyTo?: Resolver<Maybe<ResolversTypes['Message']>, ParentType, ContextType>;
  sender?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  senderId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  sentAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  seq?: Resolver<Maybe<ResolversTypes['Seq']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['MessageStatus'], ParentType, ContextType>;
  systemEvent?: Resolver<Maybe<ResolversTypes['SystemEvent']>, ParentType, ContextType>;
  text?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MessageConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MessageConnection'] = ResolversParentTypes['MessageConnection']> = {
  edges?: Resolver<Array<ResolversTypes['MessageEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Message']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type MessageEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MessageEdge'] = ResolversParentTypes['MessageEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Message'], ParentType, ContextType>;
};

export type MessageReceivedResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MessageReceived'] = ResolversParentTypes['MessageReceived']> = {
  inboxSeq?: Resolver<Maybe<ResolversTypes['Seq']>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['Message'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MessageStatusChangeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MessageStatusChange'] = ResolversParentTypes['MessageStatusChange']> = {
  clientMessageId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  conversation?: Resolver<ResolversTypes['Conversation'], ParentType, ContextType>;
  conversationId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  message?: Resolver<Maybe<ResolversTypes['Message']>, ParentType, ContextType>;
  messageId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  reason?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  seq?: Resolver<Maybe<ResolversTypes['Seq']>, ParentType, ContextType>;
  sinceSeq?: Resolver<Maybe<ResolversTypes['Seq']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['MessageStatus'], ParentType, ContextType>;
};

export type MessageStreamEventResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MessageStreamEvent'] = ResolversParentTypes['MessageStreamEvent']> = {
  __resolveType: TypeResolveFn<'MessageReceived' | 'StreamHeartbeat' | 'StreamReady' | 'StreamTruncated', ParentType, ContextType>;
};

export type MutationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  ackMessages?: Resolver<Maybe<ResolversTypes['AckMessagesPayload']>, ParentType, ContextType, RequireFields<MutationAckMessagesArgs, 'input'>>;
  addMembers?: Resolver<Maybe<ResolversTypes['AddMembersPayload']>, ParentType, ContextType, RequireFields<MutationAddMembersArgs, 'input'>>;
  changePassword?: Resolver<Maybe<ResolversTypes['ChangePasswordPayload']>, ParentType, ContextType, RequireFields<MutationChangePasswordArgs, 'input'>>;
  createGroup?: Resolver<Maybe<ResolversTypes['CreateGroupPayload']>, ParentType, ContextType, RequireFields<MutationCreateGroupArgs, 'input'>>;
  heartbeat?: Resolver<Maybe<ResolversTypes['HeartbeatPayload']>, ParentType, ContextType, Partial<MutationHeartbeatArgs>>;
  leaveGroup?: Resolver<Maybe<ResolversTypes['LeaveGroupPayload']>, ParentType, ContextType, RequireFields<MutationLeaveGroupArgs, 'input'>>;
  logIn?: Resolver<Maybe<ResolversTypes['LogInPayload']>, ParentType, ContextType, RequireFields<MutationLogInArgs, 'input'>>;
  logOut?: Resolver<Maybe<ResolversTypes['LogOutPayload']>, ParentType, ContextType>;
  openDirectConversation?: Resolver<Maybe<ResolversTypes['OpenDirectConversationPayload']>, ParentType, ContextType, RequireFields<MutationOpenDirectConversationArgs, 'input'>>;
  refreshSession?: Resolver<Maybe<ResolversTypes['RefreshSessionPayload']>, ParentType, ContextType, RequireFields<MutationRefreshSessionArgs, 'input'>>;
  register?: Resolver<Maybe<ResolversTypes['RegisterPayload']>, ParentType, ContextType, RequireFields<MutationRegisterArgs, 'input'>>;
  removeMembers?: Resolver<Maybe<ResolversTypes['RemoveMembersPayload']>, ParentType, ContextType, RequireFields<MutationRemoveMembersArgs, 'input'>>;
  revokeDevice?: Resolver<Maybe<ResolversTypes['RevokeDevicePayload']>, ParentType, ContextType, RequireFields<MutationRevokeDeviceArgs, 'input'>>;
  sendMessage?: Resolver<Maybe<ResolversTypes['SendMessagePayload']>, ParentType, ContextType, RequireFields<MutationSendMessageArgs, 'input'>>;
  setMemberRole?: Resolver<Maybe<ResolversTypes['SetMemberRolePayload']>, ParentType, ContextType, RequireFields<MutationSetMemberRoleArgs, 'input'>>;
  updateGroup?: Resolver<Maybe<ResolversTypes['UpdateGroupPayload']>, ParentType, ContextType, RequireFields<MutationUpdateGroupArgs, 'input'>>;
  updateProfile?: Resolver<Maybe<ResolversTypes['UpdateProfilePayload']>, ParentType, ContextType, RequireFields<MutationUpdateProfileArgs, 'input'>>;
};

export type NodeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType: TypeResolveFn<'Conversation' | 'Device' | 'Member' | 'Message' | 'User', ParentType, ContextType>;
};

export type OpenDirectConversationPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['OpenDirectConversationPayload'] = ResolversParentTypes['OpenDirectConversationPayload']> = {
  conversation?: Resolver<ResolversTypes['Conversation'], ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PresenceResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Presence'] = ResolversParentTypes['Presence']> = {
  lastSeenAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['PresenceStatus'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  userId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  conversation?: Resolver<Maybe<ResolversTypes['Conversation']>, ParentType, ContextType, RequireFields<QueryConversationArgs, 'id'>>;
  conversations?: Resolver<Maybe<ResolversTypes['ConversationConnection']>, ParentType, ContextType, RequireFields<QueryConversationsArgs, 'first'>>;
  history?: Resolver<Maybe<ResolversTypes['MessageConnection']>, ParentType, ContextType, RequireFields<QueryHistoryArgs, 'conversationId'>>;
  message?: Resolver<Maybe<ResolversTypes['Message']>, ParentType, ContextType, RequireFields<QueryMessageArgs, 'id'>>;
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QueryNodeArgs, 'id'>>;
  nodes?: Resolver<Maybe<Array<Maybe<ResolversTypes['Node']>>>, ParentType, ContextType, RequireFields<QueryNodesArgs, 'ids'>>;
  offlineMessages?: Resolver<Maybe<ResolversTypes['InboxPage']>, ParentType, ContextType, RequireFields<QueryOfflineMessagesArgs, 'afterSeq' | 'first'>>;
  presence?: Resolver<Maybe<Array<ResolversTypes['Presence']>>, ParentType, ContextType, RequireFields<QueryPresenceArgs, 'userIds'>>;
  server?: Resolver<Maybe<ResolversTypes['ServerInfo']>, ParentType, ContextType>;
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType, RequireFields<QueryUserArgs, 'by'>>;
  users?: Resolver<Maybe<ResolversTypes['UserConnection']>, ParentType, ContextType, RequireFields<QueryUsersArgs, 'first' | 'search'>>;
  viewer?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
};

export type ReceiptChangeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReceiptChange'] = ResolversParentTypes['ReceiptChange']> = {
  at?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  conversation?: Resolver<ResolversTypes['Conversation'], ParentType, ContextType>;
  conversationId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  deliveredSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  member?: Resolver<ResolversTypes['Member'], ParentType, ContextType>;
  readSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  userId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type RefreshSessionPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RefreshSessionPayload'] = ResolversParentTypes['RefreshSessionPayload']> = {
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
};

export type RegisterPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RegisterPayload'] = ResolversParentTypes['RegisterPayload']> = {
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
};

export type RemoveMembersPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RemoveMembersPayload'] = ResolversParentTypes['RemoveMembersPayload']> = {
  conversation?: Resolver<ResolversTypes['Conversation'], ParentType, ContextType>;
};

export type RevokeDevicePayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RevokeDevicePayload'] = ResolversParentTypes['RevokeDevicePayload']> = {
  viewer?: Resolver<ResolversTypes['Viewer'], ParentType, ContextType>;
};

export type SendMessagePayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SendMessagePayload'] = ResolversParentTypes['SendMessagePayload']> = {
  deduplicated?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  sentMessage?: Resolver<ResolversTypes['Message'], ParentType, ContextType>;
};

export interface SeqScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Seq'], any> {
  name: 'Seq';
}

export type ServerInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ServerInfo'] = ResolversParentTypes['ServerInfo']> = {
  degraded?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  fanOutOnWriteMaxMembers?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  operationsPerSocketMax?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  pageSizeMax?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  textMaxBytes?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type SessionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Session'] = ResolversParentTypes['Session']> = {
  accessToken?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  accessTokenExpiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  device?: Resolver<ResolversTypes['Device'], ParentType, ContextType>;
  deviceId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  refreshToken?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
};

export type SetMemberRolePayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SetMemberRolePayload'] = ResolversParentTypes['SetMemberRolePayload']> = {
  conversation?: Resolver<ResolversTypes['Conversation'], ParentType, ContextType>;
  member?: Resolver<ResolversTypes['Member'], ParentType, ContextType>;
};

export type StreamHeartbeatResolvers<ContextType = Context, ParentType extends ResolversParentTypes['StreamHeartbeat'] = ResolversParentTypes['StreamHeartbeat']> = {
  position?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type StreamReadyResolvers<ContextType = Context, ParentType extends ResolversParentTypes['StreamReady'] = ResolversParentTypes['StreamReady']> = {
  headSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  startSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type StreamTruncatedResolvers<ContextType = Context, ParentType extends ResolversParentTypes['StreamTruncated'] = ResolversParentTypes['StreamTruncated']> = {
  backlogs?: Resolver<Array<ResolversTypes['TruncatedBacklog']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  messageReceived?: SubscriptionResolver<Maybe<ResolversTypes['MessageStreamEvent']>, "messageReceived", ParentType, ContextType, Partial<SubscriptionMessageReceivedArgs>>;
  messageStatusChanged?: SubscriptionResolver<Maybe<ResolversTypes['MessageStatusChange']>, "messageStatusChanged", ParentType, ContextType>;
  presenceChanged?: SubscriptionResolver<Maybe<ResolversTypes['Presence']>, "presenceChanged", ParentType, ContextType, Partial<SubscriptionPresenceChangedArgs>>;
  receiptChanged?: SubscriptionResolver<Maybe<ResolversTypes['ReceiptChange']>, "receiptChanged", ParentType, ContextType, Partial<SubscriptionReceiptChangedArgs>>;
};

export type SystemEventResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SystemEvent'] = ResolversParentTypes['SystemEvent']> = {
  kind?: Resolver<ResolversTypes['SystemEventKind'], ParentType, ContextType>;
  role?: Resolver<Maybe<ResolversTypes['MemberRole']>, ParentType, ContextType>;
  title?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  userCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  users?: Resolver<Array<ResolversTypes['User']>, ParentType, ContextType>;
};

export type TruncatedBacklogResolvers<ContextType = Context, ParentType extends ResolversParentTypes['TruncatedBacklog'] = ResolversParentTypes['TruncatedBacklog']> = {
  conversation?: Resolver<ResolversTypes['Conversation'], ParentType, ContextType>;
  conversationId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  fromSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  inboxSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  toSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
};

export type UpdateGroupPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UpdateGroupPayload'] = ResolversParentTypes['UpdateGroupPayload']> = {
  conversation?: Resolver<ResolversTypes['Conversation'], ParentType, ContextType>;
};

export type UpdateProfilePayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UpdateProfilePayload'] = ResolversParentTypes['UpdateProfilePayload']> = {
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
};

export type UserResolvers<ContextType = Context, ParentType extends ResolversParentTypes['User'] = ResolversParentTypes['User']> = {
  avatarUrl?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  displayName?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  externalId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  presence?: Resolver<ResolversTypes['Presence'], ParentType, ContextType>;
  username?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type UserConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UserConnection'] = ResolversParentTypes['UserConnection']> = {
  edges?: Resolver<Array<ResolversTypes['UserEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['User']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type UserEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UserEdge'] = ResolversParentTypes['UserEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
};

export type ViewerResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Viewer'] = ResolversParentTypes['Viewer']> = {
  devices?: Resolver<Array<ResolversTypes['Device']>, ParentType, ContextType>;
  inboxHeadSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  unreadConversationCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  unreadCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
};

export type Resolvers<ContextType = Context> = {
  AckMessagesPayload?: AckMessagesPayloadResolvers<ContextType>;
  AddMembersPayload?: AddMembersPayloadResolvers<ContextType>;
  Attachment?: AttachmentResolvers<ContextType>;
  BigInt?: GraphQLScalarType;
  ChangePasswordPayload?: ChangePasswordPayloadResolvers<ContextType>;
  Conversation?: ConversationResolvers<ContextType>;
  ConversationConnection?: ConversationConnectionResolvers<ContextType>;
  ConversationEdge?: ConversationEdgeResolvers<ContextType>;
  CreateGroupPayload?: CreateGroupPayloadResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  Device?: DeviceResolvers<ContextType>;
  HeartbeatPayload?: HeartbeatPayloadResolvers<ContextType>;
  InboxEntry?: InboxEntryResolvers<ContextType>;
  InboxPage?: InboxPageResolvers<ContextType>;
  JSONObject?: GraphQLScalarType;
  LeaveGroupPayload?: LeaveGroupPayloadResolvers<ContextType>;
  LogInPayload?: LogInPayloadResolvers<ContextType>;
  LogOutPayload?: LogOutPayloadResolvers<ContextType>;
  Member?: MemberResolvers<ContextType>;
  MemberConnection?: MemberConnectionResolvers<ContextType>;
  MemberEdge?: MemberEdgeResolvers<ContextType>;
  Message?: MessageResolvers<ContextType>;
  MessageConnection?: MessageConnectionResolvers<ContextType>;
  MessageEdge?: MessageEdgeResolvers<ContextType>;
  MessageReceived?: MessageReceivedResolvers<ContextType>;
  MessageStatusChange?: MessageStatusChangeResolvers<ContextType>;
  MessageStreamEvent?: MessageStreamEventResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Node?: NodeResolvers<ContextType>;
  OpenDirectConversationPayload?: OpenDirectConversationPayloadResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Presence?: PresenceResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  ReceiptChange?: ReceiptChangeResolvers<ContextType>;
  RefreshSessionPayload?: RefreshSessionPayloadResolvers<ContextType>;
  RegisterPayload?: RegisterPayloadResolvers<ContextType>;
  RemoveMembersPayload?: RemoveMembersPayloadResolvers<ContextType>;
  RevokeDevicePayload?: RevokeDevicePayloadResolvers<ContextType>;
  SendMessagePayload?: SendMessagePayloadResolvers<ContextType>;
  Seq?: GraphQLScalarType;
  ServerInfo?: ServerInfoResolvers<ContextType>;
  Session?: SessionResolvers<ContextType>;
  SetMemberRolePayload?: SetMemberRolePayloadResolvers<ContextType>;
  StreamHeartbeat?: StreamHeartbeatResolvers<ContextType>;
  StreamReady?: StreamReadyResolvers<ContextType>;
  StreamTruncated?: StreamTruncatedResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  SystemEvent?: SystemEventResolvers<ContextType>;
  TruncatedBacklog?: TruncatedBacklogResolvers<ContextType>;
  UpdateGroupPayload?: UpdateGroupPayloadResolvers<ContextType>;
  UpdateProfilePayload?: UpdateProfilePayloadResolvers<ContextType>;
  User?: UserResolvers<ContextType>;
  UserConnection?: UserConnectionResolvers<ContextType>;
  UserEdge?: UserEdgeResolvers<ContextType>;
  Viewer?: ViewerResolvers<ContextType>;
};

