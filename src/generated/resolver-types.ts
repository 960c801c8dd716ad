/* Made by `npm run codegen` from schema/; do not edit. */
import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { UserModel, ConversationModel, MemberModel, MessageModel, SystemEventModel, PresenceModel, InboxPageModel, InboxEntryModel, ReceiptChangeModel, MessageStatusChangeModel, StreamReadyModel, MessageReceivedModel, StreamTruncatedModel, StreamHeartbeatModel } from '../resolvers/models.ts';
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
   * An instant as RFC 3339 text in UTC with milliseconds, such as `2026-03-01T12:00:00.000Z`. Input may carry any offset; it is
   * answered in UTC.
   */
  DateTime: { input: number; output: number; }
  /**
   * A JSON object of at most 4 KiB as UTF-8. The server stores it without looking into it and returns it equal; the order of its keys
   * is not kept. Numbers are double precision: put whole ones beyond 2^53 into strings.
   */
  JSONObject: { input: Record<string, unknown>; output: Record<string, unknown>; }
  /**
   * A count as a decimal string, such as `"42"`: 1 for the first, 0 for the place before it. Always exact, also beyond 2^53, where
   * JSON numbers are not. Input may be a whole number instead of a string as long as it is at most 2^53 - 1.
   */
  Seq: { input: bigint; output: bigint; }
};

/**
 * Says what is acknowledged in one or more of three ways, with at most 500 messages and positions together. This device's `ackedSeq`
 * goes to `upToInboxSeq`; by messages and positions it goes on only as far as they leave nothing out.
 */
export type AckMessagesInput = {
  /** Each stands for itself and everything before it in its conversation. */
  messageIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** Delivered or read. */
  status: AckStatus;
  /** The same by number. */
  upTo?: InputMaybe<Array<ConversationPosition>>;
  /** Everything in this user's inbox up to this number. */
  upToInboxSeq?: InputMaybe<Scalars['Seq']['input']>;
};

/** How things stand after an acknowledgement. */
export type AckMessagesPayload = {
  /** This device's acknowledged inbox position: a stream without `afterSeq` goes on from here. */
  ackedSeq: Scalars['Seq']['output'];
  /** The conversations the call concerned, as they stand after it. */
  conversations: Array<Conversation>;
};

/** What is acknowledged. */
export type AckStatus =
  /** The device has it. */
  | 'DELIVERED'
  /** The user has seen it. */
  | 'READ';

/** New members. */
export type AddMembersInput = {
  /** The group. */
  conversationId: Scalars['ID']['input'];
  /** At most 1,000 at once. */
  userIds: Array<Scalars['ID']['input']>;
};

/** A file elsewhere; the server keeps only where it is. */
export type Attachment = {
  /** Its size in bytes. */
  bytes: Maybe<Scalars['Int']['output']>;
  /** Its media type, such as `image/png`. */
  contentType: Scalars['String']['output'];
  /** A file name to show. */
  name: Maybe<Scalars['String']['output']>;
  /** An http or https URL of at most 2,048 characters. */
  url: Scalars['String']['output'];
};

/** A file elsewhere. */
export type AttachmentInput = {
  /** Its size in bytes, 0 or more. */
  bytes?: InputMaybe<Scalars['Int']['input']>;
  /** Its media type, such as `image/png`. */
  contentType: Scalars['String']['input'];
  /** A file name to show, 1 to 255 characters. */
  name?: InputMaybe<Scalars['String']['input']>;
  /** An http or https URL of at most 2,048 characters. */
  url: Scalars['String']['input'];
};

/** Users whose messages form one log, numbered 1, 2, 3 … without a gap. */
export type Conversation = {
  /** Up to where this viewer's devices have got the messages. */
  deliveredSeq: Scalars['Seq']['output'];
  /** The last number the viewer may see; 0 before the first message. */
  headSeq: Scalars['Seq']['output'];
  /** Never changes. */
  id: Scalars['ID']['output'];
  /** Direct or group. */
  kind: ConversationKind;
  /** The message `headSeq`, if there is one the viewer may see. */
  lastMessage: Maybe<Message>;
  /** How many are members now. */
  memberCount: Scalars['Int']['output'];
  /** Who is a member now, in the order of user ids; empty for a viewer who has left. */
  members: MemberConnection;
  /** Up to where the viewer has read. */
  readSeq: Scalars['Seq']['output'];
  /** A group's title, 1 to 100 characters. Null for direct conversations. */
  title: Maybe<Scalars['String']['output']>;
  /** Users' messages after the viewer's read position; what they sent themselves counts as read up to there. */
  unreadCount: Scalars['Int']['output'];
};


/** Users whose messages form one log, numbered 1, 2, 3 … without a gap. */
export type ConversationMembersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** A page of conversations. */
export type ConversationConnection = {
  /** The conversations with their cursors. */
  edges: Array<ConversationEdge>;
  /** The same without cursors. */
  nodes: Array<Conversation>;
  /** Whether there is more. */
  pageInfo: PageInfo;
};

/** A conversation in a page. */
export type ConversationEdge = {
  /** Opaque; names this place in the list. */
  cursor: Scalars['String']['output'];
  /** The conversation. */
  node: Conversation;
};

/** How many a conversation is for. */
export type ConversationKind =
  /** Two users (or one, with oneself), for good; there is one for each pair. */
  | 'DIRECT'
  /** Any number of members, who come and go. */
  | 'GROUP';

/** A place in a conversation. */
export type ConversationPosition = {
  /** The conversation. */
  conversationId: Scalars['ID']['input'];
  /** Everything up to this message. */
  seq: Scalars['Seq']['input'];
};

/** A new group. */
export type CreateGroupInput = {
  /** First members besides the viewer, at most 1,000 at once; may be empty. */
  memberIds: Array<Scalars['ID']['input']>;
  /** 1 to 100 characters on one line. */
  title: Scalars['String']['input'];
};

