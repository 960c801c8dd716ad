/** All resolvers, under the names of the schema. */
import type { Resolvers } from '../generated/resolver-types.ts';
import { Conversation, conversationMutations, conversationQueries } from './conversation.ts';
import { InboxEntry, inboxQueries, TruncatedBacklog } from './inbox.ts';
import { Member } from './member.ts';
import { Attachment, Message, messageMutations, messageQueries, SystemEvent } from './message.ts';
import { Node, nodeQueries } from './node.ts';
import { Presence, presenceMutations, presenceQueries, presenceSubscriptions } from './presence.ts';
import { MessageStatusChange, ReceiptChange, receiptMutations, receiptSubscriptions } from './receipt.ts';
import { BigInteger, DateTime, JSONObject, Seq } from './scalars.ts';
import { serverQueries } from './server.ts';
import { Device, Session, sessionMutations } from './session.ts';
import { MessageReceived, MessageStreamEvent, StreamHeartbeat, StreamReady, streamSubscriptions } from './stream.ts';
import { User, userMutations, userQueries, Viewer } from './user.ts';

export const resolvers: Resolvers = {
  BigInt: BigInteger,
  DateTime,
  JSONObject,
  Seq,
  Query: {
    ...serverQueries,
    ...nodeQueries,
    ...userQueries,
    ...conversationQueries,
    ...messageQueries,
    ...inboxQueries,
    ...presenceQueries,
  },
  Mutation: {
    ...sessionMutations,
    ...userMutations,
    ...conversationMutations,
    ...messageMutations,
    ...receiptMutations,
    ...presenceMutations,
  },
  Subscription: { ...streamSubscriptions, ...receiptSubscriptions, ...presenceSubscriptions },
  Node,
  User,
  Viewer,
  Session,
  Device,
  Conversation,
  Member,
  Message,
  Attachment,
  SystemEvent,
  InboxEntry,
  TruncatedBacklog,
  MessageStreamEvent,
  StreamReady,
  MessageReceived,
  StreamHeartbeat,
  ReceiptChange,
  MessageStatusChange,
  Presence,
};
