/** Sends messages and finds them. */

import type { ByteBudget } from '../../domain/byte-budget.ts';
import { maySee } from '../../domain/conversation.ts';
import { userKey } from '../../domain/entry-key.ts';
import { badInput, DomainError } from '../../domain/errors.ts';
import { type Clock, type ConversationId, isId, type MessageId, type Millis, type UserId } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import type { Viewer } from '../../domain/user.ts';
import type { RateLimit, RateLimiter } from '../../stores/rate-limiter.ts';
import type { ConversationService } from '../conversations/conversation-service.ts';
import type { Appended, ConversationLog } from '../log/conversation-log.ts';
import type { MemberList, MemberLists } from '../members/member-lists.ts';
import { takeOrThrow } from '../rate-limits.ts';
import { createHistoryService } from './history-service.ts';
import { checkMessageInput, type MessageInput, type MessageInputLimits } from './message-input.ts';

export { attachmentsMax } from './message-input.ts';

export interface SendInput extends MessageInput {
  readonly to: { readonly conversationId?: ConversationId | null; readonly userId?: UserId | null };
}

/** Far more than a person types. Bots must spread larger volumes over time. */
export const sendLimit: RateLimit = { name: 'sends', points: 600, windowMs: 10_000 };

export interface MessageLimits extends MessageInputLimits {
  readonly pageSizeMax: number;
}

export type MessageService = ReturnType<typeof createMessageService>;

export function createMessageService(ports: {
  log: ConversationLog;
  memberLists: MemberLists;
  conversations: ConversationService;
  rateLimiter: RateLimiter;
  newId: () => MessageId;
  /** Milliseconds of a monotonic clock. */
  elapsed: Clock;
  limits: MessageLimits;
  onSent?: (outcome: string, ms: Millis) => void;
}) {
  const { log, memberLists, conversations, rateLimiter, newId, elapsed, limits, onSent } = ports;

  async function send(viewer: Viewer, input: SendInput): Promise<Appended> {
    await takeOrThrow(rateLimiter, sendLimit, viewer.userId);
    const body = checkMessageInput(input, limits);
    // Checked before the target is found, which may create a conversation: a refused send must not leave one behind.
    if (body.replyToId !== undefined) await checkReply(viewer, input.to, body.replyToId);
    const memberList = await findTarget(viewer, input.to);
    const { conversation } = memberList;
    // Whether the viewer is still a member is checked with the append, against the members that the message would follow.
    return log.append(conversation, {
      id: newId(),
      conversationId: conversation.id,
      kind: 'USER',
      senderId: viewer.userId,
      key: userKey(viewer.userId, input.clientMessageId),
      body,
    });
  }

  async function findTarget(viewer: Viewer, to: SendInput['to']): Promise<MemberList> {
    if (to.conversationId != null) {
      return (await memberLists.require(to.conversationId, viewer.userId)).memberList;
    }
    if (to.userId != null) return conversations.openDirect(viewer, to.userId);
    throw badInput('to', 'to must have a conversationId or a userId.');
  }

  async function checkReply(viewer: Viewer, to: SendInput['to'], replyToId: MessageId): Promise<void> {
    const [message] = isId(replyToId) ? await log.findByIds([replyToId]) : [null];
    const memberList = message == null ? null : await memberLists.at(message.conversationId, message.membershipSeq);
    const isHere =
      message != null &&
      memberList !== null &&
      (await isVisible(memberList, viewer, message)) &&
      isTarget(memberList, viewer, to);
    if (!isHere) throw new DomainError('NOT_FOUND', 'replyToId is not a message in this conversation.');
  }

  return {
    /**
     * Sends a message. Resolves when it is stored.
     *
     * @throws DomainError `BAD_USER_INPUT`, `NOT_FOUND`, `FORBIDDEN`, `RATE_LIMITED`, `ID_CONFLICT`: the message was not sent
     * @throws DomainError `UNAVAILABLE`: the outcome is unknown; resend with the same `clientMessageId`
     */
    async send(viewer: Viewer, input: SendInput): Promise<Appended> {
      const startedAt = elapsed();
      try {
        const appended = await send(viewer, input);
        onSent?.(appended.resend ? 'resend' : 'sent', elapsed() - startedAt);
        return appended;
      } catch (error) {
        onSent?.(error instanceof DomainError ? error.code : 'INTERNAL_SERVER_ERROR', elapsed() - startedAt);
        throw error;
      }
    },

    /** Pages through a conversation. */
    history: createHistoryService({ log, memberLists, settings: limits }),

    /** Messages that the viewer may see, null for all others, in the order of the ids. */
    async get(viewer: Viewer, ids: readonly MessageId[], budget?: ByteBudget): Promise<(Message | null)[]> {
      const found = await log.findByIds(ids.filter(isId), budget);
      const byId = new Map(found.flatMap((message) => (message === null ? [] : [[message.id, message]])));
      return Promise.all(
        ids.map(async (id) => {
          const message = byId.get(id);
          const memberList =
            message === undefined ? null : await memberLists.at(message.conversationId, message.membershipSeq);
          return message !== undefined && memberList !== null && (await isVisible(memberList, viewer, message))
            ? message
            : null;
        }),
      );
    },
  };
}

async function isVisible(memberList: MemberList, viewer: Viewer, message: Message): Promise<boolean> {
  const stays = await memberList.stays(viewer.userId);
  return stays.some((stay) => maySee(stay, message.seq));
}

/** Whether a send names this conversation. The viewer is one of its members. */
function isTarget(
  { conversation, pair }: MemberList,
  viewer: Viewer,
  { conversationId, userId }: SendInput['to'],
): boolean {
  if (conversationId != null) return conversation.id === conversationId;
  if (userId == null || conversation.kind !== 'DIRECT') return false;
  return userId === viewer.userId ? pair.length === 1 : pair.includes(userId);
}