/** What a beating client has reached. */
export type HeartbeatInput = {
  /** Up to which inbox number this client has everything. */
  seq?: InputMaybe<Scalars['Seq']['input']>;
};

/** The server's answer to a heartbeat. */
export type HeartbeatPayload = {
  /** The last number in the user's inbox. A client that is behind it has missed something and should sync. */
  headSeq: Scalars['Seq']['output'];
  /** The user counts as online until then, unless another heartbeat or a live socket renews it. */
  onlineUntil: Scalars['DateTime']['output'];
  /** The server's clock. */
  serverTime: Scalars['DateTime']['output'];
};

/** A stretch of time. */
export type HistoryRange = {
  /** Sent at this instant or later. */
  from?: InputMaybe<Scalars['DateTime']['input']>;
  /** Sent before this instant. */
  to?: InputMaybe<Scalars['DateTime']['input']>;
};

/** A message in a user's inbox: all their conversations in one sequence. */
export type InboxEntry = {
  /** The message. */
  message: Message;
  /** Its number in this user's inbox: 1, 2, 3 … without a gap. */
  seq: Scalars['Seq']['output'];
};

/** A page of a user's inbox. */
export type InboxPage = {
  /** Ascending in `seq`. */
  entries: Array<InboxEntry>;
  /** Whether there is more after `nextSeq`. */
  hasMore: Scalars['Boolean']['output'];
  /** The inbox's last number. */
  headSeq: Scalars['Seq']['output'];
  /** The last number this page covers: pass it as the next `afterSeq`. */
  nextSeq: Scalars['Seq']['output'];
  /** Stretches of conversations that were too long for the inbox, by the numbers they have in this page. `history` reads them. */
  truncated: Array<TruncatedBacklog>;
};

/** A group to leave. */
export type LeaveGroupInput = {
  /** The group. */
  conversationId: Scalars['ID']['input'];
};

/** A user who comes back. */
export type LogInInput = {
  /**
   * A device of this user to be again, with its acknowledged position; a new one when left out. What was signed in on it before ends as
   * by a log-out.
   */
  deviceId?: InputMaybe<Scalars['ID']['input']>;
  /** What to call this device, at most 64 characters. */
  deviceName?: InputMaybe<Scalars['String']['input']>;
  /** As it was registered. */
  password: Scalars['String']['input'];
  /** In any case. */
  username: Scalars['String']['input'];
};

/** A user in a conversation. */
export type Member = {
  /** Up to where their devices have got the messages. */
  deliveredSeq: Scalars['Seq']['output'];
  /** They see messages from the next number on, which is that of the message telling that they joined. */
  joinedSeq: Scalars['Seq']['output'];
  /** Up to where they have read. */
  readSeq: Scalars['Seq']['output'];
  /** What they may do. */
  role: MemberRole;
  /** Who it is. */
  user: User;
};

/** A page of members. */
export type MemberConnection = {
  /** The members with their cursors. */
  edges: Array<MemberEdge>;
  /** The same without cursors. */
  nodes: Array<Member>;
  /** Whether there are more. */
  pageInfo: PageInfo;
  /** How many members there are in all. */
  totalCount: Scalars['Int']['output'];
};

/** A member in a page. */
export type MemberEdge = {
  /** Opaque; names this place in the list. */
  cursor: Scalars['String']['output'];
  /** The member. */
  node: Member;
};

/** What a member may do in a group. In direct conversations everybody is MEMBER. */
export type MemberRole =
  /** Adds members and removes plain ones. */
  | 'ADMIN'
  /** Sends, reads and leaves. */
  | 'MEMBER'
  /** Adds and removes anybody, and gives roles. A group with members has exactly one. */
  | 'OWNER';

/** One entry of a conversation's log. It never changes, except for what `status` and the counts tell. */
export type Message = {
  /** Files elsewhere that belong to it. */
  attachments: Array<Attachment>;
  /**
   * The id its sender chose, which every member sees. Together with `senderId` it identifies the message from the copy a client shows
   * before the server has answered to the stored one, so caches can key on the pair. The server chooses it for SYSTEM messages.
   */
  clientMessageId: Scalars['ID']['output'];
  /** Where it was sent, as the viewer sees it. */
  conversation: Conversation;
  /** Where it was sent. */
  conversationId: Scalars['ID']['output'];
  /** What the sender's client put in, returned equal. Null when there was none. */
  data: Maybe<Scalars['JSONObject']['output']>;
  /** Other members who have acknowledged it as delivered or read. */
  deliveredCount: Scalars['Int']['output'];
  /** Made when the send was accepted; grows with time. */
  id: Scalars['ID']['output'];
  /** A user's message or the server's. */
  kind: MessageKind;
  /** Other members who have acknowledged it as read. */
  readCount: Scalars['Int']['output'];
  /** The message it answers, if it answers one the viewer may see. */
  replyTo: Maybe<Message>;
  /** Who sent it; for SYSTEM messages the member who acted. Null when the user is gone. */
  sender: Maybe<User>;
  /** The sender's id. */
  senderId: Scalars['ID']['output'];
  /** When it was stored. Never goes back along `seq`. */
  sentAt: Scalars['DateTime']['output'];
  /** Its number in the conversation: the only order to show messages in. Not there (null) as long as it is SENDING, and never for FAILED. */
  seq: Maybe<Scalars['Seq']['output']>;
  /** How far it has got. */
  status: MessageStatus;
  /** The content of a SYSTEM message as data, for clients that word it in their own language; `text` words it in English. Null for USER messages. */
  systemEvent: Maybe<SystemEvent>;
  /** What was written, byte for byte; empty when there is only data or an attachment. */
  text: Scalars['String']['output'];
};

