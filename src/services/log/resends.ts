/**
 * Recognises a draft that was stored before: its sender is answered with the message it became, and nothing is stored twice.
 *
 * What a draft repeats is in one of three places: earlier in the same batch, in a segment that is sealed, or in the open one.
 * The first two are looked up here; the third the store's unique index finds when the draft is appended.
 *
 * Invariants
 * - A draft is written only after every sealed segment that a resend can still reach was asked for it.
 * - Each user's draft is compared with the stored message before it is answered: one that differs is an `ID_CONFLICT`.
 */
import { clientMessageIdOf, serverKeyPrefix } from '../../domain/entry-key.ts';
import { DomainError } from '../../domain/errors.ts';
import { encodeBody, type Message } from '../../domain/message.ts';
import type { Month } from '../../domain/month.ts';
import type { MessageLog, MessageRow } from '../../stores/message-log.ts';
import type { UnsentBatch, Waiting } from './draft-batch.ts';
import { toMessage } from './log-reader.ts';
import type { TrustedClock } from './trusted-clock.ts';

/** How long after a send its resend is still recognised, over the end of a month. */
const resendReachMs = 24 * 60 * 60 * 1000;
/** Sealed segments asked for resends while the clock cannot be trusted to tell which are of the last day. */
const segmentsAskedMax = 3;

interface Ports {
  readonly log: MessageLog;
  readonly clock: TrustedClock;
  /** Receives each row that a draft turns out to repeat. */
  readonly onRepeat: (row: MessageRow) => void;
}

/** Of drafts with the same key in one batch only the first is written; the others get its answer. */
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
 * A unique index ends with its month, so a resend of something in a sealed segment is looked up: once the seal stands, since
 * until then another writer may still put it there. While the clock keeps its pace only the last day's segments can be
 * meant; when it cannot be trusted, the last few are asked whatever their age.
 */
export async function answerSealedResends(ports: Ports, batches: readonly UnsentBatch[]): Promise<void> {
  // A reader may find another seal while this asks.
  do await askSealed(ports, batches);
  while (batches.some(({ chain, segmentsAsked }) => segmentsAsked < chain.segments.length - 1));
}

/** Asks the sealed segments that have not been asked yet, each month once for all batches. */
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

/** Answers a repeated draft with the message it became, unless the two differ. */
export function answerRepeat(waiting: Waiting, existing: MessageRow, onRepeat: (row: MessageRow) => void): void {
  onRepeat(existing);
  answer(waiting, toMessage(existing));
}

function answer({ draft, body, resolve, reject, twins = [] }: Waiting, existing: Message): void {
  for (const twin of twins) answer(twin, existing);
  // The server's key names what the entry records, whatever words an earlier release or name put it in.
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
