/**
 * Recognises a draft that was stored before: its sender gets the stored message, and no message is stored twice.
 *
 * The stored message is in one of three places: earlier in the same batch, in a sealed segment, or in the open segment. This file looks
 * up the first two; the store's unique index finds the third when the draft is appended.
 *
 * Invariants
 * - A draft is written only after every sealed segment that a resend can still reach was searched for it.
 * - Each user's draft is compared with the stored message before it is answered: a different one is an `ID_CONFLICT`.
 */
import { clientMessageIdOf, serverKeyPrefix } from '../../domain/entry-key.ts';
import { DomainError } from '../../domain/errors.ts';
import { encodeBody, type Message } from '../../domain/message.ts';
import type { Month } from '../../domain/month.ts';
import type { TrustedClock } from '../../domain/trusted-clock.ts';
import type { MessageLog, MessageRow } from '../../stores/message-log.ts';
import type { UnsentBatch, Waiting } from './draft-batch.ts';
import { toMessage } from './log-reader.ts';

/** Time for which a resend is recognised across the end of a month. */
const resendReachMs = 24 * 60 * 60 * 1000;
/** Number of sealed segments searched for resends while the clock is not trusted to measure the last day. */
const segmentsAskedMax = 3;

interface Ports {
  readonly log: MessageLog;
  readonly clock: TrustedClock;
  /** Receives each stored row that a draft repeats. */
  readonly onRepeat: (row: MessageRow) => void;
}

/** If drafts of one batch have the same key, only the first is written; the others get its answer. */
export function withoutTwins(waiting: Waiting[]): Waiting[] {
  if (waiting.length === 1) return waiting;
  const firsts = new Map<string, Waiting[]>();
  for (const one of waiting) {
    const { key } = one.draft;
    const twins = firsts.get(key);
    if (twins === undefined) firsts.set(key, [one]);
    else twins.push(one);
  }
  return [...firsts.values()].map(([first, ...twins]) => {
    if (first === undefined || twins.length === 0) return first as Waiting;
    return {
      ...first,
      twins,
      resolve(appended) {
        first.resolve(appended);
        for (const twin of twins) answer(twin, appended.message);
      },
      reject(error) {
        for (const twin of [first, ...twins]) twin.reject(error);
      },
    };
  });
}

/**
 * A unique index ends with its month, so messages in sealed segments are looked up. This happens after the seal is stored, because until
 * then another writer may still add the message. While the clock is trusted, only the last day's segments are searched; otherwise
 * the last few, regardless of their age.
 */
export async function answerSealedResends(ports: Ports, batches: readonly UnsentBatch[]): Promise<void> {
  // A reader may find another seal during the search.
  do await askSealed(ports, batches);
  while (batches.some(hasUnaskedSegments));
}

/** Whether the chain has sealed segments that have not been searched for this batch. */
export function hasUnaskedSegments({ chain, segmentsAsked }: UnsentBatch): boolean {
  return segmentsAsked < chain.segments.length - 1;
}

/** Searches the sealed segments that have not been searched yet, each month once for all batches. */
async function askSealed({ log, clock, onRepeat }: Ports, batches: readonly UnsentBatch[]): Promise<void> {
  const isTrusted = clock.isTrusted();
  const reachable = isTrusted ? clock.now() - resendReachMs : Number.NEGATIVE_INFINITY;
  const byMonth = new Map<Month, { batch: UnsentBatch; one: Waiting }[]>();
  for (const batch of batches) {
    const sealed = batch.chain.segments.slice(batch.segmentsAsked, -1);
    batch.segmentsAsked += sealed.length;
    for (const segment of isTrusted ? sealed : sealed.slice(-segmentsAskedMax)) {
      if (segment.toSeq < segment.fromSeq || segment.lastSentAt < reachable) continue;
      const asked = byMonth.get(segment.month) ?? [];
      for (const one of batch.waiting) asked.push({ batch, one });
      byMonth.set(segment.month, asked);
    }
  }
  if (byMonth.size === 0) return;
  await Promise.all(
    [...byMonth].map(async ([month, asked]) => {
      const found = await log.findByKeys(
        month,
        asked.map(({ one }) => one.draft),
      );
      asked.forEach(({ batch, one }, index) => {
        const row = found[index];
        if (row === null || row === undefined) return;
        answerRepeat(one, row, onRepeat);
        batch.waiting = batch.waiting.filter((other) => other !== one);
      });
    }),
  );
}

/** Answers a repeated draft with the stored message, unless the two differ. */
export function answerRepeat(waiting: Waiting, existing: MessageRow, onRepeat: (row: MessageRow) => void): void {
  onRepeat(existing);
  answer(waiting, toMessage(existing));
}

function answer({ draft, body, resolve, reject, twins = [] }: Waiting, existing: Message): void {
  for (const twin of twins) answer(twin, existing);
  // The server's key identifies the recorded event. Its text may differ after a new release, or after a user changed their name.
  if (draft.key.startsWith(serverKeyPrefix) || encodeBody(existing.body) === body) {
    resolve({ message: existing, resend: true });
  } else {
    reject(
      new DomainError(
        'ID_CONFLICT',
        `clientMessageId ${clientMessageIdOf(draft)} was already used for another message.`,
      ),
    );
  }
}
