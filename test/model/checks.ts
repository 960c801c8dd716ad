/** Invariants of a store after any history. Each violation is a sentence. */
import { lastInboxSeq } from '../../src/domain/inbox.ts';
import { monthOf } from '../../src/domain/month.ts';
import { snowflakeTime } from '../../src/domain/snowflake.ts';
import type { MessageRow } from '../../src/stores/message-log.ts';
import { conversation, lateJoinedSeq, members, type World } from './world.ts';

const everything = 2n ** 62n;

export async function findViolations({ truth, answered }: World): Promise<string[]> {
  const found: string[] = [];
  const rows: { month: string; row: MessageRow }[] = [];
  const months = await truth.messageLog.months();
  for (const month of months) {
    const range = { conversationId: conversation.id, month, fromSeq: 0n, toSeq: everything, limit: 10_000 };
    const [list] = await truth.messageLog.list([range]);
    for (const row of list ?? []) rows.push({ month, row });
  }

  // The log, read as a reader does: by following the seals.
  let month: string | null = conversation.firstMonth;
  const reachable = new Set<string>();
  while (month !== null && !reachable.has(month)) {
    reachable.add(month);
    const [tail]: Awaited<ReturnType<typeof truth.messageLog.tails>> = await truth.messageLog.tails([
      { conversationId: conversation.id, month },
    ]);
    if (tail?.seal != null && tail.last !== null && tail.last.seq >= tail.seal.seq)
      found.push(`${month} has messages after its seal`);
    if (tail?.seal != null && tail.seal.next <= month) found.push(`the seal of ${month} does not lead on`);
    month = tail?.seal?.next ?? null;
  }
  for (const { month: at, row } of rows)
    if (!reachable.has(at)) found.push(`message ${row.seq} lies in ${at}, which no seal leads to`);

  const ordered = rows.map(({ row }) => row);
  ordered.forEach((row, index) => {
    if (row.seq !== BigInt(index + 1)) found.push(`message ${index + 1} in order has number ${row.seq}`);
    if (row.ordinal !== BigInt(index + 1)) found.push(`message ${row.seq} has ordinal ${row.ordinal}`);
    const before = ordered[index - 1];
    if (before !== undefined && before.sentAt > row.sentAt) found.push(`sentAt goes back at ${row.seq}`);
  });
  for (const { month: at, row } of rows) {
    if (monthOf(row.sentAt) !== at) found.push(`message ${row.seq} of ${monthOf(row.sentAt)} lies in ${at}`);
    if (monthOf(snowflakeTime(row.id)) > at)
      found.push(`the id of message ${row.seq} is from a later month than ${at}`);
  }
  const keys = new Set(ordered.map(({ key }) => key));
  if (keys.size !== ordered.length) found.push('a send is stored twice');

  for (const { draft, message } of answered) {
    const stored = ordered.find(({ seq }) => seq === message.seq);
    if (stored === undefined || stored.key !== draft.key || stored.id !== message.id) {
      found.push(`${draft.key} was answered SENT as ${message.seq}, and is not there`);
    }
  }
  for (const first of answered) {
    for (const second of answered) {
      const isResend = second.message.id !== second.draft.id;
      if (!isResend && first.answeredAt < second.beganAt && first.message.seq >= second.message.seq) {
        found.push(`${first.draft.key} was answered before ${second.draft.key} began, and comes after it`);
      }
    }
  }

  for (const [index, userId] of members.entries()) {
    const runs = await truth.inboxes.list(userId, 0n, 100_000);
    const joined = index === 2 ? lateJoinedSeq : 0n;
    let nextSeq = 1n;
    let nextMessage = joined + 1n;
    for (const run of runs) {
      if (run.seq !== nextSeq) found.push(`the inbox of ${userId} has ${run.seq} where ${nextSeq} should be`);
      if (run.fromSeq !== nextMessage)
        found.push(`the inbox of ${userId} has message ${run.fromSeq} where ${nextMessage} should be`);
      nextSeq = lastInboxSeq(run) + 1n;
      nextMessage = run.toSeq + 1n;
    }
    const head = BigInt(ordered.length);
    if (head > joined && nextMessage !== head + 1n)
      found.push(`the inbox of ${userId} ends before message ${nextMessage} of ${head}`);
  }
  return found;
}
