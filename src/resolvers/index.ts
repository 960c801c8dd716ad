/** All resolvers, under the names of the schema. */
import type { Resolvers } from '../generated/resolver-types.ts';
import { Conversation, conversationMutations, conversationQueries } from './conversation.ts';
import { InboxEntry, inboxQueries, TruncatedBacklog } from './inbox.ts';
import { Member } from './member.ts';
import { Attachment, Message, messageMutations, messageQueries, SystemEvent } from './message.ts';
import { presenceMutations, presenceQueries, presenceSubscriptions } from './presence.ts';
import { receiptMutations, receiptSubscriptions } from './receipt.ts';
import { BigInteger, DateTime, JSONObject, Seq } from './scalars.ts';
import { serverQueries } from './server.ts';
import { sessionMutations } from './session.ts';
import { MessageReceived, MessageStreamEvent, StreamHeartbeat, StreamReady, streamSubscriptions } from './stream.ts';
import { userQueries, Viewer } from './user.ts';

export const resolvers: Resolvers = {
  BigInt: BigInteger,
  DateTime,
  JSONObject,
  Seq,
  Query: {
    ...serverQueries,
    ...userQueries,
    ...conversationQueries,
    ...messageQueries,
    ...inboxQueries,
    ...presenceQueries,
  },
  Mutation: {
    ...sessionMutations,
    ...conversationMutations,
    ...messageMutations,
    ...receiptMutations,
    ...presenceMutations,
  },
  Subscription: { ...streamSubscriptions, ...receiptSubscriptions, ...presenceSubscriptions },
  Viewer,
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
};
