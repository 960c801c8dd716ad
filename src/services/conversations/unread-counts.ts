/**
 * The number of unread messages, as the difference of two ordinals: the number of countable messages up to a position never changes,
 * so it is cached. The counts asked for at one moment are read together.
 */
import { LRUCache } from 'lru-cache';
import type { ByteBudgets } from '../../domain/byte-budget.ts';
import type { Conversation } from '../../domain/conversation.ts';
import { maxSeq, type Seq } from '../../domain/ids.ts';
import { batched } from '../batched.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { ReceiptService } from '../receipts/receipt-service.ts';
import type { ConversationView } from './conversation-view.ts';

export interface UnreadTotals {
  readonly messages: number;
  /** Conversations with at least one unread message. */
  readonly conversations: number;
}

/** A position in a conversation. */
interface Place {
  readonly conversation: Conversation;
  readonly seq: Seq;
}

/** Number of messages read at a time. */
const messagesPerRead = 100;

export function createUnreadCounts(ports: {
  log: ConversationLog;
  receipts: ReceiptService;
  /** Counts the bytes of each read, which serves many operations; absent in tests. */
  budgets?: ByteBudgets;
  cachedMax: number;
}) {
  const { log, receipts, budgets, cachedMax } = ports;
  const ordinals = new LRUCache<string, Seq>({ max: cachedMax });

  /** The number of user messages up to each place. */
  async function ordinalsAt(places: readonly Place[]): Promise<Seq[]> {
    const known = places.map((place) => (place.seq === 0n ? 0n : ordinals.get(keyOf(place))));
    const missing = places.filter((_, index) => known[index] === undefined);
    const read = new Map<string, Seq>();
    for (let start = 0; start < missing.length; start += messagesPerRead) {
      const some = missing.slice(start, start + messagesPerRead);
      const budget = budgets?.openPage();
      try {
        const ranges = some.map(({ conversation, seq }) => ({ conversation, fromSeq: seq, toSeq: seq }));
        const found = await log.listMany(ranges, budget);
        some.forEach((place, index) => {
          const ordinal = found[index]?.[0]?.ordinal;
          if (ordinal === undefined) return;
          read.set(keyOf(place), ordinal);
          ordinals.set(keyOf(place), ordinal);
        });
      } finally {
        budget?.release();
      }
    }
    return places.map((place, index) => known[index] ?? read.get(keyOf(place)) ?? 0n);
  }

  /** Numbers of USER messages after the viewer's read positions. Sending a message moves that position to it. */
  async function counts(views: readonly ConversationView[]): Promise<number[]> {
    const positions = await receipts.positionsOf(
      views.map(({ conversation, member }) => ({ conversationId: conversation.id, userId: member.userId })),
    );
    const unread = views.flatMap((view, index) => {
      const readSeq = maxSeq(positions[index]?.readSeq ?? 0n, view.member.joinedSeq);
      return readSeq < view.headSeq ? [{ view, readSeq }] : [];
    });
    const heads = unread.filter(({ view }) => view.headOrdinal === null).map(({ view }) => placeOfHead(view));
    const ends = await ordinalsAt([
      ...heads,
      ...unread.map(({ view, readSeq }) => ({ conversation: view.conversation, seq: readSeq })),
    ]);
    const headOrdinals = ends.slice(0, heads.length);
    const byView = new Map(
      unread.map(({ view }, index) => {
        const head = view.headOrdinal ?? headOrdinals.shift() ?? 0n;
        return [view, Number(head - (ends[heads.length + index] ?? 0n))];
      }),
    );
    return views.map((view) => byView.get(view) ?? 0);
  }

  return {
    count: batched(counts),

    async totals(views: readonly ConversationView[]): Promise<UnreadTotals> {
      const unread = (await counts(views)).filter((one) => one > 0);
      return { messages: unread.reduce((sum, one) => sum + one, 0), conversations: unread.length };
    },
  };
}

function keyOf({ conversation, seq }: Place): string {
  return `${conversation.id}/${seq}`;
}

function placeOfHead({ conversation, headSeq }: ConversationView): Place {
  return { conversation, seq: headSeq };
}
