/** Pages through a conversation over all its months. */
import type { ByteBudget } from '../../domain/byte-budget.ts';
import { type Conversation, type SeqRange, visibleRanges } from '../../domain/conversation.ts';
import { badInput } from '../../domain/errors.ts';
import type { ConversationId, Millis, Seq } from '../../domain/ids.ts';
import { maxSeq, minSeq } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import type { Viewer } from '../../domain/user.ts';
import { type ConversationLog, emptyHead } from '../log/conversation-log.ts';
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

  /** The first messages of ascending ranges, or the last ones, in ascending order. */
  async function readPage(
    conversation: Conversation,
    ranges: readonly SeqRange[],
    size: number,
    newestFirst: boolean,
    budget?: ByteBudget,
  ): Promise<Message[]> {
    let page: Message[] = [];
    for (const range of newestFirst ? ranges.toReversed() : ranges) {
      if (page.length >= size) break;
      const messages = await log.list(conversation, { ...range, limit: size - page.length, newestFirst }, budget);
      page = newestFirst ? [...messages, ...page] : [...page, ...messages];
    }
    return page;
  }

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

      const [{ seq: head, membershipSeq } = emptyHead] = await log.heads([conversation]);
      // The list must be as new as the head: it decides which numbers up to the head the viewer may see.
      const current = await memberLists.at(conversation.id, membershipSeq);
      const stays = (await current?.stays(viewer.userId)) ?? [];
      const from = range?.from == null ? 0n : await log.firstSeqAt(conversation, range.from);
      const to = range?.to == null ? head : (await log.firstSeqAt(conversation, range.to)) - 1n;
      const visible = clip(visibleRanges(stays, head), from, to);
      const wanted = clip(visible, after === null ? 0n : after + 1n, before === null ? head : before - 1n);

      // Without `first` and `last`, the newest page is returned; `after` alone continues upwards from its cursor.
      const newestFirst = first == null && (last != null || after === null);
      const messages = await readPage(conversation, wanted, size, newestFirst, budget);
      // An empty page lies between its cursors.
      const start = messages[0]?.seq ?? (after ?? 0n) + 1n;
      const end = messages.at(-1)?.seq ?? (before ?? head + 1n) - 1n;
      return {
        messages,
        hasNextPage: visible.some(({ toSeq }) => toSeq > end),
        hasPreviousPage: visible.some(({ fromSeq }) => fromSeq < start),
      };
    },

    cursorOf: ({ conversationId, seq }: Message): string => encodeCursor('m', conversationId, seq),
  };
}

/** The parts of ranges that lie between two numbers, both inclusive. */
function clip(ranges: readonly SeqRange[], from: Seq, to: Seq): SeqRange[] {
  return ranges
    .map(({ fromSeq, toSeq }) => ({ fromSeq: maxSeq(fromSeq, from), toSeq: minSeq(toSeq, to) }))
    .filter(({ fromSeq, toSeq }) => fromSeq <= toSeq);
}

function cursorSeq(conversationId: ConversationId, field: string, cursor: string): Seq {
  const [ofConversation, seq] = decodeCursor('m', cursor, 2, field) as [string, string];
  if (ofConversation !== conversationId) throw badInput(field, 'Cursor belongs to another conversation.');
  return BigInt(seq);
}
