/**
 * The number of unread messages, as the difference of two ordinals: the number of countable messages up to a position never changes,
 * so it is cached.
 */
import { LRUCache } from 'lru-cache';
import type { Conversation } from '../../domain/conversation.ts';
import { maxSeq, type Seq } from '../../domain/ids.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { ReceiptService } from '../receipts/receipt-service.ts';
import type { ConversationView } from './conversation-view.ts';

export interface UnreadTotals {
  readonly messages: number;
  /** Conversations with at least one unread message. */
  readonly conversations: number;
}

export function createUnreadCounts(ports: { log: ConversationLog; receipts: ReceiptService; cachedMax: number }) {
  const { log, receipts, cachedMax } = ports;
  const ordinals = new LRUCache<string, Seq>({ max: cachedMax });

  async function ordinalAt(conversation: Conversation, seq: Seq): Promise<Seq> {
    if (seq === 0n) return 0n;
    const key = `${conversation.id}/${seq}`;
    const known = ordinals.get(key);
    if (known !== undefined) return known;
    const [message] = await log.list(conversation, { fromSeq: seq, toSeq: seq, limit: 1 });
    const ordinal = message?.ordinal ?? 0n;
    if (message !== undefined) ordinals.set(key, ordinal);
    return ordinal;
  }

  /** Number of USER messages after the viewer's read position. Sending a message moves that position to it. */
  async function count({ conversation, member, headSeq }: ConversationView): Promise<number> {
    const [positions] = await receipts.positions(conversation.id, [member.userId]);
    const readSeq = maxSeq(positions?.readSeq ?? 0n, member.joinedSeq);
    if (readSeq >= headSeq) return 0;
    const [head, read] = await Promise.all([ordinalAt(conversation, headSeq), ordinalAt(conversation, readSeq)]);
    return Number(head - read);
  }

  return {
    count,

    async totals(views: readonly ConversationView[]): Promise<UnreadTotals> {
      const unread = (await Promise.all(views.map(count))).filter((one) => one > 0);
      return { messages: unread.reduce((sum, one) => sum + one, 0), conversations: unread.length };
    },
  };
}
