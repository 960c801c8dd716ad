/**
 * Writes batches of drafts: one append for many conversations, one batch of each at a time.
 *
 * A batch is in one of these states:
 * - in a group: it waits for nothing but the store, and shares its appends with others;
 * - alone: its head was out of date, or its senders cannot be checked in memory. It goes on by itself, so that the group does
 *   not wait for it;
 * - done: each of its drafts was answered or refused.
 *
 * Invariants
 * - Nothing happens between the check of a batch's senders and the choice of its numbers: both are about the same head.
 * - An append ends with the first entry that changes the members. The drafts behind it are checked against the new list.
 * - A sender is refused only after the tail of the conversation was read.
 */
import { entryKinds } from '../../domain/entry-kinds.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ConversationId, MessageId, Millis } from '../../domain/ids.ts';
import type { Draft, Message } from '../../domain/message.ts';
import { type Month, monthOf, monthStart } from '../../domain/month.ts';
import { snowflakeTime } from '../../domain/snowflake.ts';
import type { TrustedClock } from '../../domain/trusted-clock.ts';
import type { Append, AppendResult, MessageLog, MessageRow } from '../../stores/message-log.ts';
import { draftsOfOthers, type Membership, membersAmongSenders } from './admission.ts';
import type { ChainCache } from './chain-cache.ts';
import type { UnsentBatch, Waiting } from './draft-batch.ts';
import type { Followers } from './followers.ts';
import type { RecentMessages } from './recent-messages.ts';
import { answerRepeat, answerSealedResends, hasUnaskedSegments } from './resends.ts';
import { openSegment } from './segment-chain.ts';

export interface BatchWriterSettings {
  /** How often one batch is tried in vain, against other writers, before it is given up as UNAVAILABLE. */
  readonly attemptsMax: number;
}

export type BatchWriter = ReturnType<typeof createBatchWriter>;