/** A page of messages, in the order of `seq`. */
export type MessageConnection = {
  /** The messages with their cursors. */
  edges: Array<MessageEdge>;
  /** The same without cursors. */
  nodes: Array<Message>;
  /** Whether there is more, later and earlier. */
  pageInfo: PageInfo;
};

/** A message in a page. */
export type MessageEdge = {
  /** Opaque; names this place in the conversation. */
  cursor: Scalars['String']['output'];
  /** The message. */
  node: Message;
};

/** Who speaks. */
export type MessageKind =
  /** The server, about who is in the group. */
  | 'SYSTEM'
  /** A user. */
  | 'USER';

/** A message, from the backlog or live. */
export type MessageReceived = {
  /** The message. */
  message: Message;
  /** Its inbox number. Large groups send live messages without one (null); a sync numbers them. */
  seq: Maybe<Scalars['Seq']['output']>;
};

/** How far a message has got. */
export type MessageStatus =
  /** Every other member has acknowledged it as delivered (direct: the other one). */
  | 'DELIVERED'
  /** Given up; the sender is told why. */
  | 'FAILED'
  /** Every other member has acknowledged it as read. */
  | 'READ'
  /** Accepted and kept on this server's disk while the message store does not answer; it becomes SENT or FAILED. */
  | 'SENDING'
  /** Stored; every member will get it. */
  | 'SENT';

/** What an acknowledgement changed for the viewer's own messages, in one event: `messageId` is the newest, `sinceSeq` says how far back. */
export type MessageStatusChange = {
  /** Its sender's own id. */
  clientMessageId: Scalars['ID']['output'];
  /** Where it was sent. */
  conversationId: Scalars['ID']['output'];
  /** The newest message it is about. */
  messageId: Scalars['ID']['output'];
  /** Why, for FAILED. */
  reason: Maybe<Scalars['String']['output']>;
  /** Its number; null while there is none. */
  seq: Maybe<Scalars['Seq']['output']>;
  /** Own messages after this number up to `seq` have the same status now. */
  sinceSeq: Maybe<Scalars['Seq']['output']>;
  /** What it and those before it are now. */
  status: MessageStatus;
};

/** What comes on `messageReceived`. More kinds of events may be added; clients pass over those they were not written for. */
export type MessageStreamEvent = MessageReceived | StreamHeartbeat | StreamReady | StreamTruncated;

/** Where a message goes: exactly one of the two. */
export type MessageTarget =
  /** A conversation the viewer is a member of. */
  { conversationId: Scalars['ID']['input']; userId?: never; }
  |  /** A user: the direct conversation with them, opened if there is none. */
  { conversationId?: never; userId: Scalars['ID']['input']; };

/** Writes. A failure of one field leaves the others of the same document as they are: it is null, with an error that has its path. */
export type Mutation = {
  /**
   * Says how far this device has got. All of it is cumulative and only ever raises a position, so repeats and old calls do no harm;
   * nothing is recorded when any part is refused. READ raises the delivered position too.
   * Errors: `CURSOR_AHEAD` for a number past the head, `NOT_FOUND`, `BAD_USER_INPUT` when nothing is named.
   */
  ackMessages: Maybe<AckMessagesPayload>;
  /**
   * Adds members to a group; they see what is said from then on. Those who are members already stay as they are.
   * Errors: `FORBIDDEN` unless the viewer is owner or admin, `NOT_FOUND`, `BAD_USER_INPUT`.
   */
  addMembers: Maybe<Conversation>;
  /** Makes a group whose owner is the viewer. Errors: `NOT_FOUND` for an unknown user, `BAD_USER_INPUT`. */
  createGroup: Maybe<Conversation>;
  /**
   * Says that this device is there: its user counts as online for the next 60 seconds. Send it every 30 seconds; a live WebSocket
   * does it by itself.
   */
  heartbeat: Maybe<HeartbeatPayload>;
  /**
   * Leaves a group. When the owner leaves, the longest-standing admin, else the longest-standing member, becomes owner.
   * Errors: `FORBIDDEN` when the viewer has left already, `NOT_FOUND`.
   */
  leaveGroup: Maybe<Conversation>;
  /**
   * Signs a device in. Errors: `UNAUTHENTICATED` for a wrong name or password alike, `NOT_FOUND` for a `deviceId` that is not the
   * user's, `RATE_LIMITED`.
   */
  logIn: Maybe<Session>;
  /** Ends this device's session: its tokens stop working and its sockets close with 4403, the one this came over after the answer. True when done. */
  logOut: Maybe<Scalars['Boolean']['output']>;
  /** The direct conversation with a user, opened if there is none. With oneself it is a notebook. Errors: `NOT_FOUND`. */
  openDirectConversation: Maybe<Conversation>;
  /**
   * Trades a refresh token for a new session. A refresh token works once. Using one again ends the session of its device, since somebody
   * else may hold it. Errors: `UNAUTHENTICATED`.
   */
  refreshSession: Maybe<Session>;
  /** Makes a user and signs this device in. Errors: `USERNAME_TAKEN`, `BAD_USER_INPUT`, `RATE_LIMITED`. */
  register: Maybe<Session>;
  /**
   * Takes members out of a group; the last they see is the message that says so. An admin removes plain members, the owner anybody
   * else. Errors: `FORBIDDEN`, `NOT_FOUND`, `BAD_USER_INPUT`.
   */
  removeMembers: Maybe<Conversation>;
  /**
   * Sends a message. The answer means that it is stored and survives a crash of the server; from then on every member gets it, once and
   * in this order. After `UNAVAILABLE` the outcome is unknown: send it again with the same `clientMessageId`.
   * Errors: `BAD_USER_INPUT`, `NOT_FOUND`, `FORBIDDEN` for who has left, `ID_CONFLICT`, `RATE_LIMITED`, `OVERLOADED`, `UNAVAILABLE`.
   */
  sendMessage: Maybe<SendMessagePayload>;
  /**
   * Gives a member another role. Only the owner does; giving away OWNER makes the giver an admin.
   * Errors: `FORBIDDEN`, `NOT_FOUND`, `BAD_USER_INPUT`.
   */
  setMemberRole: Maybe<Conversation>;
};


