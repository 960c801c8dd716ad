/** The newest messages of active conversations, so that recent messages need not be read from the store. */
import { LRUCache } from 'lru-cache';
import type { ConversationId, Seq } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';

const perConversationMax = 32;
/** A message with a longer text is not kept. With this limit, 5,000 conversations take at most 160 MB. */
const textMax = 1_000;
export const recentConversationsMax = 5_000;

export type RecentMessages = ReturnType<typeof createRecentMessages>;

export function createRecentMessages(conversationsMax = recentConversationsMax) {
  // Each list is consecutive in `seq`, ascending.
  const lists = new LRUCache<ConversationId, Message[]>({ max: conversationsMax });
  return {
    /** Adds messages that were just stored, consecutive and ascending. */
    add(id: ConversationId, messages: readonly Message[]): void {
      let list = lists.get(id) ?? [];
      for (const message of messages) {
        const last = list[list.length - 1];
        if (!isSmall(message)) list = [];
        else if (last !== undefined && last.seq + 1n === message.seq) list.push(message);
        else list = [message];
      }
      if (list.length > perConversationMax * 2) list = list.slice(-perConversationMax);
      lists.set(id, list);
    },

    /** The messages from `fromSeq` to `toSeq` if all of them are in memory, otherwise null. */
    get(id: ConversationId, fromSeq: Seq, toSeq: Seq): Message[] | null {
      const list = lists.get(id);
      const first = list?.[0];
      if (list === undefined || first === undefined || fromSeq < first.seq || toSeq < fromSeq) return null;
      const start = Number(fromSeq - first.seq);
      const end = Number(toSeq - first.seq) + 1;
      return end <= list.length ? list.slice(start, end) : null;
    },
  };
}

function isSmall({ body }: Message): boolean {
  return body.text.length <= textMax && body.data === undefined && (body.attachments?.length ?? 0) === 0;
}
