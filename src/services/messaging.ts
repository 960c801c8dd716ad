/**
 * The path of a message from its send to the sockets of its readers, connected in one place. The server calls this function with its
 * drivers, and the models in test/model call it with faulty ports, so that a missing or wrong connection here fails a model.
 *
 * Followers of the log receive each message in the order in which they are added below. The one call against the direction of the
 * folders is connected here, too: a member list that is too old has the changes settled that the log contains in between.
 */
import type { ByteBudgets } from '../domain/byte-budget.ts';
import type { Clock, MessageId, Millis } from '../domain/ids.ts';
import type { TrustedClock } from '../domain/trusted-clock.ts';
import type { Bus } from '../pubsub/bus.ts';
import type { ConversationStore } from '../stores/conversation-store.ts';
import type { MessageStore } from '../stores/message-store.ts';
import type { RateLimiter } from '../stores/rate-limiter.ts';
import type { UserStore } from '../stores/user-store.ts';
import { type ConversationSettings, createConversationService } from './conversations/conversation-service.ts';
import { createInboxService, type InboxSettings } from './inbox/inbox-service.ts';
import { type ConversationLogSettings, createConversationLog } from './log/conversation-log.ts';
import { createMemberLists, type MemberListSettings } from './members/member-lists.ts';
import { createMessageService, type MessageLimits } from './messages/message-service.ts';
import { createReceiptService } from './receipts/receipt-service.ts';
import { createStreamService, type StreamSettings } from './stream/stream-service.ts';

export interface MessagingSettings extends ConversationSettings, InboxSettings, MemberListSettings, MessageLimits {
  /** Age, since it was first found, from which a sweep takes up a message that is not followed. */
  readonly sweepAgeMs: Millis;
  readonly log?: Partial<ConversationLogSettings>;
  readonly stream?: Partial<StreamSettings>;
}

export interface MessagingPorts {
  readonly messageStore: Pick<MessageStore, 'messageLog' | 'inboxes' | 'receipts' | 'stats'>;
  readonly conversations: ConversationStore;
  readonly users: UserStore;
  readonly bus: Bus;
  readonly rateLimiter: RateLimiter;
  readonly newId: () => MessageId;
  readonly clock: TrustedClock;
  /** Milliseconds of a monotonic clock. */
  readonly elapsed: Clock;
  /**
   * Whether no other process writes to the stores. Only then do readers use heads and positions in memory. Otherwise those are
   * guesses, and readers use the stores.
   */
  readonly isSoleWriter: boolean;
  readonly onError: (error: unknown, what: string) => void;
  readonly onSent?: (outcome: string, ms: Millis) => void;
  /** Receives the time of a live message from its commit to the socket. */
  readonly onDelivered?: (latencyMs: Millis) => void;
  /** Counts the bytes that streams and announcements read; absent in tests. */
  readonly budgets?: ByteBudgets;
  readonly settings: MessagingSettings;
}

export type Messaging = ReturnType<typeof createMessaging>;

export function createMessaging(ports: MessagingPorts) {
  const { messageStore, conversations: store, users, bus, rateLimiter, newId, elapsed } = ports;
  const clock = ports.clock.now;
  const { isSoleWriter, onError, onSent, onDelivered, budgets, settings } = ports;

  const memberLists = createMemberLists({ store, isSoleWriter, elapsed, settings });
  const log = createConversationLog({
    log: messageStore.messageLog,
    clock: ports.clock,
    elapsed,
    newId,
    membership: memberLists,
    isSoleWriter,
    onError,
    settings: settings.log,
  });
  const shared = { log, memberLists, bus, clock, isSoleWriter, onError };
  const inbox = createInboxService({
    ...shared,
    inboxes: messageStore.inboxes,
    countSetAside: async () => (await messageStore.stats()).setAside,
    settings,
  });
  const receipts = createReceiptService({ ...shared, store: messageStore.receipts, inbox, budgets });
  log.follow(inbox.follower);
  log.follow(receipts.follower);

  const conversations = createConversationService({
    ...shared,
    store,
    users,
    inbox,
    receipts,
    rateLimiter,
    newId,
    budgets,
    settings,
  });
  log.follow(conversations.follower);
  memberLists.settleWith(conversations.settleUpTo);
  const messages = createMessageService({
    log,
    memberLists,
    conversations,
    rateLimiter,
    newId,
    elapsed,
    limits: settings,
    onSent,
  });
  const streams = createStreamService({ ...shared, inbox, budgets, onDelivered, settings: settings.stream });

  return {
    log,
    inbox,
    receipts,
    conversations,
    messages,
    streams,

    /**
     * Finishes the work of earlier runs before the first request, so that readers' inboxes are complete. With other processes, it
     * leaves them the work that they may be doing.
     *
     * @returns the number of messages that were passed to the followers again
     */
    async resume(): Promise<number> {
      const month = await log.monthAhead();
      if (month !== null)
        onError(new Error(`the clock has not reached ${month}, in which messages are stored`), 'clock');
      await conversations.finishOpenChanges(true);
      return log.sweep(isSoleWriter ? 0 : settings.sweepAgeMs);
    },

    /** The same from time to time, for work that was given up. */
    async sweep(): Promise<number> {
      await conversations.finishOpenChanges(false);
      return log.sweep(settings.sweepAgeMs);
    },

    /** Ends the streams' checks, and lets the followers finish with the committed messages. */
    async [Symbol.asyncDispose](): Promise<void> {
      streams[Symbol.dispose]();
      conversations.close();
      await log.close();
    },
  };
}