/** Writes. A failure of one field leaves the others of the same document as they are: it is null, with an error that has its path. */
export type MutationAckMessagesArgs = {
  input: AckMessagesInput;
};


/** Writes. A failure of one field leaves the others of the same document as they are: it is null, with an error that has its path. */
export type MutationAddMembersArgs = {
  input: AddMembersInput;
};


/** Writes. A failure of one field leaves the others of the same document as they are: it is null, with an error that has its path. */
export type MutationCreateGroupArgs = {
  input: CreateGroupInput;
};


/** Writes. A failure of one field leaves the others of the same document as they are: it is null, with an error that has its path. */
export type MutationHeartbeatArgs = {
  input?: InputMaybe<HeartbeatInput>;
};


/** Writes. A failure of one field leaves the others of the same document as they are: it is null, with an error that has its path. */
export type MutationLeaveGroupArgs = {
  input: LeaveGroupInput;
};


/** Writes. A failure of one field leaves the others of the same document as they are: it is null, with an error that has its path. */
export type MutationLogInArgs = {
  input: LogInInput;
};


/** Writes. A failure of one field leaves the others of the same document as they are: it is null, with an error that has its path. */
export type MutationOpenDirectConversationArgs = {
  input: OpenDirectConversationInput;
};


/** Writes. A failure of one field leaves the others of the same document as they are: it is null, with an error that has its path. */
export type MutationRefreshSessionArgs = {
  input: RefreshSessionInput;
};


/** Writes. A failure of one field leaves the others of the same document as they are: it is null, with an error that has its path. */
export type MutationRegisterArgs = {
  input: RegisterInput;
};


/** Writes. A failure of one field leaves the others of the same document as they are: it is null, with an error that has its path. */
export type MutationRemoveMembersArgs = {
  input: RemoveMembersInput;
};


/** Writes. A failure of one field leaves the others of the same document as they are: it is null, with an error that has its path. */
export type MutationSendMessageArgs = {
  input: SendMessageInput;
};


/** Writes. A failure of one field leaves the others of the same document as they are: it is null, with an error that has its path. */
export type MutationSetMemberRoleArgs = {
  input: SetMemberRoleInput;
};

/** Whom to talk to. */
export type OpenDirectConversationInput = {
  /** The other user, or oneself. */
  userId: Scalars['ID']['input'];
};

/** Where a page of a list lies in the whole. */
export type PageInfo = {
  /** Pass as `after` to read the page after this one. Null for an empty page. */
  endCursor: Maybe<Scalars['String']['output']>;
  /** Whether the list goes on after `endCursor`. */
  hasNextPage: Scalars['Boolean']['output'];
  /** Whether the list has something before `startCursor`. */
  hasPreviousPage: Scalars['Boolean']['output'];
  /** Pass as `before` to read the page before this one. Null for an empty page. */
  startCursor: Maybe<Scalars['String']['output']>;
};

/** Whether a user is reachable, and since when not. */
export type Presence = {
  /** When a device of theirs was last heard of; null when never, and when UNKNOWN. */
  lastSeenAt: Maybe<Scalars['DateTime']['output']>;
  /** Reachable or not. */
  status: PresenceStatus;
  /** The user. */
  userId: Scalars['ID']['output'];
};

/** Whether a user is reachable. */
export type PresenceStatus =
  /** No device was. */
  | 'OFFLINE'
  /** At least one device was heard of within the last 60 seconds. */
  | 'ONLINE'
  /** The viewer may not see it, or it cannot be told at the moment. */
  | 'UNKNOWN';

/** Reads. Every field but `server` needs a session, and answers `UNAUTHENTICATED` without one. */
export type Query = {
  /** A conversation the viewer is or was in. Errors: `NOT_FOUND`. */
  conversation: Maybe<Conversation>;
  /** The conversations the viewer is in, newest activity first. Errors: `BAD_USER_INPUT` for a page size or cursor. */
  conversations: ConversationConnection;
  /**
   * A conversation's messages over all months, in the order of `seq`. Without `first`, `last` and `after` it is the newest page; ask
   * for `first` or `last`, not both. Only the months in `range` are read.
   * Errors: `NOT_FOUND`, `BAD_USER_INPUT` for a page size, cursor or range.
   */
  history: MessageConnection;
  /** A message the viewer may see. Errors: `NOT_FOUND`. */
  message: Maybe<Message>;
  /**
   * What this user's devices may have missed: the entries strictly after `afterSeq`, oldest first.
   * Errors: `CURSOR_AHEAD` when `afterSeq` is past the head, `CURSOR_EXPIRED` when it lies before what is kept, `BAD_USER_INPUT`.
   */
  offlineMessages: InboxPage;
  /** Whether users are reachable, in the order asked for; at most 200. A user whom the viewer may not see is UNKNOWN. */
  presence: Array<Presence>;
  /** The server itself: version, limits, and what does not work just now. Needs no session. */
  server: ServerInfo;
  /** A user by exactly one of `id` and `username`. Errors: `NOT_FOUND`, `BAD_USER_INPUT` for none or both. */
  user: Maybe<User>;
  /** The user this session belongs to. */
  viewer: User;
};


/** Reads. Every field but `server` needs a session, and answers `UNAUTHENTICATED` without one. */
export type QueryConversationArgs = {
  id: Scalars['ID']['input'];
};


/** Reads. Every field but `server` needs a session, and answers `UNAUTHENTICATED` without one. */
export type QueryConversationsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** Reads. Every field but `server` needs a session, and answers `UNAUTHENTICATED` without one. */
export type QueryHistoryArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  conversationId: Scalars['ID']['input'];
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  range?: InputMaybe<HistoryRange>;
};


