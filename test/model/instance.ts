/** One server process of a model world: all services that number, deliver and read messages, over ports it is given. */
import type { Clock } from '../../src/domain/ids.ts';
import { createSnowflakes } from '../../src/domain/snowflake.ts';
import type { Bus } from '../../src/pubsub/bus.ts';
import { createConversationService } from '../../src/services/conversations/conversation-service.ts';
import { createMembershipChanges } from '../../src/services/conversations/membership-changes.ts';
import { createFanOut } from '../../src/services/inbox/fan-out.ts';
import { createInboxService } from '../../src/services/inbox/inbox-service.ts';
import { createInboxSync } from '../../src/services/inbox/inbox-sync.ts';
import { createInboxWriter } from '../../src/services/inbox/inbox-writer.ts';
import { createConversationLog } from '../../src/services/log/conversation-log.ts';
import { createTrustedClock } from '../../src/services/log/trusted-clock.ts';
import { createMemberLists } from '../../src/services/members/member-lists.ts';
import { createHistoryService } from '../../src/services/messages/history-service.ts';
import { createMessageService } from '../../src/services/messages/message-service.ts';
import { createMemberPositions } from '../../src/services/receipts/positions.ts';
import { createReceiptService } from '../../src/services/receipts/receipt-service.ts';
import { createStreamService } from '../../src/services/stream/stream-service.ts';
import type { ConversationStore } from '../../src/stores/conversation-store.ts';
import type { MessageStore } from '../../src/stores/message-store.ts';
import type { UserStore } from '../../src/stores/user-store.ts';

export interface InstanceOptions {
  readonly stores: Pick<MessageStore, 'messageLog' | 'inboxes' | 'receipts'> & {
    readonly conversations: ConversationStore;
    readonly users: UserStore;
  };
  readonly bus: Bus;
  readonly clock: Clock;
  /** Milliseconds on a clock that cannot be set. */
  readonly elapsed: Clock;
  readonly takeWorker: () => number;
  /** Whether nobody else writes to the stores. */
  readonly isAlone: boolean;
  readonly onWriteMaxMembers: number;
  readonly backlogMax: number;
  readonly onError: (error: unknown, what: string) => void;
}

export type Services = ReturnType<typeof createServices>;

export function createServices(options: InstanceOptions) {
  const { stores, bus, clock, isAlone, onError } = options;
  const newId = createSnowflakes(clock, options.takeWorker).next;
  const rateLimiter = { take: () => 0 };
  const pages = { pageSizeMax: 100, groupMembersMax: 100, namedMembersMax: 100, cachedMax: 10 };

  const memberLists = createMemberLists(stores.conversations, 10);
  const log = createConversationLog({
    log: stores.messageLog,
    clock: createTrustedClock(clock, options.elapsed),
    newId,
    // Two rows at a time, so that a burst takes several appends.
    settings: { batchMax: 2, chainsMax: 10, recentMax: 10, ...(isAlone ? {} : { headTrustMs: 0 }) },
  });
  const writer = createInboxWriter({
    inboxes: stores.inboxes,
    settings: { backlogMax: options.backlogMax, soleWriter: isAlone, guessesMax: 50 },
  });
  const memberPositions = createMemberPositions({ store: stores.receipts, soleWriter: isAlone });
  const fanOut = createFanOut({
    memberLists,
    writer,
    log: stores.messageLog,
    bus,
    saveSent: (messages) => receipts.saveSent(messages),
    onError,
    settings: { onWriteMaxMembers: options.onWriteMaxMembers, sweepPage: 3 },
  });
  log.setOnAppended((conversation, messages) => {
    for (const { conversationId, senderId, seq } of messages) memberPositions.noteSent(conversationId, senderId, seq);
    fanOut.take(conversation, messages);
  });
  const sync = createInboxSync({ memberLists, log, writer, fanOut });
  const inbox = createInboxService({ inboxes: stores.inboxes, writer, sync, log, memberLists, settings: pages });
  const receipts = createReceiptService({
    memberPositions,
    memberLists,
    log,
    inboxes: stores.inboxes,
    writer,
    sync,
    bus,
    clock,
    onError,
  });
  const changes = createMembershipChanges({
    store: stores.conversations,
    users: stores.users,
    memberLists,
    log,
    fanOut,
    bus,
    newId,
    clock,
    onError,
  });
  const conversations = createConversationService({
    store: stores.conversations,
    users: stores.users,
    memberLists,
    changes,
    log,
    memberPositions,
    rateLimiter,
    newId,
    clock,
    settings: pages,
  });
  const messages = createMessageService({
    log,
    memberLists,
    conversations,
    rateLimiter,
    newId,
    clock,
    limits: { textMaxBytes: 100, attachmentsMax: 1 },
  });
  const history = createHistoryService({ log, memberLists, settings: pages });
  const streams = createStreamService({
    inbox,
    sync,
    writer,
    log,
    memberLists,
    bus,
    clock,
    onError,
    settings: { checkSlices: 1, catchUpPage: 3 },
  });
  return { newId, log, fanOut, inbox, receipts, changes, conversations, messages, history, streams };
}
