/** All resolvers, under the names of the schema. */
import type { Resolvers } from '../generated/resolver-types.ts';
import { Conversation, conversationMutations, conversationQueries } from './conversation.ts';
import { inboxQueries } from './inbox.ts';
import { Member } from './member.ts';
import { Message, messageMutations, messageQueries, SystemEvent } from './message.ts';
import { presenceMutations, presenceQueries, presenceSubscriptions } from './presence.ts';
import { receiptMutations, receiptSubscriptions } from './receipt.ts';
import { DateTime, JSONObject, Seq } from './scalars.ts';
import { serverQueries } from './server.ts';
import { sessionMutations } from './session.ts';
import { MessageStreamEvent, streamSubscriptions } from './stream.ts';
import { userQueries } from './user.ts';

export const resolvers: Resolvers = {
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
  Conversation,
  Member,
  Message,
  SystemEvent,
  MessageStreamEvent,
};