/** Reads. Every field but `server` needs a session, and answers `UNAUTHENTICATED` without one. */
export type QueryMessageArgs = {
  id: Scalars['ID']['input'];
};


/** Reads. Every field but `server` needs a session, and answers `UNAUTHENTICATED` without one. */
export type QueryOfflineMessagesArgs = {
  afterSeq: Scalars['Seq']['input'];
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** Reads. Every field but `server` needs a session, and answers `UNAUTHENTICATED` without one. */
export type QueryPresenceArgs = {
  userIds: Array<Scalars['ID']['input']>;
};


/** Reads. Every field but `server` needs a session, and answers `UNAUTHENTICATED` without one. */
export type QueryUserArgs = {
  id?: InputMaybe<Scalars['ID']['input']>;
  username?: InputMaybe<Scalars['String']['input']>;
};

/** Where a member's positions are now. */
export type ReceiptChange = {
  /** When it was told; for present positions, now. */
  at: Scalars['DateTime']['output'];
  /** The conversation. */
  conversationId: Scalars['ID']['output'];
  /** Up to where their devices have got the messages. */
  deliveredSeq: Scalars['Seq']['output'];
  /** Up to where they have read. */
  readSeq: Scalars['Seq']['output'];
  /** The member, who may be the viewer: reading on one device is told to the others. */
  userId: Scalars['ID']['output'];
};

/** A session to renew. */
export type RefreshSessionInput = {
  /** The latest refresh token of this device. */
  refreshToken: Scalars['String']['input'];
};

/** A new user. */
export type RegisterInput = {
  /** What to call this device, at most 64 characters. */
  deviceName?: InputMaybe<Scalars['String']['input']>;
  /** 1 to 64 characters; the username when left out. */
  displayName?: InputMaybe<Scalars['String']['input']>;
  /** 8 to 256 characters. */
  password: Scalars['String']['input'];
  /** 3 to 32 letters, digits, `.`, `_` and `-`; unique without regard to case. */
  username: Scalars['String']['input'];
};

/** Members to take out. */
export type RemoveMembersInput = {
  /** The group. */
  conversationId: Scalars['ID']['input'];
  /** At most 1,000 at once, the viewer not among them. */
  userIds: Array<Scalars['ID']['input']>;
};

/** A message to send. */
export type SendMessageInput = {
  /** At most 10. */
  attachments?: InputMaybe<Array<AttachmentInput>>;
  /**
   * Chosen by the client, 1 to 128 bytes, never used twice by a sender for different messages. Sending the same content again under
   * the same id is safe and gives back what the first send made; different content is `ID_CONFLICT`.
   */
  clientMessageId: Scalars['ID']['input'];
  /** Anything the sender's client wants to go along. */
  data?: InputMaybe<Scalars['JSONObject']['input']>;
  /** A message of the same conversation that this one answers. */
  replyToId?: InputMaybe<Scalars['ID']['input']>;
  /** At most `ServerInfo.textMaxBytes` bytes; blank only when `data` or an attachment goes with it. */
  text: Scalars['String']['input'];
  /** Where to. */
  to: MessageTarget;
};

/** What became of a send. */
export type SendMessagePayload = {
  /** Whether the message was there before, and `sentMessage` is what an earlier send made. */
  deduplicated: Scalars['Boolean']['output'];
  /** The message as it is stored. */
  sentMessage: Message;
};

/** What a client may want to know of the server before it relies on it. */
export type ServerInfo = {
  /** What is failing or slow at the moment, under the names docs/reliability.md explains. Empty in good health. */
  degraded: Array<Scalars['String']['output']>;
  /**
   * Up to so many members a group's messages are entered into every member's inbox when they are sent. Above it they get their
   * inbox numbers when a member syncs, and come live without one.
   */
  fanOutOnWriteMaxMembers: Scalars['Int']['output'];
  /** Operations that may run on one WebSocket at a time; one more is answered with `OVERLOADED`. */
  operationsPerSocketMax: Scalars['Int']['output'];
  /** The largest page that can be asked for; sizes are 1 to this, anything else is `BAD_USER_INPUT`. */
  pageSizeMax: Scalars['Int']['output'];
  /** The longest text of a message, in bytes of UTF-8. */
  textMaxBytes: Scalars['Int']['output'];
  /** The version that is running. */
  version: Scalars['String']['output'];
};

/** A device that is signed in. */
export type Session = {
  /** A short-lived JWT. Send it in the header `Authorization: Bearer …`; on a WebSocket, under the same name in the payload of `connection_init`. */
  accessToken: Scalars['String']['output'];
  /** When `accessToken` ends. Sockets opened with it close then, with 4403. */
  accessTokenExpiresAt: Scalars['DateTime']['output'];
  /** This device. Its acknowledged position is what a stream goes on from; give it to `logIn` to be the same device again. */
  deviceId: Scalars['ID']['output'];
  /** Trades once for the next session, with `refreshSession`. Keep it secret. */
  refreshToken: Scalars['String']['output'];
  /** Who is signed in. */
  user: User;
};

/** A member's new role. */
export type SetMemberRoleInput = {
  /** The group. */
  conversationId: Scalars['ID']['input'];
  /** What they become. */
  role: MemberRole;
  /** A member of it, not the viewer. */
  userId: Scalars['ID']['input'];
};

/** Where the stream is. Sent after 25 seconds without any other event at the latest, so that longer silence means a dead connection. */
export type StreamHeartbeat = {
  /** All up to this inbox number has been delivered on this stream. */
  seq: Scalars['Seq']['output'];
};

/** The stream is in force: nothing after `seq`, where it starts, can be missed any more. Comes first. */
export type StreamReady = {
  /** The inbox head at this moment: the backlog ends with this entry. */
  headSeq: Scalars['Seq']['output'];
  /** The position the stream starts after. */
  seq: Scalars['Seq']['output'];
};

/** Backlogs that are not in the inbox message by message: read them through `history`. */
export type StreamTruncated = {
  /** In the order of their inbox numbers. */
  backlogs: Array<TruncatedBacklog>;
};

/**
 * Live events, over graphql-transport-ws on `/graphql`. Events of one operation come in order. A client that does not read them
 * is slowed down, then disconnected with a close code that lets it come back.
 */
export type Subscription = {
  /**
   * Everything for this user, past and live, in one resumable stream: first `StreamReady`, then what follows `afterSeq`, then what
   * happens, without a gap and without a repeat. Inbox numbers go up by one; only a `StreamHeartbeat` may skip some, whose messages
   * this stream has brought before, live and without a number, as those of large groups come.
   *
   * Errors: `CURSOR_AHEAD` when `afterSeq` is past the inbox head.
   */
  messageReceived: Maybe<MessageStreamEvent>;
  /** How what the viewer sent gets on: from SENDING to SENT or FAILED, then to DELIVERED and READ. */
  messageStatusChanged: Maybe<MessageStatusChange>;
  /**
   * One event for each user asked for with how things are, then one for each change. Visible are those with whom the viewer has a
   * direct conversation: anybody else is UNKNOWN until there is one.
   */
  presenceChanged: Maybe<Presence>;
  /**
   * Somebody in a conversation of the viewer's got or read more. Asked for one conversation, it begins with how far everybody is, or
   * only the viewer when there are more than `ServerInfo.fanOutOnWriteMaxMembers` members. Errors: `NOT_FOUND`.
   */
  receiptChanged: Maybe<ReceiptChange>;
};


/**
 * Live events, over graphql-transport-ws on `/graphql`. Events of one operation come in order. A client that does not read them
 * is slowed down, then disconnected with a close code that lets it come back.
 */
export type SubscriptionMessageReceivedArgs = {
  afterSeq?: InputMaybe<Scalars['Seq']['input']>;
};


/**
 * Live events, over graphql-transport-ws on `/graphql`. Events of one operation come in order. A client that does not read them
 * is slowed down, then disconnected with a close code that lets it come back.
 */
export type SubscriptionPresenceChangedArgs = {
  userIds?: InputMaybe<Array<Scalars['ID']['input']>>;
};


/**
 * Live events, over graphql-transport-ws on `/graphql`. Events of one operation come in order. A client that does not read them
 * is slowed down, then disconnected with a close code that lets it come back.
 */
export type SubscriptionReceiptChangedArgs = {
  conversationId?: InputMaybe<Scalars['ID']['input']>;
};

/** A change of a group, as data. */
export type SystemEvent = {
  /** What happened. */
  kind: SystemEventKind;
  /** The group's title, for GROUP_CREATED. */
  title: Maybe<Scalars['String']['output']>;
  /** How many it concerns. */
  userCount: Scalars['Int']['output'];
  /** Whom it concerns: those who were added, were taken out, or left. Of more than 200 the first 200. */
  users: Array<User>;
};

/** What a SYSTEM message says. Clients ignore kinds they do not know and show `text`. */
export type SystemEventKind =
  /** The group was made, with its first members. */
  | 'GROUP_CREATED'
  /** Members were added. */
  | 'MEMBERS_ADDED'
  /** Members were taken out. */
  | 'MEMBERS_REMOVED'
  /** A member left. */
  | 'MEMBER_LEFT';

/** A stretch of a conversation that is not in the inbox message by message. Reading the page once more brings it once more. */
export type TruncatedBacklog = {
  /** The conversation to read through `history`. */
  conversationId: Scalars['ID']['output'];
  /** The first message it stands for. */
  fromSeq: Scalars['Seq']['output'];
  /** The one inbox number that stands for all of it. */
  seq: Scalars['Seq']['output'];
  /** The last message it stands for. */
  toSeq: Scalars['Seq']['output'];
};

/** Somebody who can sign in and take part in conversations. */
export type User = {
  /** When the user registered, or was first seen with a token of the identity provider. */
  createdAt: Scalars['DateTime']['output'];
  /** What to show, 1 to 64 characters; the username when none was given. */
  displayName: Scalars['String']['output'];
  /** Never changes. */
  id: Scalars['ID']['output'];
  /** Unique without regard to case: 3 to 32 letters, digits, `.`, `_` and `-`. */
  username: Scalars['String']['output'];
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


/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  AckMessagesInput: AckMessagesInput;
  AckMessagesPayload: ResolverTypeWrapper<Omit<AckMessagesPayload, 'conversations'> & { conversations: Array<ResolversTypes['Conversation']> }>;
  AckStatus: AckStatus;
  AddMembersInput: AddMembersInput;
  Attachment: ResolverTypeWrapper<Attachment>;
  AttachmentInput: AttachmentInput;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  Conversation: ResolverTypeWrapper<ConversationModel>;
  ConversationConnection: ResolverTypeWrapper<Omit<ConversationConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['ConversationEdge']>, nodes: Array<ResolversTypes['Conversation']> }>;
  ConversationEdge: ResolverTypeWrapper<Omit<ConversationEdge, 'node'> & { node: ResolversTypes['Conversation'] }>;
  ConversationKind: ConversationKind;
  ConversationPosition: ConversationPosition;
  CreateGroupInput: CreateGroupInput;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  HeartbeatInput: HeartbeatInput;
  HeartbeatPayload: ResolverTypeWrapper<HeartbeatPayload>;
  HistoryRange: HistoryRange;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  InboxEntry: ResolverTypeWrapper<InboxEntryModel>;
  InboxPage: ResolverTypeWrapper<InboxPageModel>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  JSONObject: ResolverTypeWrapper<Scalars['JSONObject']['output']>;
  LeaveGroupInput: LeaveGroupInput;
  LogInInput: LogInInput;
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
  OpenDirectConversationInput: OpenDirectConversationInput;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Presence: ResolverTypeWrapper<PresenceModel>;
  PresenceStatus: PresenceStatus;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  ReceiptChange: ResolverTypeWrapper<ReceiptChangeModel>;
  RefreshSessionInput: RefreshSessionInput;
  RegisterInput: RegisterInput;
  RemoveMembersInput: RemoveMembersInput;
  SendMessageInput: SendMessageInput;
  SendMessagePayload: ResolverTypeWrapper<Omit<SendMessagePayload, 'sentMessage'> & { sentMessage: ResolversTypes['Message'] }>;
  Seq: ResolverTypeWrapper<Scalars['Seq']['output']>;
  ServerInfo: ResolverTypeWrapper<ServerInfo>;
  Session: ResolverTypeWrapper<Omit<Session, 'user'> & { user: ResolversTypes['User'] }>;
  SetMemberRoleInput: SetMemberRoleInput;
  StreamHeartbeat: ResolverTypeWrapper<StreamHeartbeatModel>;
  StreamReady: ResolverTypeWrapper<StreamReadyModel>;
  StreamTruncated: ResolverTypeWrapper<StreamTruncatedModel>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  SystemEvent: ResolverTypeWrapper<SystemEventModel>;
  SystemEventKind: SystemEventKind;
  TruncatedBacklog: ResolverTypeWrapper<TruncatedBacklog>;
  User: ResolverTypeWrapper<UserModel>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  AckMessagesInput: AckMessagesInput;
  AckMessagesPayload: Omit<AckMessagesPayload, 'conversations'> & { conversations: Array<ResolversParentTypes['Conversation']> };
  AddMembersInput: AddMembersInput;
  Attachment: Attachment;
  AttachmentInput: AttachmentInput;
  Boolean: Scalars['Boolean']['output'];
  Conversation: ConversationModel;
  ConversationConnection: Omit<ConversationConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['ConversationEdge']>, nodes: Array<ResolversParentTypes['Conversation']> };
  ConversationEdge: Omit<ConversationEdge, 'node'> & { node: ResolversParentTypes['Conversation'] };
  ConversationPosition: ConversationPosition;
  CreateGroupInput: CreateGroupInput;
  DateTime: Scalars['DateTime']['output'];
  HeartbeatInput: HeartbeatInput;
  HeartbeatPayload: HeartbeatPayload;
  HistoryRange: HistoryRange;
  ID: Scalars['ID']['output'];
  InboxEntry: InboxEntryModel;
  InboxPage: InboxPageModel;
  Int: Scalars['Int']['output'];
  JSONObject: Scalars['JSONObject']['output'];
  LeaveGroupInput: LeaveGroupInput;
  LogInInput: LogInInput;
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
  OpenDirectConversationInput: OpenDirectConversationInput;
  PageInfo: PageInfo;
  Presence: PresenceModel;
  Query: Record<PropertyKey, never>;
  ReceiptChange: ReceiptChangeModel;
  RefreshSessionInput: RefreshSessionInput;
  RegisterInput: RegisterInput;
  RemoveMembersInput: RemoveMembersInput;
  SendMessageInput: SendMessageInput;
  SendMessagePayload: Omit<SendMessagePayload, 'sentMessage'> & { sentMessage: ResolversParentTypes['Message'] };
  Seq: Scalars['Seq']['output'];
  ServerInfo: ServerInfo;
  Session: Omit<Session, 'user'> & { user: ResolversParentTypes['User'] };
  SetMemberRoleInput: SetMemberRoleInput;
  StreamHeartbeat: StreamHeartbeatModel;
  StreamReady: StreamReadyModel;
  StreamTruncated: StreamTruncatedModel;
  String: Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
  SystemEvent: SystemEventModel;
  TruncatedBacklog: TruncatedBacklog;
  User: UserModel;
};

