/**
 * Reads the tables, without operations that are only in the journal. Returns ids as decimal strings. The known months are those of
 * the last `refreshMonths` or `appliedId`; a month that was created later reads as empty.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { kindOfCode, sealCode } from '../../domain/entry-kinds.ts';
import type { ConversationId, DeviceId, MessageId, Millis, Seq, UserId } from '../../domain/ids.ts';
import type { InboxRun } from '../../domain/inbox.ts';
import { type Month, segmentName } from '../../domain/month.ts';
import { noPositions, type Positions } from '../../domain/receipt.ts';
import type { Activity, ActivityPlace } from '../inbox-store.ts';
import type { LogRange, MessageRow, RowKey, Seal, SegmentTail } from '../message-log.ts';
import { createStatements } from '../sqlite-file/database.ts';
import { listMonths, messageColumns } from './tables.ts';

type Row = Record<string, SQLInputValue>;

export type TableReader = ReturnType<typeof createTableReader>;

export function createTableReader(database: DatabaseSync) {
  const statement = createStatements(database);
  let months = new Set(listMonths(database));

  const select = (month: Month, rest: string) =>
    statement(`SELECT ${messageColumns.join(', ')} FROM ${segmentName(month)} WHERE ${rest}`);

  function seqWhere(sql: string, ...values: SQLInputValue[]): Seq | null {
    // biome-ignore lint/plugin: as many as the statement has places
    const row = statement(sql).get(...values) as { seq: bigint | null } | undefined;
    return row?.seq ?? null;
  }

  /** Finds months that the mover has created. */
  function refreshMonths(): void {
    months = new Set(listMonths(database));
  }

  return {
    /** The number of the last journal row in the tables. The months of all rows up to it are known afterwards. */
    appliedId(): number {
      const row = statement('SELECT journal_id FROM applied').get() as { journal_id: bigint };
      refreshMonths();
      return Number(row.journal_id);
    },
    months: () => [...months].sort(),
    refreshMonths,
    tail(conversationId: ConversationId, month: Month): SegmentTail {
      if (!months.has(month)) return { last: null, seal: null };
      const rows = select(month, 'conversation_id = ? ORDER BY seq DESC LIMIT 2').all(BigInt(conversationId)) as Row[];
      const seal = rows[0] !== undefined && isSeal(rows[0]) ? toSeal(rows[0]) : null;
      const last = rows.find((row) => !isSeal(row));
      return { last: last === undefined ? null : toMessageRow(last), seal };
    },
    hasSeq(conversationId: ConversationId, month: Month, seq: Seq): boolean {
      if (!months.has(month)) return false;
      const sql = `SELECT seq FROM ${segmentName(month)} WHERE conversation_id = ? AND seq = ?`;
      return seqWhere(sql, BigInt(conversationId), seq) !== null;
    },
    list({ conversationId, month, fromSeq, toSeq, limit, newestFirst }: LogRange): MessageRow[] {
      if (!months.has(month) || toSeq < fromSeq) return [];
      const order = newestFirst === true ? 'DESC' : 'ASC';
      const rest = `conversation_id = ? AND seq BETWEEN ? AND ? AND kind <> ${sealCode} ORDER BY seq ${order} LIMIT ?`;
      const rows = (select(month, rest).all(BigInt(conversationId), fromSeq, toSeq, limit) as Row[]).map(toMessageRow);
      return newestFirst === true ? rows.reverse() : rows;
    },
    /** Bisects over `seq`, along which `sentAt` never decreases. An index on `sentAt` would slow down every insert. */
    firstSeqAt(conversationId: ConversationId, month: Month, at: Millis): Seq | null {
      if (!months.has(month)) return null;
      const name = segmentName(month);
      const where = `FROM ${name} WHERE conversation_id = ? AND kind <> ${sealCode}`;
      let low = seqWhere(`SELECT min(seq) AS seq ${where}`, BigInt(conversationId));
      const last = seqWhere(`SELECT max(seq) AS seq ${where}`, BigInt(conversationId));
      if (low === null || last === null) return null;
      let high = last + 1n;
      while (low < high) {
        const middle: Seq = (low + high) / 2n;
        const row = statement(`SELECT sent_at FROM ${name} WHERE conversation_id = ? AND seq = ?`).get(
          BigInt(conversationId),
          middle,
        ) as { sent_at: bigint } | undefined;
        if (row !== undefined && row.sent_at >= BigInt(Math.ceil(at))) high = middle;
        else low = middle + 1n;
      }
      return low > last ? null : low;
    },
    findById(month: Month, id: MessageId): MessageRow | null {
      if (!months.has(month)) return null;
      const row = select(month, `id = ? AND kind <> ${sealCode}`).get(BigInt(id)) as Row | undefined;
      return row === undefined ? null : toMessageRow(row);
    },
    /** Whether a message or a seal has this id. */
    hasId(month: Month, id: MessageId): boolean {
      return months.has(month) && select(month, 'id = ?').get(BigInt(id)) !== undefined;
    },
    /** The highest id of the month's messages and seals. */
    newestId(month: Month): bigint | null {
      return months.has(month) ? seqWhere(`SELECT max(id) AS seq FROM ${segmentName(month)}`) : null;
    },
    findByKey(month: Month, { conversationId, key }: RowKey): MessageRow | null {
      if (!months.has(month)) return null;
      const row = select(month, 'conversation_id = ? AND key = ?').get(BigInt(conversationId), key);
      return row === undefined ? null : toMessageRow(row as Row);
    },
    listUnfinished(month: Month, afterId: MessageId, limit: number): MessageRow[] {
      if (!months.has(month)) return [];
      const rest = 'followed = 0 AND id > ? ORDER BY id LIMIT ?';
      return (select(month, rest).all(BigInt(afterId), limit) as Row[]).map(toMessageRow);
    },
    /** The ids of those messages, from the lowest. */
    listUnfinishedIds(month: Month, limit: number): MessageId[] {
      if (!months.has(month)) return [];
      const sql = `SELECT id FROM ${segmentName(month)} WHERE followed = 0 ORDER BY id LIMIT ?`;
      return (statement(sql).all(limit) as Row[]).map(({ id }) => String(id));
    },
    lastRun(userId: UserId): InboxRun | null {
      return firstRun(
        statement(`SELECT * FROM inbox_run WHERE user_id = ? ORDER BY seq DESC LIMIT 1`).get(BigInt(userId)),
      );
    },
    /** The last run of a conversation that begins at or before `seq`. */
    runAt(userId: UserId, conversationId: ConversationId, seq: Seq): InboxRun | null {
      const sql = `SELECT * FROM inbox_run WHERE user_id = ? AND conversation_id = ? AND from_seq <= ?
        ORDER BY from_seq DESC LIMIT 1`;
      return firstRun(statement(sql).get(BigInt(userId), BigInt(conversationId), seq));
    },
    /** Runs that begin after `afterSeq` and the one that covers it, ascending. */
    listRuns(userId: UserId, afterSeq: Seq, limit: number): InboxRun[] {
      const covering = firstRun(
        statement('SELECT * FROM inbox_run WHERE user_id = ? AND seq <= ? ORDER BY seq DESC LIMIT 1').get(
          BigInt(userId),
          afterSeq,
        ),
      );
      const later = statement('SELECT * FROM inbox_run WHERE user_id = ? AND seq > ? ORDER BY seq LIMIT ?').all(
        BigInt(userId),
        afterSeq,
        limit,
      );
      return [...(covering === null ? [] : [covering]), ...(later as Row[]).map(toRun)];
    },
    positions(conversationId: ConversationId, userId: UserId): Positions {
      const sql = 'SELECT delivered_seq, read_seq FROM receipt WHERE conversation_id = ? AND user_id = ?';
      const row = statement(sql).get(BigInt(conversationId), BigInt(userId)) as Row | undefined;
      if (row === undefined) return noPositions;
      return { deliveredSeq: row.delivered_seq as bigint, readSeq: row.read_seq as bigint };
    },
    activeAt(userId: UserId, conversationId: ConversationId): Millis | null {
      const row = statement('SELECT active_at FROM active WHERE user_id = ? AND conversation_id = ?').get(
        BigInt(userId),
        BigInt(conversationId),
      );
      return row === undefined ? null : Number(row.active_at);
    },
    /** Two intervals of the index, because a comparison of pairs would not use all of it. */
    listActive(
      userId: UserId,
      { activeAt, conversationId }: ActivityPlace,
      limit: number,
      towards: 'end' | 'start',
    ): Activity[] {
      const [beyond, order] = towards === 'end' ? ['<', 'DESC'] : ['>', 'ASC'];
      const select = 'SELECT conversation_id, active_at FROM active WHERE user_id = ?';
      const rest = `ORDER BY active_at ${order}, conversation_id ${order} LIMIT ?`;
      const same = statement(`${select} AND active_at = ? AND conversation_id ${beyond} ? ${rest}`).all(
        BigInt(userId),
        activeAt,
        BigInt(conversationId),
        limit,
      );
      const further = statement(`${select} AND active_at ${beyond} ? ${rest}`).all(BigInt(userId), activeAt, limit);
      return [...same, ...further].slice(0, limit).map((row) => ({
        userId,
        conversationId: String(row.conversation_id),
        activeAt: Number(row.active_at),
      }));
    },
    ackedSeq(userId: UserId, deviceId: DeviceId): Seq {
      return (
        seqWhere('SELECT seq FROM acked WHERE user_id = ? AND device_id = ?', BigInt(userId), BigInt(deviceId)) ?? 0n
      );
    },
  };
}

function isSeal({ kind }: Row): boolean {
  return Number(kind) === sealCode;
}

function toMessageRow(row: Row): MessageRow {
  return {
    id: String(row.id),
    conversationId: String(row.conversation_id),
    seq: row.seq as bigint,
    ordinal: row.ordinal as bigint,
    membershipSeq: row.membership_seq as bigint,
    kind: kindOfCode(Number(row.kind)),
    senderId: String(row.sender_id),
    key: row.key as string,
    body: row.body as string,
    sentAt: Number(row.sent_at),
    followed: row.followed === 1n,
  };
}

function toSeal(row: Row): Seal {
  return {
    id: String(row.id),
    conversationId: String(row.conversation_id),
    seq: row.seq as bigint,
    next: row.body as string,
  };
}

function toRun(row: Row): InboxRun {
  return {
    userId: String(row.user_id),
    seq: row.seq as bigint,
    conversationId: String(row.conversation_id),
    fromSeq: row.from_seq as bigint,
    toSeq: row.to_seq as bigint,
    truncated: row.truncated === 1n,
  };
}

function firstRun(row: unknown): InboxRun | null {
  return row === undefined ? null : toRun(row as Row);
}
