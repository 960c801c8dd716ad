/** Invariants after any history of sends, deliveries and membership changes. Each violation is a sentence. */
import { userKey } from '../../src/domain/entry-key.ts';
import type { ConversationId, Seq, UserId } from '../../src/domain/ids.ts';
import { lastInboxSeq } from '../../src/domain/inbox.ts';
import { decodeBody } from '../../src/domain/message.ts';
import { type Month, monthOf } from '../../src/domain/month.ts';
import { snowflakeTime } from '../../src/domain/snowflake.ts';
import type { MessageRow } from '../../src/stores/message-log.ts';
import type { DeliveryWorld, Send } from './delivery-world.ts';
import { userIds } from './delivery-world.ts';
import { messageKey } from './device.ts';
import { findReceiptViolations } from './receipt-checks.ts';

type Truth = DeliveryWorld['truth'];

/** A conversation's rows in the order of its segments and numbers, and the violations in them. */
async function readLog(
  { truth, latestMs }: DeliveryWorld,
  id: ConversationId,
  firstMonth: Month,
  found: string[],
): Promise<MessageRow[]> {
  const rows: MessageRow[] = [];
  const months = await truth.messageLog.months();
  const reachable = new Set<Month>();
  for (let month: Month | null = firstMonth; month !== null; ) {
    reachable.add(month);
    if (month > monthOf(latestMs)) found.push(`${id} is in ${month}, which has not come`);
    const range = { conversationId: id, month, fromSeq: 0n, toSeq: 2n ** 62n, limit: 10_000 };
    const [inMonth] = await truth.messageLog.list([range]);
    const [tail] = await truth.messageLog.tails([{ conversationId: id, month }]);
    for (const row of inMonth ?? []) {
      const name = messageKey(id, row.seq);
      if (row.sentAt > latestMs) found.push(`${name} is of ${new Date(row.sentAt).toISOString()}, which has not come`);
      if (monthOf(row.sentAt) !== month) found.push(`${name} of ${monthOf(row.sentAt)} lies in ${month}`);
      if (monthOf(snowflakeTime(row.id)) > month) found.push(`the id of ${name} is from a later month than ${month}`);
      rows.push(row);
    }
    const seal = tail?.seal ?? null;
    if (seal !== null && (tail?.last?.seq ?? 0n) >= seal.seq)
      found.push(`${id} has messages after the seal of ${month}`);
    if (seal !== null && seal.seq !== BigInt(rows.length) + 1n)
      found.push(`the seal of ${month} in ${id} is at ${seal.seq}`);
    if (seal !== null && seal.next <= month) found.push(`the seal of ${month} in ${id} does not lead on`);
    month = seal !== null && seal.next > month ? seal.next : null;
  }
  for (const month of months) {
    const [tail] = await truth.messageLog.tails([{ conversationId: id, month }]);
    const isEmpty = tail === undefined || (tail.last === null && tail.seal === null);
    if (!isEmpty && !reachable.has(month)) found.push(`${id} uses ${month}, to which no seal leads`);
  }
  return rows;
}

function checkOrder(id: ConversationId, rows: readonly MessageRow[], found: string[]): void {
  let ordinal = 0n;
  const keys = new Set<string>();
  rows.forEach((row, index) => {
    if (row.kind === 'USER') ordinal += 1n;
    if (row.seq !== BigInt(index) + 1n) found.push(`message ${index + 1} of ${id} has number ${row.seq}`);
    if (row.ordinal !== ordinal) found.push(`${messageKey(id, row.seq)} has ordinal ${row.ordinal}, not ${ordinal}`);
    const before = rows[index - 1];
    if (before !== undefined && before.sentAt > row.sentAt)
      found.push(`sentAt goes back at ${messageKey(id, row.seq)}`);
    if (keys.has(row.key)) found.push(`${row.key} is stored twice in ${id}`);
    keys.add(row.key);
  });
}

