/**
 * Upgrades files of format 1 to format 2. In format 2, a message's unique key begins with its conversation, every message has the
 * number of the membership entry that it was written under, and the column `fanned_out` is called `followed`.
 *
 * Each month is rebuilt in its own transaction, so an interrupted upgrade continues with the remaining months.
 */
import type { DatabaseSync } from 'node:sqlite';
import { serverKey, serverKeyPrefix, userKey } from '../../domain/entry-key.ts';
import { entryKinds } from '../../domain/entry-kinds.ts';
import type { ConversationId } from '../../domain/ids.ts';
import { type Month, segmentName } from '../../domain/month.ts';
import { createMonth, listMonths } from './tables.ts';

const systemCode = entryKinds.SYSTEM.code;

/** Rebuilds the months of `messages.db` that are still in format 1. */
export function upgradeTables(database: DatabaseSync): void {
  listMembershipEntries(database);
  for (const month of listMonths(database)) if (isOfFormat1(database, month)) rebuildMonth(database, month);
  database.exec('DROP TABLE temp.membership_entry');
}

/** In format 1 every SYSTEM message was a change of membership. */
function listMembershipEntries(database: DatabaseSync): void {
  database.exec(`CREATE TEMP TABLE membership_entry (
    conversation_id INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (conversation_id, seq)) WITHOUT ROWID`);
  for (const month of listMonths(database)) {
    database.exec(`INSERT INTO temp.membership_entry
      SELECT conversation_id, seq FROM ${segmentName(month)} WHERE kind = ${systemCode}`);
  }
}

function isOfFormat1(database: DatabaseSync, month: Month): boolean {
  const columns = database.prepare('SELECT name FROM pragma_table_info(?)').all(segmentName(month));
  return columns.some(({ name }) => name === 'client_message_id');
}

function rebuildMonth(database: DatabaseSync, month: Month): void {
  const name = segmentName(month);
  const old = `format_1_${name}`;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const index of ['seq', 'sender', 'unfinished']) database.exec(`DROP INDEX ${name}_${index}`);
    database.exec(`ALTER TABLE ${name} RENAME TO ${old}`);
    createMonth(database, month);
    // A seal has no sender, and therefore no key.
    database.exec(`
      INSERT INTO ${name} SELECT id, conversation_id, seq, ordinal,
        coalesce((SELECT max(entry.seq) FROM temp.membership_entry entry
          WHERE entry.conversation_id = old.conversation_id AND entry.seq <= old.seq), 0),
        kind, sender_id,
        CASE kind WHEN ${systemCode} THEN '${serverKeyPrefix}' ELSE sender_id || ':' END || client_message_id,
        body, sent_at, fanned_out
      FROM ${old} old ORDER BY id;
      DROP TABLE ${old};
      COMMIT`);
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Positions of the fields of a message in a journal row of format 1: `m`, month, id, conversation, number, ordinal, kind, sender, client id, … */
const place = { conversationId: 3, seq: 4, kind: 6, senderId: 7, clientMessageId: 8 } as const;
const format1Length = 11;

/**
 * Rewrites the rows of `journal.db` that are not in the tables yet. All or nothing.
 *
 * @param messages - `messages.db`, upgraded
 */
export function upgradeJournal(journal: DatabaseSync, messages: DatabaseSync): void {
  const applied = messages.prepare('SELECT journal_id FROM applied').get()?.journal_id as number;
  const membershipSeqs = new Map<ConversationId, string>();
  const update = journal.prepare('UPDATE journal SET entry = ? WHERE id = ?');
  journal.exec('BEGIN IMMEDIATE');
  try {
    for (const { id, entry } of journal
      .prepare('SELECT id, entry FROM journal WHERE id > ? ORDER BY id')
      .all(applied)) {
      const operations = JSON.parse(entry as string) as (string | number)[][];
      for (const operation of operations)
        if (operation[0] === 'm' && operation.length === format1Length) upgradeMessage(operation);
      update.run(JSON.stringify(operations), id as number);
    }
    journal.exec('COMMIT');
  } catch (error) {
    if (journal.isTransaction) journal.exec('ROLLBACK');
    throw error;
  }

  function upgradeMessage(operation: (string | number)[]): void {
    const text = (index: number) => operation[index] as string;
    const conversationId = text(place.conversationId);
    const isSystem = operation[place.kind] === systemCode;
    if (isSystem) membershipSeqs.set(conversationId, text(place.seq));
    operation[place.clientMessageId] = isSystem
      ? serverKey(text(place.clientMessageId))
      : userKey(text(place.senderId), text(place.clientMessageId));
    operation.push(membershipSeqOf(conversationId));
  }

  function membershipSeqOf(conversationId: ConversationId): string {
    let seq = membershipSeqs.get(conversationId);
    if (seq === undefined) {
      const newest = listMonths(messages).map((month) =>
        messages
          .prepare(`SELECT max(membership_seq) AS seq FROM ${segmentName(month)} WHERE conversation_id = ?`)
          .get(BigInt(conversationId)),
      );
      seq = String(newest.reduce((max, row) => Math.max(max, Number(row?.seq ?? 0)), 0));
      membershipSeqs.set(conversationId, seq);
    }
    return seq;
  }
}
