/**
 * The message store in memory: the simplest implementation of the ports. Contract suites run against it so that it cannot drift
 * from the real drivers, and model tests use it. All data ends with the process.
 */
import { compareIds } from '../../domain/ids.ts';
import type { InboxRun } from '../../domain/inbox.ts';
import { lastInboxSeq } from '../../domain/inbox.ts';
import type { Month } from '../../domain/month.ts';
import { countReaders, lowestReaders, noPositions, type Positions, raisePositions } from '../../domain/receipt.ts';
import { type Activity, byActivity, type InboxStore, type NewRun } from '../inbox-store.ts';
import type { Append, AppendResult, ChainRecord, MessageLog, MessageRow, RowKey, Seal } from '../message-log.ts';
import type { MessageStore } from '../message-store.ts';
import type { Receipt, ReceiptKey, ReceiptStore } from '../receipt-store.ts';

type Entry = { readonly row: MessageRow } | { readonly seal: Seal };

export function createMemoryMessageStore(): MessageStore {
  return {
    messageLog: createLog(),
    inboxes: createInboxes(),
    receipts: createReceipts(),
    check: async () => {},
    stats: async () => ({ pending: 0, backlog: 0, setAside: 0 }),
    pending: 0,
    [Symbol.asyncDispose]: async () => {},
  };
}

function createLog(): MessageLog {
  const segments = new Map<Month, Map<string, Entry[]>>();
  /** Of messages and seals, by month. */
  const ids = new Map<Month, Set<string>>();

  const chains = new Map<string, ChainRecord>();

  function entries(month: Month, conversationId: string): Entry[] {
    return segments.get(month)?.get(conversationId) ?? [];
  }

  function rowsOf(month: Month): MessageRow[] {
    return [...(segments.get(month)?.values() ?? [])].flat().flatMap((entry) => ('row' in entry ? [entry.row] : []));
  }

  const seqOf = (entry: Entry) => ('row' in entry ? entry.row.seq : entry.seal.seq);

  function add(month: Month, conversationId: string, entry: Entry): void {
    const conversations = segments.get(month) ?? new Map<string, Entry[]>();
    segments.set(month, conversations);
    const list = conversations.get(conversationId) ?? [];
    conversations.set(conversationId, list);
    list.push(entry);
    list.sort((a, b) => (seqOf(a) < seqOf(b) ? -1 : 1));
  }

  function isTaken(month: Month, conversationId: string, seq: bigint): boolean {
    return entries(month, conversationId).some(
      (entry) => seqOf(entry) === seq || ('seal' in entry && entry.seal.seq <= seq),
    );
  }

  function findByKey(month: Month, { conversationId, key }: RowKey): MessageRow | null {
    const found = entries(month, conversationId).find((entry) => 'row' in entry && entry.row.key === key);
    return found !== undefined && 'row' in found ? found.row : null;
  }

  function takeId(month: Month, id: string): boolean {
    const taken = ids.get(month) ?? new Set();
    ids.set(month, taken);
    if (taken.has(id)) return false;
    taken.add(id);
    return true;
  }

  function appendOne(append: Append): AppendResult {
    const { month, conversationId } = append;
    if ('seal' in append) {
      if (isTaken(month, conversationId, append.seal.seq)) return { appended: 0, stoppedBy: { reason: 'seqTaken' } };
      if (!takeId(month, append.seal.id)) return { appended: 0, stoppedBy: { reason: 'idTaken' } };
      add(month, conversationId, { seal: append.seal });
      return { appended: 1 };
    }
    for (const [appended, row] of append.rows.entries()) {
      const existing = findByKey(month, row);
      if (existing !== null) return { appended, stoppedBy: { reason: 'resend', existing } };
      if (isTaken(month, conversationId, row.seq)) return { appended, stoppedBy: { reason: 'seqTaken' } };
      if (!takeId(month, row.id)) return { appended, stoppedBy: { reason: 'idTaken' } };
      add(month, conversationId, { row });
    }
    return { appended: append.rows.length };
  }

  function replace(month: Month, id: string, change: (row: MessageRow) => MessageRow): void {
    for (const list of segments.get(month)?.values() ?? []) {
      const index = list.findIndex((entry) => 'row' in entry && entry.row.id === id);
      const entry = list[index];
      if (entry !== undefined && 'row' in entry) list[index] = { row: change(entry.row) };
    }
  }

  function unfinished(): MessageRow[] {
    const rows = [...segments.keys()].flatMap(rowsOf).filter(({ followed }) => !followed);
    return rows.sort((a, b) => compareIds(a.id, b.id));
  }

  return {
    append: async (appends) => appends.map(appendOne),
    tails: async (keys) =>
      keys.map(({ conversationId, month }) => {
        const found = entries(month, conversationId);
        const last = found.findLast((entry) => 'row' in entry);
        const seal = found.find((entry) => 'seal' in entry);
        return { last: last?.row ?? null, seal: seal?.seal ?? null };
      }),
    chains: async (ids) => ids.map((id) => chains.get(id) ?? null),
    async raiseChains(records) {
      for (const record of records) {
        const known = chains.get(record.conversationId);
        if (known === undefined || known.head.seq < record.head.seq) chains.set(record.conversationId, record);
      }
    },
    firstSeqAt: async (conversationId, month, at) => {
      const found = entries(month, conversationId).find((entry) => 'row' in entry && entry.row.sentAt >= at);
      return found === undefined ? null : seqOf(found);
    },
    list: async (ranges) =>
      ranges.map(({ conversationId, month, fromSeq, toSeq, limit, newestFirst }) => {
        const rows = entries(month, conversationId).flatMap((entry) => ('row' in entry ? [entry.row] : []));
        const found = rows.filter(({ seq }) => seq >= fromSeq && seq <= toSeq);
        return newestFirst === true ? found.slice(-limit) : found.slice(0, limit);
      }),
    findByIds: async (month, ids) => rowsOf(month).filter(({ id }) => ids.includes(id)),
    findByKeys: async (month, keys) => keys.map((key) => findByKey(month, key)),
    months: async () => [...segments.keys()].sort(),
    markFollowed: async (refs) => {
      for (const { month, id } of refs) replace(month, id, (row) => ({ ...row, followed: true }));
    },
    listUnfinished: async (afterId, limit) =>
      unfinished()
        .filter(({ id }) => afterId === null || compareIds(id, afterId) > 0)
        .slice(0, limit),
    countUnfinished: async (limit) => {
      const rows = unfinished();
      return { count: Math.min(rows.length, limit), oldestId: rows[0]?.id ?? null };
    },
  };
}

