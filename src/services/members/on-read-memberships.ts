/**
 * For each user, the memberships whose messages get inbox numbers when the user syncs: of large groups, and of groups that the user
 * left, or that became small, until everything in them has its number. Most users have none, and an empty list costs nothing.
 *
 * A user's list is unknown, being read (`loading`; all callers wait for the same read), or known (`cached`) for at most `maxAgeMs`.
 * Invariant: a list that was read before a change of its user became known here is not kept.
 */
import { LRUCache } from 'lru-cache';
import type { Member } from '../../domain/conversation.ts';
import type { Clock, Millis, UserId } from '../../domain/ids.ts';
import type { ConversationStore } from '../../stores/conversation-store.ts';
import { batched } from '../batched.ts';

interface Known {
  readonly members: readonly Member[];
  readonly readAt: Millis;
}

const none: readonly Member[] = [];

export function createOnReadMemberships(ports: {
  store: ConversationStore;
  /** Users and memberships in memory. */
  maxSize: number;
  elapsed: Clock;
  maxAgeMs: Millis;
}) {
  const { store, maxSize, elapsed, maxAgeMs } = ports;
  const cached = new LRUCache<UserId, Known>({
    maxSize,
    sizeCalculation: ({ members }) => members.length + 1,
  });
  const loading = new Map<UserId, Promise<readonly Member[]>>();
  const read = batched<UserId, readonly Member[]>(async (userIds) => {
    const byUser = Map.groupBy(await store.listOnRead(userIds), ({ userId }) => userId);
    return userIds.map((userId) => byUser.get(userId) ?? none);
  });

  function of(userId: UserId): readonly Member[] | Promise<readonly Member[]> {
    const known = cached.get(userId);
    if (known !== undefined && elapsed() - known.readAt <= maxAgeMs) return known.members;
    let promise = loading.get(userId);
    if (promise === undefined) {
      const readAt = elapsed();
      promise = read(userId)
        .then((members) => {
          // `forget` during the read makes the result too old to keep.
          if (loading.get(userId) === promise) cached.set(userId, { members, readAt });
          return members;
        })
        .finally(() => {
          if (loading.get(userId) === promise) loading.delete(userId);
        });
      loading.set(userId, promise);
    }
    return promise;
  }

  function forget(userId: UserId): void {
    cached.delete(userId);
    loading.delete(userId);
  }

  return {
    of,
    forget,

    /** Forgets all users. */
    clear(): void {
      cached.clear();
      loading.clear();
    },

    async markEntered(members: readonly Member[]): Promise<void> {
      if (members.length === 0) return;
      await store.markEntered(members);
      for (const { userId } of members) forget(userId);
    },
  };
}