export type AckMessagesPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['AckMessagesPayload'] = ResolversParentTypes['AckMessagesPayload']> = {
  ackedSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  conversations?: Resolver<Array<ResolversTypes['Conversation']>, ParentType, ContextType>;
};

export type AttachmentResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Attachment'] = ResolversParentTypes['Attachment']> = {
  bytes?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  contentType?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  name?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ConversationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Conversation'] = ResolversParentTypes['Conversation']> = {
  deliveredSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  headSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['ConversationKind'], ParentType, ContextType>;
  lastMessage?: Resolver<Maybe<ResolversTypes['Message']>, ParentType, ContextType>;
  memberCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  members?: Resolver<ResolversTypes['MemberConnection'], ParentType, ContextType, RequireFields<ConversationMembersArgs, 'first'>>;
  readSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  title?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  unreadCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
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

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type HeartbeatPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['HeartbeatPayload'] = ResolversParentTypes['HeartbeatPayload']> = {
  headSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  onlineUntil?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  serverTime?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type InboxEntryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['InboxEntry'] = ResolversParentTypes['InboxEntry']> = {
  message?: Resolver<ResolversTypes['Message'], ParentType, ContextType>;
  seq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
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

export type MemberResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Member'] = ResolversParentTypes['Member']> = {
  deliveredSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  joinedSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  readSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  role?: Resolver<ResolversTypes['MemberRole'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
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
  deliveredCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['MessageKind'], ParentType, ContextType>;
  readCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  replyTo?: Resolver<Maybe<ResolversTypes['Message']>, ParentType, ContextType>;
  sender?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  senderId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  sentAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  seq?: Resolver<Maybe<ResolversTypes['Seq']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['MessageStatus'], ParentType, ContextType>;
  systemEvent?: Resolver<Maybe<ResolversTypes['SystemEvent']>, ParentType, ContextType>;
  text?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
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
  message?: Resolver<ResolversTypes['Message'], ParentType, ContextType>;
  seq?: Resolver<Maybe<ResolversTypes['Seq']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MessageStatusChangeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MessageStatusChange'] = ResolversParentTypes['MessageStatusChange']> = {
  clientMessageId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  conversationId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
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
  addMembers?: Resolver<Maybe<ResolversTypes['Conversation']>, ParentType, ContextType, RequireFields<MutationAddMembersArgs, 'input'>>;
  createGroup?: Resolver<Maybe<ResolversTypes['Conversation']>, ParentType, ContextType, RequireFields<MutationCreateGroupArgs, 'input'>>;
  heartbeat?: Resolver<Maybe<ResolversTypes['HeartbeatPayload']>, ParentType, ContextType, Partial<MutationHeartbeatArgs>>;
  leaveGroup?: Resolver<Maybe<ResolversTypes['Conversation']>, ParentType, ContextType, RequireFields<MutationLeaveGroupArgs, 'input'>>;
  logIn?: Resolver<Maybe<ResolversTypes['Session']>, ParentType, ContextType, RequireFields<MutationLogInArgs, 'input'>>;
  logOut?: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  openDirectConversation?: Resolver<Maybe<ResolversTypes['Conversation']>, ParentType, ContextType, RequireFields<MutationOpenDirectConversationArgs, 'input'>>;
  refreshSession?: Resolver<Maybe<ResolversTypes['Session']>, ParentType, ContextType, RequireFields<MutationRefreshSessionArgs, 'input'>>;
  register?: Resolver<Maybe<ResolversTypes['Session']>, ParentType, ContextType, RequireFields<MutationRegisterArgs, 'input'>>;
  removeMembers?: Resolver<Maybe<ResolversTypes['Conversation']>, ParentType, ContextType, RequireFields<MutationRemoveMembersArgs, 'input'>>;
  sendMessage?: Resolver<Maybe<ResolversTypes['SendMessagePayload']>, ParentType, ContextType, RequireFields<MutationSendMessageArgs, 'input'>>;
  setMemberRole?: Resolver<Maybe<ResolversTypes['Conversation']>, ParentType, ContextType, RequireFields<MutationSetMemberRoleArgs, 'input'>>;
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
  userId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  conversation?: Resolver<Maybe<ResolversTypes['Conversation']>, ParentType, ContextType, RequireFields<QueryConversationArgs, 'id'>>;
  conversations?: Resolver<ResolversTypes['ConversationConnection'], ParentType, ContextType, RequireFields<QueryConversationsArgs, 'first'>>;
  history?: Resolver<ResolversTypes['MessageConnection'], ParentType, ContextType, RequireFields<QueryHistoryArgs, 'conversationId'>>;
  message?: Resolver<Maybe<ResolversTypes['Message']>, ParentType, ContextType, RequireFields<QueryMessageArgs, 'id'>>;
  offlineMessages?: Resolver<ResolversTypes['InboxPage'], ParentType, ContextType, RequireFields<QueryOfflineMessagesArgs, 'afterSeq' | 'first'>>;
  presence?: Resolver<Array<ResolversTypes['Presence']>, ParentType, ContextType, RequireFields<QueryPresenceArgs, 'userIds'>>;
  server?: Resolver<ResolversTypes['ServerInfo'], ParentType, ContextType>;
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType, Partial<QueryUserArgs>>;
  viewer?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
};

export type ReceiptChangeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReceiptChange'] = ResolversParentTypes['ReceiptChange']> = {
  at?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  conversationId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  deliveredSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  readSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  userId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
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
  deviceId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  refreshToken?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
};

export type StreamHeartbeatResolvers<ContextType = Context, ParentType extends ResolversParentTypes['StreamHeartbeat'] = ResolversParentTypes['StreamHeartbeat']> = {
  seq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type StreamReadyResolvers<ContextType = Context, ParentType extends ResolversParentTypes['StreamReady'] = ResolversParentTypes['StreamReady']> = {
  headSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  seq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
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
  title?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  userCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  users?: Resolver<Array<ResolversTypes['User']>, ParentType, ContextType>;
};

export type TruncatedBacklogResolvers<ContextType = Context, ParentType extends ResolversParentTypes['TruncatedBacklog'] = ResolversParentTypes['TruncatedBacklog']> = {
  conversationId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  fromSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  seq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
  toSeq?: Resolver<ResolversTypes['Seq'], ParentType, ContextType>;
};

export type UserResolvers<ContextType = Context, ParentType extends ResolversParentTypes['User'] = ResolversParentTypes['User']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  displayName?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  username?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type Resolvers<ContextType = Context> = {
  AckMessagesPayload?: AckMessagesPayloadResolvers<ContextType>;
  Attachment?: AttachmentResolvers<ContextType>;
  Conversation?: ConversationResolvers<ContextType>;
  ConversationConnection?: ConversationConnectionResolvers<ContextType>;
  ConversationEdge?: ConversationEdgeResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  HeartbeatPayload?: HeartbeatPayloadResolvers<ContextType>;
  InboxEntry?: InboxEntryResolvers<ContextType>;
  InboxPage?: InboxPageResolvers<ContextType>;
  JSONObject?: GraphQLScalarType;
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
  PageInfo?: PageInfoResolvers<ContextType>;
  Presence?: PresenceResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  ReceiptChange?: ReceiptChangeResolvers<ContextType>;
  SendMessagePayload?: SendMessagePayloadResolvers<ContextType>;
  Seq?: GraphQLScalarType;
  ServerInfo?: ServerInfoResolvers<ContextType>;
  Session?: SessionResolvers<ContextType>;
  StreamHeartbeat?: StreamHeartbeatResolvers<ContextType>;
  StreamReady?: StreamReadyResolvers<ContextType>;
  StreamTruncated?: StreamTruncatedResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  SystemEvent?: SystemEventResolvers<ContextType>;
  TruncatedBacklog?: TruncatedBacklogResolvers<ContextType>;
  User?: UserResolvers<ContextType>;
};