function createInboxes(): InboxStore {
  const inboxes = new Map<string, InboxRun[]>();
  const acked = new Map<string, bigint>();
  const runsOf = (userId: string) => inboxes.get(userId) ?? [];
  const lastOf = (userId: string, conversationId: string, upTo?: bigint) =>
    runsOf(userId)
      .filter((run) => run.conversationId === conversationId && (upTo === undefined || run.fromSeq <= upTo))
      .sort((a, b) => (a.fromSeq < b.fromSeq ? -1 : 1))
      .at(-1);

  const active = new Map<string, Map<string, number>>();

  function raiseActivity({ userId, conversationId, activeAt }: Activity): void {
    const conversations = active.get(userId) ?? new Map<string, number>();
    active.set(userId, conversations);
    if (activeAt > (conversations.get(conversationId) ?? -1)) conversations.set(conversationId, activeAt);
  }

  function enter({ activeAt, ...run }: NewRun): boolean {
    const runs = runsOf(run.userId);
    const clashes = (other: InboxRun) =>
      other.seq === run.seq || (other.conversationId === run.conversationId && other.fromSeq === run.fromSeq);
    if (runs.some(clashes)) return false;
    inboxes.set(
      run.userId,
      [...runs, run].sort((a, b) => (a.seq < b.seq ? -1 : 1)),
    );
    if (activeAt !== undefined) raiseActivity({ ...run, activeAt });
    return true;
  }

  return {
    append: async (runs) => {
      const refused = new Set<string>();
      return runs.map((run) => {
        const isWritten = !refused.has(run.userId) && enter(run);
        if (!isWritten) refused.add(run.userId);
        return isWritten;
      });
    },
    heads: async (userIds) =>
      userIds.map((userId) => {
        const last = runsOf(userId).at(-1);
        return last === undefined ? 0n : lastInboxSeq(last);
      }),
    runEnds: async (keys) => keys.map(({ userId, conversationId }) => lastOf(userId, conversationId)?.toSeq ?? null),
    list: async (userId, afterSeq, limit) =>
      runsOf(userId)
        .filter((run) => lastInboxSeq(run) > afterSeq)
        .slice(0, limit),
    runsAt: async (keys) => keys.map(({ userId, conversationId, seq }) => lastOf(userId, conversationId, seq) ?? null),
    raiseActivity: async (activities) => activities.forEach(raiseActivity),
    async dropActivity(activities) {
      for (const { userId, conversationId, activeAt } of activities) {
        const known = active.get(userId)?.get(conversationId);
        if (known !== undefined && known <= activeAt) active.get(userId)?.delete(conversationId);
      }
    },
    async listActive(userId, from, limit, towards = 'end') {
      const sign = towards === 'end' ? 1 : -1;
      return [...(active.get(userId) ?? [])]
        .map(([conversationId, activeAt]) => ({ userId, conversationId, activeAt }))
        .filter((one) => from === null || sign * byActivity(from, one) < 0)
        .sort((a, b) => sign * byActivity(a, b))
        .slice(0, limit);
    },
    ackedSeqs: async (devices) => devices.map(({ userId, deviceId }) => acked.get(`${userId}/${deviceId}`) ?? 0n),
    raiseAckedSeqs: async (positions) => {
      for (const { userId, deviceId, seq } of positions) {
        const key = `${userId}/${deviceId}`;
        if (seq > (acked.get(key) ?? 0n)) acked.set(key, seq);
      }
    },
  };
}

function createReceipts(): ReceiptStore {
  const stored = new Map<string, Positions>();
  const keyOf = ({ conversationId, userId }: ReceiptKey) => `${conversationId}/${userId}`;
  const get = (key: ReceiptKey) => stored.get(keyOf(key)) ?? noPositions;

  function raise({ conversationId, userId, deliveredSeq, readSeq }: Receipt): { before: Positions; after: Positions } {
    const before = get({ conversationId, userId });
    const after = raisePositions(before, { deliveredSeq, readSeq });
    stored.set(keyOf({ conversationId, userId }), after);
    return { before, after };
  }

  return {
    raise: async (receipts) => receipts.map(raise),
    async raiseSent(sent) {
      for (const { seq, ...key } of sent) raise({ ...key, deliveredSeq: seq, readSeq: seq });
    },
    get: async (keys) => keys.map(get),
    counts: async (conversationId, readers, messages) =>
      countReaders(readers, (userId) => get({ conversationId, userId }), messages),
    lowest: async (conversationId, readers) => lowestReaders(readers, (userId) => get({ conversationId, userId })),
  };
}