function checkSends(
  sends: readonly Send[],
  logs: ReadonlyMap<ConversationId, readonly MessageRow[]>,
  found: string[],
): void {
  const keyOf = (send: Send) => userKey(send.senderId, send.clientMessageId);
  const rowsOf = (send: Send) => logs.get(send.conversationId)?.filter(({ key }) => key === keyOf(send)) ?? [];
  for (const send of sends) {
    const name = `${send.clientMessageId} “${send.text}”`;
    if (send.errorCode === 'ID_CONFLICT') {
      const isOther = rowsOf(send).some((row) => decodeBody(row.body).text !== send.text);
      if (!isOther) found.push(`${name} is refused as ID_CONFLICT, and there is no other`);
    }
    if (send.answer === null) continue;
    const { message } = send.answer;
    const row = logs.get(send.conversationId)?.[Number(message.seq) - 1];
    const isThere = row !== undefined && row.id === message.id && row.key === keyOf(send);
    if (!isThere) found.push(`${name} was answered SENT as ${message.seq}, and is not there`);
    else if (decodeBody(row.body).text !== send.text) found.push(`${name} was answered SENT with another text`);
    else if (row.sentAt !== message.sentAt || row.ordinal !== message.ordinal)
      found.push(`${name} was answered SENT as other than it is stored`);
  }
  for (const first of sends) {
    for (const second of sends) {
      if (first.answer === null || second.answer === null || first.conversationId !== second.conversationId) continue;
      // A repeated send has the place of the first of its kind.
      const isRepeat = sends.some(
        (one) => one.clientMessageId === second.clientMessageId && one.beganAt < second.beganAt,
      );
      const isLater = first.answer.at < second.beganAt;
      if (!isRepeat && isLater && first.answer.message.seq >= second.answer.message.seq)
        found.push(`${first.clientMessageId} was answered before ${second.clientMessageId} began, and comes after it`);
    }
  }
}

interface Stay {
  readonly userId: UserId;
  readonly fromSeq: Seq;
  toSeq: Seq | null;
}

/** Who was in a group when, as its log says. */
function readStays(rows: readonly MessageRow[]): Stay[] {
  const stays: Stay[] = [];
  const current = (userId: UserId) => stays.find((stay) => stay.userId === userId && stay.toSeq === null);
  for (const row of rows) {
    const { systemEvent } = decodeBody(row.body);
    const isRemoval = systemEvent?.kind === 'MEMBERS_REMOVED' || systemEvent?.kind === 'MEMBER_LEFT';
    for (const userId of systemEvent?.userIds ?? []) {
      const stay = current(userId);
      if (isRemoval && stay !== undefined) stay.toSeq = row.seq;
      else if (!isRemoval && stay === undefined) stays.push({ userId, fromSeq: row.seq, toSeq: null });
    }
  }
  return stays;
}

export async function findDeliveryViolations(world: DeliveryWorld): Promise<string[]> {
  const { truth, devices, sends } = world;
  const found = [...world.complaints, ...devices.flatMap(({ complaints }) => complaints)];
  const logs = new Map<ConversationId, MessageRow[]>();
  const stays = new Map<ConversationId, Stay[]>();
  for (const state of await truth.conversations.get(world.conversationIds)) {
    if (state === null) continue;
    const { id, firstMonth, kind } = state.conversation;
    const rows = await readLog(world, id, firstMonth, found);
    checkOrder(id, rows, found);
    logs.set(id, rows);
    const members = await truth.conversations.listStays(id, 0n);
    stays.set(
      id,
      kind === 'GROUP' ? readStays(rows) : members.map(({ userId }) => ({ userId, fromSeq: 1n, toSeq: null })),
    );
    if (kind === 'GROUP') checkMembers(members, stays.get(id) ?? [], found);
    else await checkContacts(truth, state.pair, rows, found);
  }
  checkSends(sends, logs, found);
  for (const [id, rows] of logs) checkSenders(id, rows, stays.get(id) ?? [], found);
  for (const violation of await findReceiptViolations(world, logs)) found.push(violation);
  const maySee = (userId: UserId, id: ConversationId, seq: Seq) =>
    (stays.get(id) ?? []).some(
      (stay) => stay.userId === userId && seq >= stay.fromSeq && (stay.toSeq === null || seq <= stay.toSeq),
    );

  for (const userId of userIds) {
    const entries = new Map<Seq, string[]>();
    const ends = new Map<ConversationId, Seq>();
    let nextSeq = 1n;
    for (const run of await truth.inboxes.list(userId, 0n, 100_000)) {
      const what = `the inbox of ${userId}`;
      if (run.seq !== nextSeq) found.push(`${what} has ${run.seq} where ${nextSeq} should be`);
      nextSeq = lastInboxSeq(run) + 1n;
      if (run.fromSeq <= (ends.get(run.conversationId) ?? 0n))
        found.push(`${what} goes back to ${run.fromSeq} at ${run.seq}`);
      ends.set(run.conversationId, run.toSeq);
      for (let seq = run.fromSeq; seq <= run.toSeq; seq += 1n) {
        const number = run.truncated ? run.seq : run.seq + (seq - run.fromSeq);
        const key = messageKey(run.conversationId, seq);
        entries.set(number, [...(entries.get(number) ?? []), key]);
        if (!maySee(userId, run.conversationId, seq)) found.push(`${what} has ${key}, which is not for them`);
        if (logs.get(run.conversationId)?.[Number(seq) - 1] === undefined)
          found.push(`${what} has ${key}, which is not there`);
      }
    }
    const entered = new Set([...entries.values()].flat());
    for (const [id, list] of stays) {
      for (const stay of list.filter((one) => one.userId === userId)) {
        const toSeq = stay.toSeq ?? BigInt(logs.get(id)?.length ?? 0);
        for (let seq = stay.fromSeq; seq <= toSeq; seq += 1n)
          if (!entered.has(messageKey(id, seq))) found.push(`the inbox of ${userId} lacks ${messageKey(id, seq)}`);
      }
    }
    for (const device of devices.filter(({ viewer }) => viewer.userId === userId)) {
      if (device.position !== nextSeq - 1n) found.push(`${device.name} ends at ${device.position} of ${nextSeq - 1n}`);
      for (const { what, afterSeq, seq, seen } of device.claims)
        for (let number = afterSeq + 1n; number <= seq; number += 1n)
          for (const key of entries.get(number) ?? ['a number that is not there'])
            if (!seen.has(key)) found.push(`${what} from ${afterSeq} to ${seq} left out ${number}: ${key}`);
      for (const { conversationId, seqs } of device.histories) {
        const [first = 1n, last = 0n] = [seqs[0], seqs.at(-1)];
        for (let seq = first; seq <= last; seq += 1n)
          if (maySee(userId, conversationId, seq) && !seqs.includes(seq))
            found.push(
              `a history of ${device.name} from ${first} to ${last} left out ${messageKey(conversationId, seq)}`,
            );
      }
      for (const message of device.messages) {
        const key = messageKey(message.conversationId, message.seq);
        if (!maySee(userId, message.conversationId, message.seq)) found.push(`${device.name} was shown ${key}`);
        const row = logs.get(message.conversationId)?.[Number(message.seq) - 1];
        if (row?.id !== message.id || decodeBody(row.body).text !== message.body.text)
          found.push(`${device.name} was shown another message than ${key}`);
      }
    }
  }
  return [...new Set(found)];
}

