/** Pages through a conversation over all its months. */
import type { ByteBudget } from '../../domain/byte-budget.ts';
import { visibleHead } from '../../domain/conversation.ts';
import { badInput, DomainError } from '../../domain/errors.ts';
import type { ConversationId, Millis, Seq } from '../../domain/ids.ts';
import { maxSeq, minSeq } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import type { Viewer } from '../../domain/user.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { MemberLists } from '../members/member-lists.ts';
import { checkPageSize, decodeCursor, encodeCursor } from '../paging.ts';

export interface HistoryInput {
  readonly conversationId: ConversationId;
  /** `from` inclusive, `to` exclusive. */
  readonly range?: { readonly from?: Millis | null; readonly to?: Millis | null } | null;
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

export interface HistoryPage {
  /** Ascending in `seq`. */
  readonly messages: readonly Message[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

const defaultPage = 50;

export type HistoryService = ReturnType<typeof createHistoryService>;

export function createHistoryService(ports: {
  log: ConversationLog;
  memberLists: MemberLists;
  settings: { readonly pageSizeMax: number };
}) {
  const { log, memberLists, settings } = ports;

  return {
    /**
     * @throws DomainError `NOT_FOUND`: the conversation does not exist, or is hidden from the viewer
     * @throws DomainError `BAD_USER_INPUT`: invalid page size, range or cursor
     */
    async page(viewer: Viewer, input: HistoryInput, budget?: ByteBudget): Promise<HistoryPage> {
      const { first, last, range } = input;
      if (first != null && last != null) throw badInput('last', 'first and last cannot be combined.');
      const size = first ?? last ?? Math.min(defaultPage, settings.pageSizeMax);
      checkPageSize(first != null ? 'first' : 'last', size, settings.pageSizeMax);
      if (range?.from != null && range.to != null && range.from > range.to) {
        throw badInput('range.from', 'range.from is later than range.to.');
      }
      const { memberList } = await memberLists.require(input.conversationId, viewer.userId);
      const { conversation } = memberList;
      const after = input.after == null ? null : cursorSeq(conversation.id, 'after', input.after);
      const before = input.before == null ? null : cursorSeq(conversation.id, 'before', input.before);

      const [head] = await log.heads([conversation]);
      if (memberLists.isLeaving(conversation.id, viewer.userId)) {
        throw new DomainError('UNAVAILABLE', 'Your removal from this conversation is in progress.');
      }
      // Read after the head, so that a user who has left in the meantime does not see later messages.
      const { member } = await memberLists.require(conversation.id, viewer.userId);
      let lowest = member.joinedSeq + 1n;
      let highest = visibleHead(member, head?.seq ?? 0n);
      if (range?.from != null) lowest = maxSeq(lowest, await log.firstSeqAt(conversation, range.from));
      if (range?.to != null) highest = minSeq(highest, (await log.firstSeqAt(conversation, range.to)) - 1n);
      const fromSeq = after === null ? lowest : maxSeq(lowest, after + 1n);
      const toSeq = before === null ? highest : minSeq(highest, before - 1n);

      // Without `first` and `last`, the newest page is returned; `after` alone continues upwards from its cursor.
      const newestFirst = first == null && (last != null || after === null);
      const messages = await log.list(conversation, { fromSeq, toSeq, limit: size, newestFirst }, budget);
      const start = messages[0]?.seq ?? fromSeq;
      const end = messages.at(-1)?.seq ?? fromSeq - 1n;
      return {
        messages,
        hasNextPage: messages.length > 0 ? end < highest : toSeq < highest,
        hasPreviousPage: messages.length > 0 ? start > lowest : fromSeq > lowest,
      };
    },

    cursorOf: ({ conversationId, seq }: Message): string => encodeCursor('m', conversationId, seq),
  };
}

function cursorSeq(conversationId: ConversationId, field: string, cursor: string): Seq {
  const [ofConversation, seq] = decodeCursor('m', cursor, 2, field) as [string, string];
  if (ofConversation !== conversationId) throw badInput(field, 'Cursor belongs to another conversation.');
  return BigInt(seq);
}
