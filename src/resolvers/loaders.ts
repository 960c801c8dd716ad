/** Batching and caching within one operation or one event. */
import DataLoader from 'dataloader';
import type { ConversationId, MessageId, UserId } from '../domain/ids.ts';
import type { Message } from '../domain/message.ts';
import type { User, Viewer } from '../domain/user.ts';
import type { ConversationView } from '../services/conversations/conversation-service.ts';
import type { Services } from '../services/services.ts';

export interface Loaders {
  readonly users: DataLoader<UserId, User | null>;
  /** Conversations as the viewer sees them. */
  readonly conversations: DataLoader<ConversationId, ConversationView>;
  /** Messages the viewer may see. */
  readonly messages: DataLoader<MessageId, Message | null>;
}

/** Loaders are created on first use, because most operations need none. */
export function createLoaders(services: Services, viewer: Viewer | null): Loaders {
  let users: Loaders['users'] | undefined;
  let conversations: Loaders['conversations'] | undefined;
  let messages: Loaders['messages'] | undefined;
  return {
    get users() {
      users ??= new DataLoader((ids) => services.accounts.getUsers(ids));
      return users;
    },
    get conversations() {
      conversations ??= new DataLoader((ids) =>
        Promise.all(
          ids.map((id) =>
            services.conversations
              .view(viewer as Viewer, id)
              .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))),
          ),
        ),
      );
      return conversations;
    },
    get messages() {
      messages ??= new DataLoader((ids) => services.messages.get(viewer as Viewer, ids));
      return messages;
    },
  };
}