export function createBatchWriter(ports: {
  log: MessageLog;
  clock: TrustedClock;
  newId: () => MessageId;
  membership: Membership;
  chains: ChainCache;
  recent: RecentMessages;
  followers: Followers;
  /** Called when a batch is done. */
  onDone: (id: ConversationId) => void;
  settings: BatchWriterSettings;
}) {
  const { log, clock, newId, membership, chains, recent, followers, onDone, settings } = ports;
  const resendPorts = { log, clock, onRepeat };

  /** Writes batches of different conversations. Resolves when those that are not done go on alone; never rejects. */
  async function writeGroup(batches: readonly UnsentBatch[]): Promise<void> {
    let group = [...batches];
    try {
      while (group.length > 0) {
        await answerSealedResends(resendPorts, group);
        group = takeOut(group, ({ waiting }) => waiting.length === 0, finish);
        // From here to the append nothing waits: each head is the one that the senders were checked for.
        group = takeOut(group, (batch) => !isAdmitted(batch), leaveGroup);
        if (group.length === 0) return;
        const stale = await append(group);
        group = takeOut(group, (batch) => stale.has(batch), leaveGroup);
      }
    } catch (error) {
      for (const batch of group) fail(batch, error);
    }
  }

  function leaveGroup(batch: UnsentBatch): void {
    void writeAlone(batch);
  }

  /** Writes one batch, and waits as long as necessary. Never rejects. */
  async function writeAlone(batch: UnsentBatch): Promise<void> {
    const { chain } = batch;
    try {
      for (;;) {
        if (batch.isStale) await readTail(batch);
        await answerSealedResends(resendPorts, [batch]);
        if (batch.waiting.length === 0) return finish(batch);
        const { membershipSeq } = chain.head;
        const members = await membersAmongSenders(membership, batch);
        // A reader may have met a change of members meanwhile, or a seal. In the segment before it nobody has looked for resends.
        if (chain.head.membershipSeq !== membershipSeq || hasUnaskedSegments(batch)) {
          countAttempt(batch);
          continue;
        }
        const others = draftsOfOthers(batch, members);
        if (others.length === 0) await append([batch]);
        else if (batch.isTailRead) await refuse(batch, others);
        else batch.isStale = true;
      }
    } catch (error) {
      fail(batch, error);
    }
  }

  /** @throws DomainError `UNAVAILABLE`: the batch was tried too often */
  function countAttempt(batch: UnsentBatch): void {
    batch.attempts += 1;
    if (batch.attempts > settings.attemptsMax) throw new DomainError('UNAVAILABLE', 'Too many concurrent writers.');
  }

  /** The same without an error: a batch that may not go on leaves its group, which has other answers to take in, and is given up alone. */
  function mayGoOn(batch: UnsentBatch): boolean {
    batch.attempts += 1;
    return batch.attempts <= settings.attemptsMax;
  }

  async function readTail(batch: UnsentBatch): Promise<void> {
    countAttempt(batch);
    await chains.refresh(batch);
    batch.isStale = false;
    batch.isTailRead = true;
  }

  /** Whether a batch can be written at once, as far as its senders are concerned. */
  function isAdmitted(batch: UnsentBatch): boolean {
    const members = membersAmongSenders(membership, batch);
    if (!(members instanceof Promise)) return draftsOfOthers(batch, members).length === 0;
    // It is asked again alone, where it can wait.
    members.catch(() => {});
    return false;
  }

  /** Refuses drafts whose senders are not members, unless they were stored before. */
  async function refuse(batch: UnsentBatch, drafts: readonly Waiting[]): Promise<void> {
    const found = await log.findByKeys(
      openSegment(batch.chain).month,
      drafts.map(({ draft }) => draft),
    );
    batch.waiting = batch.waiting.filter((one) => !drafts.includes(one));
    drafts.forEach((one, index) => {
      const row = found[index];
      if (row != null) answerRepeat(one, row, onRepeat);
      else one.reject(new DomainError('FORBIDDEN', 'You are no longer a member of this conversation.'));
    });
  }

  function finish({ conversation }: UnsentBatch): void {
    onDone(conversation.id);
  }

  /** Gives a batch up. The outcome of an append without an answer is unknown: its rows are looked for, to be followed, too. */
  function fail(batch: UnsentBatch, error: unknown): void {
    const { conversation, waiting, unansweredMonth: month } = batch;
    chains.noteDoubt(conversation.id);
    if (month !== null) {
      followers.onUnanswered(waiting.map(({ draft }) => ({ month, conversationId: conversation.id, key: draft.key })));
    }
    for (const { reject } of waiting) reject(error);
    finish(batch);
  }

  /** A repeated draft may be the first sign that its message is stored. */
  function onRepeat(row: MessageRow): void {
    if (!row.followed) void followers.catchUp([row]);
  }

  /** Appends the next drafts of each batch. Resolves to the batches whose head was out of date. */
  async function append(batches: readonly UnsentBatch[]): Promise<ReadonlySet<UnsentBatch>> {
    const appends = batches.map(prepare);
    for (const [index, batch] of batches.entries()) batch.unansweredMonth = (appends[index] as Append).month;
    const results = await log.append(appends);
    batches.forEach((batch, index) => {
      batch.unansweredMonth = null;
      batch.isStale = !settle(batch, appends[index] as Append, results[index] as AppendResult);
    });
    return new Set(batches.filter(({ isStale }) => isStale));
  }

  /** The month an instant and the ids of a batch call for. Ids of a time that has not come would seal months ahead: they are replaced. */
  function targetMonth(batch: UnsentBatch, now: Millis): Month {
    const latest = latestId(batch, now);
    if (latest <= now) return monthOf(now);
    const bound = clock.latest();
    if (latest <= bound) return monthOf(latest);
    batch.waiting = batch.waiting.map((one) => (snowflakeTime(one.draft.id) > bound ? withNewId(one) : one));
    return monthOf(latestId(batch, now));
  }

  function withNewId(one: Waiting): Waiting {
    return { ...one, draft: { ...one.draft, id: newId() } };
  }

  function prepare(batch: UnsentBatch): Append {
    const { conversation, chain } = batch;
    const { month } = openSegment(chain);
    // The clock is read once for both, because the month may end between two readings.
    const now = clock.now();
    const target = targetMonth(batch, now);
    if (target > month) {
      const seal = { id: newId(), conversationId: conversation.id, seq: chain.head.seq + 1n, next: target };
      return { conversationId: conversation.id, month, seal };
    }
    const sentAt = Math.max(now, chain.head.sentAt, monthStart(month));
    const rows: MessageRow[] = [];
    let { seq, ordinal, membershipSeq } = chain.head;
    for (const { draft, body } of batch.waiting) {
      const { id, conversationId, kind, senderId, key } = draft;
      const { isCountable, changesMembers } = entryKinds[kind];
      seq += 1n;
      if (isCountable) ordinal += 1n;
      if (changesMembers) membershipSeq = seq;
      const numbers = { seq, ordinal, membershipSeq };
      rows.push({ id, conversationId, ...numbers, kind, senderId, key, body, sentAt, followed: false });
      if (changesMembers) break;
    }
    return { conversationId: conversation.id, month, rows };
  }

  /** Takes in the store's answer. Returns whether the chain is still known to be right. */
  function settle(batch: UnsentBatch, append: Append, { appended, stoppedBy }: AppendResult): boolean {
    const { chain, conversation } = batch;
    if ('seal' in append) {
      if (appended === 0) return stoppedBy?.reason === 'idTaken' && mayGoOn(batch);
      const { seq, next } = append.seal;
      // A reader may have met the seal already.
      if (openSegment(chain).month === append.month) {
        chain.segments.push({ month: next, fromSeq: seq, toSeq: seq - 1n, lastSentAt: 0 });
      }
      return true;
    }
    const written = batch.waiting.slice(0, appended);
    batch.waiting = batch.waiting.slice(appended);
    if (appended > 0) {
      const rows = append.rows.slice(0, appended);
      chains.noteAppended(chain, rows[appended - 1] as MessageRow);
      const messages = rows.map((row, index) => numbered((written[index] as Waiting).draft, row));
      recent.add(conversation.id, messages);
      followers.onAppended(conversation.id, messages);
      written.forEach(({ resolve }, index) => {
        resolve({ message: messages[index] as Message, resend: false });
      });
    }
    if (stoppedBy === undefined) return true;
    if (stoppedBy.reason === 'seqTaken') return false;
    if (stoppedBy.reason === 'idTaken') {
      // Ids repeat after a clock was set back. Clients do not know these ids yet, and the next ones are probably taken too.
      batch.waiting = batch.waiting.map(withNewId);
      return mayGoOn(batch);
    }
    const [first, ...rest] = batch.waiting;
    batch.waiting = rest;
    answerRepeat(first as Waiting, stoppedBy.existing, onRepeat);
    return stoppedBy.existing.seq <= chain.head.seq;
  }

  return { writeGroup };
}

/** The batches that stay; `leave` is called for the others. */
function takeOut(
  batches: readonly UnsentBatch[],
  isToLeave: (batch: UnsentBatch) => boolean,
  leave: (batch: UnsentBatch) => void,
): UnsentBatch[] {
  return batches.filter((batch) => {
    if (!isToLeave(batch)) return true;
    leave(batch);
    return false;
  });
}

function numbered(draft: Draft, { seq, ordinal, membershipSeq, sentAt }: MessageRow): Message {
  return { ...draft, seq, ordinal, membershipSeq, sentAt };
}

function latestId({ waiting }: UnsentBatch, now: Millis): Millis {
  return waiting.reduce((latest, { draft }) => Math.max(latest, snowflakeTime(draft.id)), now);
}
