/** Batching and caching within one operation or one event. */
import DataLoader from 'dataloader';
import type { ByteBudget } from '../domain/byte-budget.ts';
import type { Member } from '../domain/conversation.ts';
import { DomainError } from '../domain/errors.ts';
import type { ConversationId, MessageId, Millis, UserId } from '../domain/ids.ts';
import type { Message } from '../domain/message.ts';
import type { Presence } from '../domain/presence.ts';
import type { Positions } from '../domain/receipt.ts';
import type { User, Viewer } from '../domain/user.ts';
import type { ConversationView, UnreadTotals } from '../services/conversations/conversation-service.ts';
import { presenceUsersMax } from '../services/presence/presence-service.ts';
import type { MemberKey, Progress } from '../services/receipts/receipt-service.ts';
import type { Services } from '../services/services.ts';

export interface Loaders {
  readonly users: DataLoader<UserId, User | null>;
  /** Conversations as the viewer sees them; null for those hidden from the viewer. */
  readonly conversations: DataLoader<ConversationId, ConversationView | null>;
  /** Messages the viewer may see. */
  readonly messages: DataLoader<MessageId, Message | null>;
  /** Current members of the viewer's conversations, by conversation and user; null for those hidden from the viewer. */
  readonly members: DataLoader<`${ConversationId}-${UserId}`, Member | null>;
  /** When members joined. */
  readonly joinedAt: DataLoader<Member, Millis, string>;
  /** As far as the viewer can see it. */
  readonly presence: DataLoader<UserId, Presence>;
  /** Unread messages in all of the viewer's conversations. */
  unreadTotals(): Promise<UnreadTotals>;
  readonly progress: DataLoader<Message, Progress>;
  /** Positions of members. */
  readonly positions: DataLoader<MemberKey, Positions, string>;
}

/** Loaders are created on first use, because most operations need none. */
export function createLoaders(services: Services, viewer: Viewer | null, budget: ByteBudget): Loaders {
  let users: Loaders['users'] | undefined;
  let conversations: Loaders['conversations'] | undefined;
  let messages: Loaders['messages'] | undefined;
  let members: Loaders['members'] | undefined;
  let joinedAt: Loaders['joinedAt'] | undefined;
  let presence: Loaders['presence'] | undefined;
  let unreadTotals: Promise<UnreadTotals> | undefined;
  let progress: Loaders['progress'] | undefined;
  let positions: Loaders['positions'] | undefined;
  return {
    get users() {
      users ??= new DataLoader((ids) => services.accounts.getUsers(ids));
      return users;
    },
    get conversations() {
      conversations ??= new DataLoader((ids) =>
        Promise.all(
          ids.map((id) =>
            services.conversations.view(viewer as Viewer, id).catch((error: unknown) => {
              if (error instanceof DomainError && error.code === 'NOT_FOUND') return null;
              return error instanceof Error ? error : new Error(String(error));
            }),
          ),
        ),
      );
      return conversations;
    },
    get messages() {
      messages ??= new DataLoader((ids) => services.messages.get(viewer as Viewer, ids, budget));
      return messages;
    },
    get members() {
      members ??= new DataLoader((keys) =>
        Promise.all(
          keys.map((key) => {
            const [conversationId, userId] = key.split('-') as [ConversationId, UserId];
            return services.conversations.findMember(viewer as Viewer, conversationId, userId);
          }),
        ),
      );
      return members;
    },
    get joinedAt() {
      joinedAt ??= new DataLoader((some) => services.conversations.joinedAt(some, budget), {
        cacheKeyFn: ({ conversationId, joinedSeq }) => `${conversationId}/${joinedSeq}`,
      });
      return joinedAt;
    },
    get presence() {
      presence ??= new DataLoader(
        async (ids) => {
          if (viewer !== null) return services.presence.get(viewer, ids);
          return ids.map((userId) => ({ userId, status: 'UNKNOWN', lastSeenAt: null }));
        },
        { maxBatchSize: presenceUsersMax },
      );
      return presence;
    },
    unreadTotals() {
      unreadTotals ??= services.conversations.unreadTotals(viewer as Viewer);
      return unreadTotals;
    },
    get progress() {
      progress ??= new DataLoader((of) => services.receipts.progress(of));
      return progress;
    },
    get positions() {
      positions ??= new DataLoader((keys) => services.receipts.positionsOf(keys), {
        cacheKeyFn: ({ conversationId, userId }) => `${conversationId}/${userId}`,
      });
      return positions;
    },
  };
}

/**
 * A conversation that the viewer is entitled to, such as that of a message that the viewer can see.
 *
 * @throws DomainError `NOT_FOUND`: it is hidden from the viewer
 */
export async function requireConversation(loaders: Loaders, id: ConversationId): Promise<ConversationView> {
  const view = await loaders.conversations.load(id);
  if (view === null) throw new DomainError('NOT_FOUND', 'Conversation not found.');
  return view;
}

/** @throws DomainError `NOT_FOUND`: the user does not exist */
export async function requireUser(loaders: Loaders, id: UserId): Promise<User> {
  const user = await loaders.users.load(id);
  if (user === null) throw new DomainError('NOT_FOUND', 'User no longer exists.');
  return user;
}
