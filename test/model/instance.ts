/** One server process of a model world: the server's own wiring of messages, over ports that the world puts between. */
import type { Clock } from '../../src/domain/ids.ts';
import { createSnowflakes } from '../../src/domain/snowflake.ts';
import type { TrustedClock } from '../../src/domain/trusted-clock.ts';
import type { Bus } from '../../src/pubsub/bus.ts';
import { createMessaging, type Messaging } from '../../src/services/messaging.ts';
import type { ConversationStore } from '../../src/stores/conversation-store.ts';
import type { MessageStore } from '../../src/stores/message-store.ts';
import type { UserStore } from '../../src/stores/user-store.ts';

export interface InstanceOptions {
  readonly stores: Pick<MessageStore, 'messageLog' | 'inboxes' | 'receipts' | 'stats'> & {
    readonly conversations: ConversationStore;
    readonly users: UserStore;
  };
  readonly bus: Bus;
  readonly clock: TrustedClock;
  /** Milliseconds of a monotonic clock. */
  readonly elapsed: Clock;
  readonly takeWorker: () => number;
  /** Whether nobody else writes to the stores. */
  readonly isAlone: boolean;
  readonly onWriteMaxMembers: number;
  readonly backlogMax: number;
  readonly onError: (error: unknown, what: string) => void;
}

export type Services = Messaging;

export function createServices(options: InstanceOptions): Services {
  const { stores, bus, clock, elapsed, isAlone, onError } = options;
  return createMessaging({
    messageStore: stores,
    conversations: stores.conversations,
    users: stores.users,
    bus,
    rateLimiter: { take: () => 0 },
    newId: createSnowflakes(clock.now, options.takeWorker).next,
    clock,
    elapsed,
    isSoleWriter: isAlone,
    onError,
    // Small bounds, so that a short history meets them.
    settings: {
      pageSizeMax: 100,
      groupMembersMax: 100,
      namedMembersMax: 100,
      cachedMax: 10,
      memberStaysMax: 20,
      guessesMax: 50,
      backlogMax: options.backlogMax,
      sweepAgeMs: 0,
      fanOutOnWriteMaxMembers: options.onWriteMaxMembers,
      textMaxBytes: 100,
      // Two rows at a time, so that a burst takes several appends.
      log: { batchMax: 2, chainsMax: 10, recentMax: 10, sweepPage: 3, chainRecordEveryMs: 50 },
      stream: { checkSlices: 1, catchUpPage: 3 },
    },
  });
}
