/**
 * The state of the message store in the commit thread: the tables, and the journal's overlay on top of them. Writes are checked
 * and staged here in order; reads merge both. All calls are synchronous.
 */

import { LRUCache } from 'lru-cache';
import {
  type ConversationId,
  compareIds,
  type DeviceId,
  type MessageId,
  type Millis,
  maxSeq,
  type Seq,
  type UserId,
} from '../../domain/ids.ts';
import { type InboxRun, lastInboxSeq } from '../../domain/inbox.ts';
import type { Month } from '../../domain/month.ts';
import { type Activity, type ActivityPlace, byActivity, type InboxStore, type NewRun } from '../inbox-store.ts';
import type {
  Append,
  AppendResult,
  FollowedRef,
  LogRange,
  MessageLog,
  MessageRow,
  RowKey,
  SegmentTail,
} from '../message-log.ts';
import type { Operation } from './journal-entry.ts';
import type { Overlay } from './overlay.ts';
import { createReceiptState, type Unpromised } from './receipt-state.ts';
import type { TableReader } from './table-reader.ts';

/** The methods of the three ports without promises, under their names in messages between threads. */
export type StoreState = ReturnType<typeof createStoreState>;

const guessesMax = 100_000;

export function createStoreState(tables: TableReader, overlay: Overlay, stage: (operation: Operation) => void) {
  /** The last message number of a segment and whether it is sealed, including the overlay. */
  const ends = new LRUCache<string, { last: Seq; sealedAt: Seq | null }>({ max: guessesMax });
  /** The highest id of each month with appends. Ids grow, so a higher one needs no lookup. */
  const newestIds = new Map<Month, bigint>();
  const inboxHeads = new LRUCache<UserId, Seq>({ max: guessesMax });

  function tail(conversationId: ConversationId, month: Month): SegmentTail {
    const part = overlay.segment(month, conversationId);
    const held = part?.rows.at(-1);
    if (part !== undefined && held !== undefined) return { last: held, seal: part.seal };
    const stored = tables.tail(conversationId, month);
    return { last: stored.last, seal: part?.seal ?? stored.seal };
  }

  function end(conversationId: ConversationId, month: Month): { last: Seq; sealedAt: Seq | null } {
    const key = `${month}/${conversationId}`;
    let known = ends.get(key);
    if (known === undefined) {
      const { last, seal } = tail(conversationId, month);
      known = { last: last?.seq ?? 0n, sealedAt: seal?.seq ?? null };
      ends.set(key, known);
    }
    return known;
  }

  function isTaken(conversationId: ConversationId, month: Month, seq: Seq): boolean {
    const { last, sealedAt } = end(conversationId, month);
    if (sealedAt !== null && seq >= sealedAt) return true;
    if (seq > last) return false;
    const part = overlay.segment(month, conversationId);
    return part?.rows.some((row) => row.seq === seq) === true || tables.hasSeq(conversationId, month, seq);
  }

  function isIdTaken(month: Month, id: MessageId): boolean {
    const number = BigInt(id);
    let newest = newestIds.get(month);
    if (newest === undefined) {
      newest = [tables.newestId(month), overlay.newestId(month)].reduce<bigint>(
        (a, b) => (b !== null && b > a ? b : a),
        -1n,
      );
    }
    newestIds.set(month, number > newest ? number : newest);
    return number <= newest && (overlay.hasId(month, id) || tables.hasId(month, id));
  }

  function findByKey(month: Month, key: RowKey): MessageRow | null {
    return overlay.findByKey(month, key) ?? tables.findByKey(month, key);
  }

  function appendOne(append: Append): AppendResult {
    const { conversationId, month } = append;
    const known = end(conversationId, month);
    if ('seal' in append) {
      if (isTaken(conversationId, month, append.seal.seq)) return { appended: 0, stoppedBy: { reason: 'seqTaken' } };
      if (isIdTaken(month, append.seal.id)) return { appended: 0, stoppedBy: { reason: 'idTaken' } };
      stage({ type: 'seal', month, seal: append.seal });
      known.sealedAt = append.seal.seq;
      return { appended: 1 };
    }
    let appended = 0;
    for (const row of append.rows) {
      const existing = findByKey(month, row);
      if (existing !== null) return { appended, stoppedBy: { reason: 'resend', existing } };
      if (isTaken(conversationId, month, row.seq)) return { appended, stoppedBy: { reason: 'seqTaken' } };
      if (isIdTaken(month, row.id)) return { appended, stoppedBy: { reason: 'idTaken' } };
      stage({ type: 'message', month, row });
      known.last = maxSeq(known.last, row.seq);
      appended += 1;
    }
    return { appended };
  }

  function head(userId: UserId): Seq {
    let known = inboxHeads.get(userId);
    if (known === undefined) {
      const last = overlay.inbox(userId).at(-1) ?? tables.lastRun(userId);
      known = last === null ? 0n : lastInboxSeq(last);
      inboxHeads.set(userId, known);
    }
    return known;
  }

  function runAt(userId: UserId, conversationId: ConversationId, seq: Seq): InboxRun | null {
    const held = overlay.runsOf(userId, conversationId).findLast(({ fromSeq }) => fromSeq <= seq);
    return held ?? tables.runAt(userId, conversationId, seq);
  }

  function activeAt(userId: UserId, conversationId: ConversationId): Millis | null {
    const held = overlay.activeOf(userId)?.get(conversationId);
    return held === undefined ? tables.activeAt(userId, conversationId) : held.value;
  }

  function isNewer({ userId, conversationId, activeAt: at }: Activity): boolean {
    return at > (activeAt(userId, conversationId) ?? -1);
  }

  function raiseActivity(activity: Activity): void {
    const { userId, conversationId, activeAt: at } = activity;
    if (isNewer(activity)) stage({ type: 'active', userId, conversationId, at });
  }

  function enterOne({ activeAt: at, ...run }: NewRun): boolean {
    const { userId, conversationId, seq, fromSeq } = run;
    if (seq <= head(userId)) return false;
    // A run that begins earlier may have been joined with later ones, and may reach beyond.
    const before = runAt(userId, conversationId, fromSeq);
    if (before !== null && (before.fromSeq === fromSeq || before.toSeq >= fromSeq)) return false;
    const isActivity = at !== undefined && isNewer({ userId, conversationId, activeAt: at });
    stage(isActivity ? { type: 'run', run, activeAt: at } : { type: 'run', run });
    inboxHeads.set(userId, maxSeq(head(userId), lastInboxSeq(run)));
    return true;
  }

  const messageLog = {
    append: (appends: readonly Append[]) => appends.map(appendOne),
    tails: (keys: readonly { conversationId: ConversationId; month: Month }[]) =>
      keys.map(({ conversationId, month }) => tail(conversationId, month)),
    firstSeqAt(conversationId: ConversationId, month: Month, at: Millis): Seq | null {
      const held = overlay.segment(month, conversationId)?.rows ?? [];
      const stored = tables.firstSeqAt(conversationId, month, at);
      const first = held[0];
      if (stored !== null && (first === undefined || stored < first.seq)) return stored;
      return held.find(({ sentAt }) => sentAt >= at)?.seq ?? stored;
    },
    list: (ranges: readonly LogRange[]) => ranges.map(listOne),
    findByIds: (month: Month, ids: readonly MessageId[]) =>
      ids.flatMap((id) => {
        const row = overlay.findById(month, id) ?? tables.findById(month, id);
        return row === null ? [] : [row];
      }),
    findByKeys: (month: Month, keys: readonly RowKey[]) => keys.map((key) => findByKey(month, key)),
    months: () => [...new Set([...tables.months(), ...overlay.months()])].sort(),
    markFollowed(refs: readonly FollowedRef[]): void {
      for (const { month, id } of refs) stage({ type: 'followed', month, id });
    },
    listUnfinished(afterId: MessageId | null, limit: number): MessageRow[] {
      const stored = tables.months().flatMap((month) => {
        const rows = tables.listUnfinished(month, afterId ?? '0', limit + overlay.marks);
        return rows.filter(({ id }) => !overlay.isMarked(month, id));
      });
      const held = overlay.listUnfinished().filter(({ id }) => afterId === null || compareIds(id, afterId) > 0);
      // Shortly after a move, a row is in both.
      const rows = new Map([...stored, ...held].map((row) => [`${row.conversationId}/${row.seq}`, row]));
      return [...rows.values()].sort((a, b) => compareIds(a.id, b.id)).slice(0, limit);
    },
    countUnfinished(limit: number): { count: number; oldestId: MessageId | null } {
      const stored = tables.months().flatMap((month) => {
        const ids = tables.listUnfinishedIds(month, limit + overlay.marks);
        return ids.filter((id) => !overlay.isMarked(month, id));
      });
      const ids = new Set([...stored, ...overlay.listUnfinished().map(({ id }) => id)]);
      let oldestId: MessageId | null = null;
      for (const id of ids) if (oldestId === null || compareIds(id, oldestId) < 0) oldestId = id;
      return { count: Math.min(ids.size, limit), oldestId };
    },
  } satisfies Unpromised<Omit<MessageLog, 'chains' | 'raiseChains'>>;

  function listOne(range: LogRange): MessageRow[] {
    const { conversationId, month, fromSeq, toSeq, limit, newestFirst = false } = range;
    const rows = overlay.segment(month, conversationId)?.rows ?? [];
    const first = rows[0];
    if (first === undefined || toSeq < first.seq) return tables.list(range);
    const held = rows.filter(({ seq }) => seq >= fromSeq && seq <= toSeq);
    if (fromSeq >= first.seq) return newestFirst ? held.slice(-limit) : held.slice(0, limit);
    if (newestFirst && held.length >= limit) return held.slice(-limit);
    const stored = tables.list({ ...range, toSeq: first.seq - 1n, limit: newestFirst ? limit - held.length : limit });
    return newestFirst ? [...stored, ...held] : [...stored, ...held].slice(0, limit);
  }

  const inboxes = {
    append(runs: readonly NewRun[]): boolean[] {
      const refused = new Set<UserId>();
      return runs.map((run) => {
        const isWritten = !refused.has(run.userId) && enterOne(run);
        if (!isWritten) refused.add(run.userId);
        return isWritten;
      });
    },
    heads: (userIds: readonly UserId[]) => userIds.map(head),
    runEnds: (keys: readonly { userId: UserId; conversationId: ConversationId }[]) =>
      keys.map(({ userId, conversationId }) => runAt(userId, conversationId, 2n ** 63n - 1n)?.toSeq ?? null),
    list(userId: UserId, afterSeq: Seq, limit: number): InboxRun[] {
      const held = overlay.inbox(userId);
      const first = held[0];
      const stored = first !== undefined && first.seq <= afterSeq ? [] : tables.listRuns(userId, afterSeq, limit);
      return [...stored.filter(({ seq }) => first === undefined || seq < first.seq), ...held]
        .filter((run) => lastInboxSeq(run) > afterSeq)
        .slice(0, limit);
    },
    runsAt: (keys: readonly { userId: UserId; conversationId: ConversationId; seq: Seq }[]) =>
      keys.map(({ userId, conversationId, seq }) => runAt(userId, conversationId, seq)),
    raiseActivity(activities: readonly Activity[]): void {
      for (const activity of activities) raiseActivity(activity);
    },
    dropActivity(activities: readonly Activity[]): void {
      for (const { userId, conversationId, activeAt: at } of activities) {
        const known = activeAt(userId, conversationId);
        if (known !== null && known <= at) stage({ type: 'active', userId, conversationId, at: null });
      }
    },
    listActive(
      userId: UserId,
      from: ActivityPlace | null,
      limit: number,
      towards: 'end' | 'start' = 'end',
    ): Activity[] {
      const sign = towards === 'end' ? 1 : -1;
      const start = from ?? { activeAt: towards === 'end' ? Number.MAX_SAFE_INTEGER : -1, conversationId: '0' };
      const held = overlay.activeOf(userId) ?? new Map<ConversationId, { value: Millis | null }>();
      const stored = tables.listActive(userId, start, limit + held.size, towards);
      const newer = [...held].flatMap(([conversationId, { value }]) =>
        value === null ? [] : [{ userId, conversationId, activeAt: value }],
      );
      return [...stored.filter(({ conversationId }) => !held.has(conversationId)), ...newer]
        .filter((one) => sign * byActivity(start, one) < 0)
        .sort((a, b) => sign * byActivity(a, b))
        .slice(0, limit);
    },
    ackedSeqs: (devices: readonly { userId: UserId; deviceId: DeviceId }[]) =>
      devices.map(({ userId, deviceId }) => overlay.ackedSeq(userId, deviceId) ?? tables.ackedSeq(userId, deviceId)),
    raiseAckedSeqs(raised: readonly { userId: UserId; deviceId: DeviceId; seq: Seq }[]): void {
      for (const { userId, deviceId, seq } of raised) {
        const [known] = inboxes.ackedSeqs([{ userId, deviceId }]);
        if (seq > (known ?? 0n)) stage({ type: 'acked', userId, deviceId, seq });
      }
    },
  } satisfies Unpromised<InboxStore>;

  return { messageLog, inboxes, receipts: createReceiptState(tables, overlay, stage) };
}
