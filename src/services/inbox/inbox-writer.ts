/**
 * Adds messages to inboxes: for a user and a conversation, all messages after the end of the last run up to `upTo` become the next
 * run. Repeating an entry changes nothing, and the next call repairs an entry that a crash interrupted.
 *
 * A user is in one of these states:
 * - idle: no entries wait;
 * - waiting (`queues`): entries will be written by the next flush;
 * - busy (`busy`): a flush is writing the user's runs, and entries that arrive during it wait for the next one.
 *
 * Invariants: at most one append per user is in progress, so that an instance does not race itself; an entry is answered only
 * once its run is stored. Heads and ends in memory are guesses: a wrong one costs a refusal by the store and another read.
 */

import { LRUCache } from 'lru-cache';
import { DomainError } from '../../domain/errors.ts';
import { type ConversationId, type Millis, maxSeq, minSeq, type Seq, type UserId } from '../../domain/ids.ts';
import { type InboxRun, lastInboxSeq } from '../../domain/inbox.ts';
import type { InboxStore, NewRun } from '../../stores/inbox-store.ts';

export interface Entry {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  /** The user sees only messages after this number. */
  readonly joinedSeq: Seq;
  readonly upTo: Seq;
  /** Messages from this number on are never truncated, because messages that are fanned out on write are not a backlog. */
  readonly wholeFrom?: Seq;
  /** The time of the last message, for the user's list of conversations; absent for messages that are entered late. */
  readonly activeAt?: Millis;
}

export interface InboxWriterSettings {
  /** Maximum number of a conversation's newest messages that one entry adds to an inbox; older ones become a truncated run. */
  readonly backlogMax: number;
  /** Maximum number of runs in one append, 2 or more: a large one occupies the store while others wait. */
  readonly flushMax: number;
  readonly attemptsMax: number;
  /** Maximum number of users whose head is kept in memory; and of ends of runs, twice as many. */
  readonly guessesMax: number;
}

export const inboxWriterDefaults: InboxWriterSettings = {
  backlogMax: 1_000,
  flushMax: 10_000,
  attemptsMax: 50,
  guessesMax: 100_000,
};

