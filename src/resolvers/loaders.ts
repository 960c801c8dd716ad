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

/**
 * The loaders of one operation or one event. Each is created on first use, because most operations need none. This is a class, so
 * that the many contexts share the code that creates them.
 */
export class Loaders {
  private readonly services: Services;
  private readonly viewer: Viewer | null;
  private readonly budget: ByteBudget;
  private ofUsers: DataLoader<UserId, User | null> | undefined;
  private ofConversations: DataLoader<ConversationId, ConversationView | null> | undefined;
  private ofMessages: DataLoader<MessageId, Message | null> | undefined;
  private ofMembers: DataLoader<`${ConversationId}-${UserId}`, Member | null> | undefined;
  private ofJoinedAt: DataLoader<Member, Millis, string> | undefined;
  private ofPresence: DataLoader<UserId, Presence> | undefined;
  private ofUnreadTotals: Promise<UnreadTotals> | undefined;
  private ofProgress: DataLoader<Message, Progress> | undefined;
  private ofPositions: DataLoader<MemberKey, Positions, string> | undefined;

  constructor(services: Services, viewer: Viewer | null, budget: ByteBudget) {
    this.services = services;
    this.viewer = viewer;
    this.budget = budget;
  }

  get users() {
    this.ofUsers ??= new DataLoader((ids) => this.services.accounts.getUsers(ids));
    return this.ofUsers;
  }

  /** Conversations as the viewer sees them; null for those hidden from the viewer. */
  get conversations() {
    this.ofConversations ??= new DataLoader((ids) => Promise.all(ids.map((id) => this.view(id))));
    return this.ofConversations;
  }

  /** Messages the viewer may see. */
  get messages() {
    this.ofMessages ??= new DataLoader((ids) => this.services.messages.get(this.viewer as Viewer, ids, this.budget));
    return this.ofMessages;
  }

  /** Current members of the viewer's conversations, by conversation and user; null for those hidden from the viewer. */
  get members() {
    this.ofMembers ??= new DataLoader((keys) =>
      Promise.all(
        keys.map((key) => {
          const [conversationId, userId] = key.split('-') as [ConversationId, UserId];
          return this.services.conversations.findMember(this.viewer as Viewer, conversationId, userId);
        }),
      ),
    );
    return this.ofMembers;
  }

  /** When members joined. */
  get joinedAt() {
    this.ofJoinedAt ??= new DataLoader((some) => this.services.conversations.joinedAt(some, this.budget), {
      cacheKeyFn: ({ conversationId, joinedSeq }) => `${conversationId}/${joinedSeq}`,
    });
    return this.ofJoinedAt;
  }

  /** As far as the viewer can see it. */
  get presence() {
    this.ofPresence ??= new DataLoader(
      async (ids) => {
        if (this.viewer !== null) return this.services.presence.get(this.viewer, ids);
        return ids.map((userId) => ({ userId, status: 'UNKNOWN', lastSeenAt: null }));
      },
      { maxBatchSize: presenceUsersMax },
    );
    return this.ofPresence;
  }

  /** Unread messages in all of the viewer's conversations. */
  unreadTotals(): Promise<UnreadTotals> {
    this.ofUnreadTotals ??= this.services.conversations.unreadTotals(this.viewer as Viewer);
    return this.ofUnreadTotals;
  }

  get progress() {
    this.ofProgress ??= new DataLoader((of) => this.services.receipts.progress(of));
    return this.ofProgress;
  }

  /** Positions of members. */
  get positions() {
    this.ofPositions ??= new DataLoader((keys) => this.services.receipts.positionsOf(keys), {
      cacheKeyFn: ({ conversationId, userId }) => `${conversationId}/${userId}`,
    });
    return this.ofPositions;
  }

  private view(id: ConversationId): Promise<ConversationView | null | Error> {
    return this.services.conversations.view(this.viewer as Viewer, id).catch((error: unknown) => {
      if (error instanceof DomainError && error.code === 'NOT_FOUND') return null;
      return error instanceof Error ? error : new Error(String(error));
    });
  }
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
