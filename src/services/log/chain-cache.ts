/**
 * The segment chains of recently read or written conversations, as far as this instance knows them.
 *
 * Invariants
 * - A chain is a guess: a wrong one costs its writer a `seqTaken` and a reread, never a wrong number.
 * - The known part of a chain only grows.
 * - Readers use a head from memory while it is younger than `headTrustMs` and not in doubt. Otherwise the store is read first.
 * - A chain is in doubt from an append with an unknown outcome until a later append is known to be stored. It stays in doubt if it is
 *   evicted and read again, because the append may still be written after that.
 */
import { LRUCache } from 'lru-cache';
import type { Conversation } from '../../domain/conversation.ts';
import type { Clock, ConversationId, Millis } from '../../domain/ids.ts';
import type { MessageLog, MessageRow } from '../../stores/message-log.ts';
import { advance, applyTail, loadChains, openSegment, type SegmentChain } from './segment-chain.ts';

interface CachedChain {
  readonly chain: SegmentChain;
  checkedAt: Millis;
}

const neverRead: Omit<CachedChain, 'chain'> = { checkedAt: Number.NEGATIVE_INFINITY };

/** Maximum number of conversations that are remembered as in doubt. */
const doubtsMax = 50_000;

/** Has heads read from the store, if other processes write there. */
export const neverTrusted: Millis = Number.NEGATIVE_INFINITY;

export type ChainCache = ReturnType<typeof createChainCache>;

export function createChainCache(ports: {
  log: MessageLog;
  /** Milliseconds on a clock that cannot be set. */
  elapsed: Clock;
  isSoleWriter: boolean;
  /** Receives chains that differ from where they are recorded. */
  onMoved: (chain: SegmentChain) => void;
  settings: { readonly headTrustMs: Millis; readonly chainsMax: number };
}) {
  const { log, elapsed, isSoleWriter, onMoved, settings } = ports;
  const chains = new LRUCache<ConversationId, CachedChain>({ max: settings.chainsMax });
  const inDoubt = new LRUCache<ConversationId, true>({ max: doubtsMax });

  /** Reads other writers' messages since the chain was read. */
  async function refresh({ conversation, chain }: { conversation: Conversation; chain: SegmentChain }): Promise<void> {
    const checkedAt = elapsed();
    for (let isSealed = true; isSealed; ) {
      const { month } = openSegment(chain);
      const [tail] = await log.tails([{ conversationId: conversation.id, month }]);
      if (tail === undefined) return;
      // Another call may have followed the seal in the meantime.
      isSealed = openSegment(chain).month !== month || applyTail(chain, tail) !== null;
    }
    const cached = chains.get(conversation.id);
    if (cached !== undefined) cached.checkedAt = checkedAt;
  }

  async function get(conversations: readonly Conversation[]): Promise<SegmentChain[]> {
    const missing = conversations.filter(({ id }) => !chains.has(id));
    if (missing.length > 0) {
      const loaded = await loadChains(log, missing);
      for (const chain of loaded) {
        // Another reader may have been faster; its chain may have been appended to since.
        if (!chains.has(chain.conversationId)) chains.set(chain.conversationId, { chain, checkedAt: elapsed() });
      }
      const byId = new Map(loaded.map((chain) => [chain.conversationId, chain]));
      return conversations.map(({ id }) => chains.get(id)?.chain ?? (byId.get(id) as SegmentChain));
    }
    return conversations.map(({ id }) => (chains.get(id) as CachedChain).chain);
  }

  async function getCurrent(
    conversations: readonly Conversation[],
    trustMs: Millis = settings.headTrustMs,
  ): Promise<SegmentChain[]> {
    const found = await get(conversations);
    const now = elapsed();
    const refreshes: Promise<void>[] = [];
    found.forEach((chain, index) => {
      const conversation = conversations[index] as Conversation;
      const { checkedAt } = chains.get(conversation.id) ?? neverRead;
      const isTrusted = !inDoubt.has(conversation.id) && (isSoleWriter || now - checkedAt <= trustMs);
      if (!isTrusted) refreshes.push(refresh({ conversation, chain }));
    });
    if (refreshes.length > 0) await Promise.all(refreshes);
    return found;
  }

  return {
    /** Chains to write to, in the order of the conversations: from memory, or read from the store. */
    get,

    /**
     * Chains to read from, in the order of the conversations. Chains with an unreliable head are compared with the store.
     *
     * @param trustMs - how old a head in memory may be
     */
    getCurrent,

    refresh,

    /** Updates a chain with the last row of an append, and caches it. */
    noteAppended(chain: SegmentChain, last: MessageRow): void {
      advance(chain, last);
      // The cache may have evicted this chain and read it again before the append.
      const cached = chains.peek(chain.conversationId);
      if (cached?.chain !== chain) chains.set(chain.conversationId, { chain, checkedAt: elapsed() });
      // Earlier appends in doubt wanted a number that is taken now.
      inDoubt.delete(chain.conversationId);
      onMoved(chain);
    },

    /** Records an append with an unknown outcome. */
    noteDoubt(id: ConversationId): void {
      inDoubt.set(id, true);
    },
  };
}
