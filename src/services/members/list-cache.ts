/**
 * The member lists in memory.
 *
 * A conversation is in one of these states:
 * - unknown: its list is read when it is next asked for;
 * - being read: all callers wait for the same read. A change that is settled meanwhile makes the result too old to keep;
 * - known: its list answers for `maxAgeMs`, and settled changes are applied to it.
 */
import { LRUCache } from 'lru-cache';
import type { Member } from '../../domain/conversation.ts';
import type { Clock, ConversationId, Millis, Seq, UserId } from '../../domain/ids.ts';
import type { ConversationState, ConversationStore, Settlement } from '../../stores/conversation-store.ts';
import { batched } from '../batched.ts';
import { type ConversationList, DirectList, LargeList, type MemberList, SmallList } from './member-list.ts';
import { createStayCache } from './stay-cache.ts';

export function createListCache(ports: {
  store: ConversationStore;
  /** Stays in memory, for lists and for single users each. */
  maxSize: number;
  maxAgeMs: Millis;
  /** Milliseconds on a clock that cannot be set. */
  elapsed: Clock;
}) {
  const { store, maxSize, maxAgeMs, elapsed } = ports;
  const lists = new LRUCache<ConversationId, { list: ConversationList; readAt: Millis }>({
    maxSize,
    sizeCalculation: ({ list }) => list.size,
  });
  const loading = new Map<ConversationId, Promise<MemberList | null>>();
  const readState = batched<ConversationId, ConversationState | null>((ids) => store.get(ids));
  const stays = createStayCache({
    store,
    maxSize,
    isCurrent: (list) => lists.peek(list.conversation.id)?.list === list,
  });
  const reader = { staysOf: stays.of, since: readSince };

  async function readSince(id: ConversationId, seq: Seq): Promise<readonly Member[]> {
    const found = await store.listStays(id, seq);
    return found.filter(({ leftSeq }) => leftSeq === null || leftSeq >= seq);
  }

  async function load(id: ConversationId): Promise<ConversationList | null> {
    const state = await readState(id);
    if (state === null) return null;
    if (state.conversation.kind === 'DIRECT') return new DirectList(state);
    if (state.isLarge) return new LargeList(state, reader);
    // These stays may include changes that were settled after the state was read.
    const knownSince = state.version + 1n;
    const found = await store.listStays(id, knownSince);
    return new SmallList(
      state,
      Map.groupBy(found, ({ userId }) => userId),
      knownSince,
      reader,
    );
  }

  function get(id: ConversationId): Promise<MemberList | null> | MemberList {
    const cached = lists.get(id);
    if (cached !== undefined && elapsed() - cached.readAt <= maxAgeMs) return cached.list;
    let promise = loading.get(id);
    if (promise === undefined) {
      const readAt = elapsed();
      promise = load(id)
        .then((list) => {
          // A change or `drop` during the read makes the result too old to keep.
          if (list !== null && loading.get(id) === promise) {
            const before = lists.peek(id)?.list;
            lists.set(id, { list, readAt });
            if (before?.version === list.version) stays.carryOver(before, list, new Map());
          }
          return list;
        })
        .finally(() => {
          if (loading.get(id) === promise) loading.delete(id);
        });
      loading.set(id, promise);
    }
    return promise;
  }

  function drop(id: ConversationId): void {
    lists.delete(id);
    loading.delete(id);
  }

  return {
    get,
    drop,

    /** Reads a list again. */
    reread(id: ConversationId): Promise<MemberList | null> | MemberList {
      drop(id);
      return get(id);
    },

    /** The list in memory, however old it is. */
    peek: (id: ConversationId): ConversationList | undefined => lists.peek(id)?.list,

    /** A conversation without its members, from memory if it has a list there. */
    state: (id: ConversationId): ConversationState | Promise<ConversationState | null> =>
      lists.peek(id)?.list.state ?? readState(id),

    /** The stays since a number. */
    readSince,

    /** Applies a settled change to the list in memory. A list that lacks an earlier change is dropped. Returns the users it concerns. */
    take(id: ConversationId, { state, previousVersion, stays: changed }: Settlement): Iterable<UserId> {
      const known = lists.peek(id);
      loading.delete(id);
      const byUser = Map.groupBy(changed, ({ userId }) => userId);
      const isNext = known !== undefined && previousVersion === known.list.version;
      const list = isNext ? known.list.after(state, byUser) : null;
      if (known === undefined || list === null) {
        lists.delete(id);
      } else {
        lists.set(id, { list, readAt: known.readAt });
        stays.carryOver(known.list, list, byUser);
      }
      return byUser.keys();
    },
  };
}
