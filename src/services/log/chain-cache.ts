/**
 * The segment chains of the conversations that were read or written lately, as far as this instance knows them.
 *
 * Invariants
 * - A chain is a guess: a wrong one costs its writer a `seqTaken` and a reread, never a wrong number.
 * - What is known of a chain only grows.
 * - A head answers readers while it is younger than `headTrustMs` and not in doubt; otherwise the store is asked first.
 * - A chain is in doubt from an append without an outcome until a later one is known to be stored.
 */
import { LRUCache } from 'lru-cache';
import type { Conversation } from '../../domain/conversation.ts';
import type { ConversationId, Millis } from '../../domain/ids.ts';
import type { MessageLog, MessageRow } from '../../stores/message-log.ts';
import { advance, applyTail, loadChains, openSegment, type SegmentChain } from './segment-chain.ts';
import type { TrustedClock } from './trusted-clock.ts';

interface CachedChain {
  readonly chain: SegmentChain;
  checkedAt: Millis;
  /** An append whose outcome is unknown may still be written: until a later one is, the head in memory says nothing. */
  isInDoubt?: boolean;
}

export type ChainCache = ReturnType<typeof createChainCache>;

export function createChainCache(ports: {
  log: MessageLog;
  clock: TrustedClock;
  settings: { readonly headTrustMs: Millis; readonly chainsMax: number };
}) {
  const { log, clock, settings } = ports;
  const chains = new LRUCache<ConversationId, CachedChain>({ max: settings.chainsMax });

  /** Reads what others have written to a conversation since its chain was read. */
  async function refresh({ conversation, chain }: { conversation: Conversation; chain: SegmentChain }): Promise<void> {
    const checkedAt = clock.now();
    for (let isSealed = true; isSealed; ) {
      const { month } = openSegment(chain);
      const [tail] = await log.tails([{ conversationId: conversation.id, month }]);
      if (tail === undefined) return;
      // Another call may have followed the seal meanwhile.
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
        if (!chains.has(chain.conversationId)) chains.set(chain.conversationId, { chain, checkedAt: clock.now() });
      }
      const byId = new Map(loaded.map((chain) => [chain.conversationId, chain]));
      return conversations.map(({ id }) => chains.get(id)?.chain ?? (byId.get(id) as SegmentChain));
    }
    return conversations.map(({ id }) => (chains.get(id) as CachedChain).chain);
  }

  async function getCurrent(conversations: readonly Conversation[]): Promise<SegmentChain[]> {
    const found = await get(conversations);
    const now = clock.now();
    await Promise.all(
      found.map((chain, index) => {
        const conversation = conversations[index] as Conversation;
        const { checkedAt, isInDoubt } = chains.get(conversation.id) ?? { checkedAt: Number.NEGATIVE_INFINITY };
        const age = now - checkedAt; // Below 0 when the clock was set back.
        const isTrusted = isInDoubt !== true && age >= 0 && age <= settings.headTrustMs;
        return isTrusted ? undefined : refresh({ conversation, chain });
      }),
    );
    return found;
  }

  return {
    /** Chains to write to, in the order asked for: as they are known, or read. */
    get,

    /** Chains to read from, in the order asked for: those whose head is not to be trusted are compared with the store. */
    getCurrent,

    refresh,

    /** Takes in the last row of an append, and keeps the chain. */
    noteAppended(chain: SegmentChain, last: MessageRow): void {
      advance(chain, last);
      // The cache may have dropped this chain, and read it anew before the append.
      const cached = chains.peek(chain.conversationId);
      if (cached?.chain !== chain) chains.set(chain.conversationId, { chain, checkedAt: clock.now() });
      // Whatever was in doubt asked for a number that is taken now.
      else cached.isInDoubt = false;
    },

    /** Takes note of an append whose outcome is unknown. */
    noteDoubt(id: ConversationId): void {
      const cached = chains.peek(id);
      if (cached !== undefined) cached.isInDoubt = true;
    },
  };
}