interface Waiting {
  readonly entry: Entry;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export type InboxWriter = ReturnType<typeof createInboxWriter>;

export function createInboxWriter(ports: {
  inboxes: InboxStore;
  /** Whether no other process writes to the store, so that readers can use heads in memory. */
  isSoleWriter: boolean;
  /** Receives runs that were just stored, in order for each user. Must not throw. */
  onEntered: (runs: readonly InboxRun[]) => void;
  settings?: Partial<InboxWriterSettings>;
}) {
  const { inboxes, isSoleWriter, onEntered } = ports;
  const settings = { ...inboxWriterDefaults, ...ports.settings };
  const heads = new LRUCache<UserId, Seq>({ max: settings.guessesMax });
  const ends = new LRUCache<string, Seq>({ max: settings.guessesMax * 2 });
  const queues = new Map<UserId, Waiting[]>();
  const busy = new Set<UserId>();
  let scheduled = false;

  function schedule(): void {
    if (scheduled || queues.size === 0) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      void flush();
    });
  }

  /** Writes the waiting entries of users that no other flush is writing for. Never rejects. */
  async function flush(): Promise<void> {
    let waiting: Waiting[] = [];
    const users: UserId[] = [];
    // An entry becomes one run, or two if it has a backlog.
    let space = Math.floor(settings.flushMax / 2);
    for (const [userId, queue] of queues) {
      if (space === 0) break;
      if (busy.has(userId)) continue;
      const taken = queue.length <= space ? queue : queue.splice(0, space);
      if (taken === queue) queues.delete(userId);
      busy.add(userId);
      users.push(userId);
      space -= taken.length;
      for (const one of taken) waiting.push(one);
    }
    if (users.length === 0) return;
    try {
      for (let attempt = 1; waiting.length > 0; attempt += 1) {
        if (attempt > settings.attemptsMax) throw new DomainError('UNAVAILABLE', 'Too many concurrent writers.');
        waiting = await write(waiting);
      }
    } catch (error) {
      // The outcome is unknown: the next call reads the store.
      for (const { entry } of waiting) forget(entry);
      for (const { reject } of waiting) reject(error);
    } finally {
      for (const userId of users) busy.delete(userId);
      schedule();
    }
  }

  /** One round. Returns the entries that must be retried. */
  async function write(waiting: readonly Waiting[]): Promise<Waiting[]> {
    await loadGuesses(waiting);
    const runs: NewRun[] = [];
    const owners: Waiting[] = [];
    const nextSeq = new Map<UserId, Seq>();
    const nextFrom = new Map<string, Seq>();
    /** The entry whose run the next entry with the same key continues. */
    const leaders = new Map<string, Waiting>();
    const followers = new Map<Waiting, Waiting>();
    for (const one of waiting) {
      const { userId, conversationId, joinedSeq, upTo, wholeFrom, activeAt } = one.entry;
      const key = endKey(one.entry);
      let fromSeq = maxSeq(nextFrom.get(key) ?? ends.get(key) ?? 0n, joinedSeq) + 1n;
      const leader = leaders.get(key);
      if (leader !== undefined) followers.set(one, leader);
      if (fromSeq > upTo) continue;
      leaders.set(key, one);
      let seq = (nextSeq.get(userId) ?? heads.get(userId) ?? 0n) + 1n;
      const newest = minSeq(upTo - BigInt(settings.backlogMax), (wholeFrom ?? upTo) - 1n);
      if (newest >= fromSeq) {
        runs.push({ userId, seq, conversationId, fromSeq, toSeq: newest, truncated: true });
        owners.push(one);
        fromSeq = newest + 1n;
        seq += 1n;
      }
      const run = {
        userId,
        seq,
        conversationId,
        fromSeq,
        toSeq: upTo,
        truncated: false,
        ...(activeAt === undefined ? {} : { activeAt }),
      };
      runs.push(run);
      owners.push(one);
      nextSeq.set(userId, lastInboxSeq(run));
      nextFrom.set(key, upTo);
    }
    const written = runs.length === 0 ? [] : await inboxes.append(runs);
    const again = new Set<Waiting>();
    const entered: InboxRun[] = [];
    runs.forEach((run, index) => {
      const owner = owners[index] as Waiting;
      if (written[index] === true) {
        heads.set(run.userId, lastInboxSeq(run));
        ends.set(endKey(run), run.toSeq);
        entered.push(run);
      } else {
        again.add(owner);
        forget(owner.entry);
      }
    });
    if (entered.length > 0) onEntered(entered);
    // An entry that relies on an earlier one of this round is retried if that one was not written.
    for (const [follower, leader] of followers) if (again.has(leader)) again.add(follower);
    for (const one of waiting) if (!again.has(one)) one.resolve();
    return [...again];
  }

  async function loadGuesses(waiting: readonly Waiting[]): Promise<void> {
    const users = new Set<UserId>();
    const keys = new Map<string, Entry>();
    for (const { entry } of waiting) {
      if (!heads.has(entry.userId)) users.add(entry.userId);
      const key = endKey(entry);
      if (ends.has(key)) continue;
      // An unknown end may be in the store after a write with an unknown outcome, which also moved the head.
      keys.set(key, entry);
      users.add(entry.userId);
    }
    if (users.size === 0 && keys.size === 0) return;
    const missingUsers = [...users];
    const missingKeys = [...keys.values()];
    // Ends first, so that a head that is read after them covers them.
    const foundEnds = missingKeys.length === 0 ? [] : await inboxes.runEnds(missingKeys);
    const foundHeads = missingUsers.length === 0 ? [] : await inboxes.heads(missingUsers);
    missingUsers.forEach((userId, index) => {
      heads.set(userId, foundHeads[index] as Seq);
    });
    missingKeys.forEach((entry, index) => {
      ends.set(endKey(entry), foundEnds[index] ?? 0n);
    });
  }

  function forget(entry: Entry): void {
    heads.delete(entry.userId);
    ends.delete(endKey(entry));
  }

  return {
    /**
     * Adds the missing messages of each entry. Resolves when all of them are stored.
     *
     * @throws DomainError `UNAVAILABLE`: the outcome is unknown; the same entries may be entered again
     */
    async enter(entries: readonly Entry[]): Promise<void> {
      const outcomes = entries.map((entry) => {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        const queue = queues.get(entry.userId);
        if (queue === undefined) queues.set(entry.userId, [{ entry, resolve, reject }]);
        else queue.push({ entry, resolve, reject });
        return promise;
      });
      schedule();
      await Promise.all(outcomes);
    },

    /** The last inbox number of each user, in the order of the ids. */
    async heads(userIds: readonly UserId[]): Promise<Seq[]> {
      const answers = userIds.map((userId) => (isSoleWriter ? heads.get(userId) : undefined));
      const missing = userIds.filter((_, index) => answers[index] === undefined);
      if (missing.length === 0) return answers as Seq[];
      const found = await inboxes.heads(missing);
      const byUser = new Map<UserId, Seq>();
      missing.forEach((userId, index) => {
        // A run that was written in the meantime is newer than the value that was read.
        const head = maxSeq(found[index] as Seq, heads.get(userId) ?? 0n);
        heads.set(userId, head);
        byUser.set(userId, head);
      });
      return userIds.map((userId, index) => answers[index] ?? (byUser.get(userId) as Seq));
    },

    /** Number of users with waiting entries. */
    get queued(): number {
      return queues.size;
    },
  };
}

function endKey({ userId, conversationId }: { userId: UserId; conversationId: ConversationId }): string {
  return `${userId}/${conversationId}`;
}
