/** Batching and caching within one operation or one event. */
import DataLoader from 'dataloader';
import type { ByteBudget } from '../domain/byte-budget.ts';
import { DomainError } from '../domain/errors.ts';
import type { ConversationId, MessageId, UserId } from '../domain/ids.ts';
import type { Message } from '../domain/message.ts';
import type { Positions } from '../domain/receipt.ts';
import type { User, Viewer } from '../domain/user.ts';
import type { ConversationView, UnreadTotals } from '../services/conversations/conversation-service.ts';
import type { MemberKey, Progress } from '../services/receipts/receipt-service.ts';
import type { Services } from '../services/services.ts';

export interface Loaders {
  readonly users: DataLoader<UserId, User | null>;
  /** Conversations as the viewer sees them; null for those hidden from the viewer. */
  readonly conversations: DataLoader<ConversationId, ConversationView | null>;
  /** Messages the viewer may see. */
  readonly messages: DataLoader<MessageId, Message | null>;
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