/** Two users are contacts exactly if both have sent a message in their direct conversation. */
async function checkContacts(
  truth: Truth,
  pair: readonly UserId[],
  rows: readonly MessageRow[],
  found: string[],
): Promise<void> {
  const [one = '', other = ''] = pair;
  const haveSent = pair.every((userId) => rows.some(({ senderId }) => senderId === userId));
  const areContacts = (await truth.conversations.findContacts(one, [other])).length > 0;
  if (haveSent !== areContacts)
    found.push(
      `${one} and ${other} ${haveSent ? 'have both sent, and are not' : 'have not both sent, and are'} contacts`,
    );
}

/** Only a member writes, and changes the members: judged by the entry before. The first entry brings the first members. */
function checkSenders(id: ConversationId, rows: readonly MessageRow[], stays: readonly Stay[], found: string[]): void {
  let membershipSeq = 0n;
  const changes = new Set<string>();
  for (const { seq, kind, key, senderId, membershipSeq: version } of rows) {
    const isMember = (stay: Stay) =>
      stay.userId === senderId && seq >= stay.fromSeq && (stay.toSeq === null || seq <= stay.toSeq);
    if (!stays.some(isMember)) found.push(`${senderId} wrote ${messageKey(id, seq)}, and is no member there`);
    if (kind === 'SYSTEM') {
      membershipSeq = seq;
      if (changes.has(key)) found.push(`${key} is in ${id} twice`);
      changes.add(key);
    }
    if (version !== membershipSeq) found.push(`${messageKey(id, seq)} names ${version}, not ${membershipSeq}`);
  }
}

function checkMembers(
  members: readonly { userId: UserId; joinedSeq: Seq; leftSeq: Seq | null }[],
  stays: readonly Stay[],
  found: string[],
): void {
  const stored = members.map(({ userId, joinedSeq, leftSeq }) => `${userId} from ${joinedSeq + 1n} to ${leftSeq}`);
  const logged = stays.map(({ userId, fromSeq, toSeq }) => `${userId} from ${fromSeq} to ${toSeq}`);
  for (const stay of stored) if (!logged.includes(stay)) found.push(`the log knows nothing of ${stay}`);
  for (const stay of logged) if (!stored.includes(stay)) found.push(`the directory knows nothing of ${stay}`);
}
