/**
 * The location of a conversation's log: one segment per month with messages, in order, and the head of the last one.
 * Sealed segments never change, so all but the last entry of a chain are facts; the head is a guess that the
 * store corrects on the next append.
 */
import type { Conversation } from '../../domain/conversation.ts';
import type { ConversationId, Millis, Seq } from '../../domain/ids.ts';
import type { Month } from '../../domain/month.ts';
import type { ChainRecord, MessageLog, MessageRow, SegmentTail } from '../../stores/message-log.ts';

export interface Segment {
  readonly month: Month;
  /** The first number that this segment can contain. */
  readonly fromSeq: Seq;
  /** The last number in the segment; `fromSeq - 1` while it is empty. */
  toSeq: Seq;
  /** `sentAt` of its last message; 0 while it is empty. */
  lastSentAt: Millis;
}

export interface Head {
  readonly seq: Seq;
  readonly ordinal: Seq;
  /** The number of the latest entry that changed the members: the version of the member list that applies after the head. */
  readonly membershipSeq: Seq;
  readonly sentAt: Millis;
}

export const emptyHead: Head = { seq: 0n, ordinal: 0n, membershipSeq: 0n, sentAt: 0 };

export interface SegmentChain {
  readonly conversationId: ConversationId;
  /** At least one segment; only the last is unsealed. */
  readonly segments: Segment[];
  head: Head;
}

/** The segment for new messages. */
export function openSegment(chain: SegmentChain): Segment {
  return chain.segments[chain.segments.length - 1] as Segment;
}

/** Updates the chain with the last row of its open segment. A row that was read before the last append was answered is older than the chain. */
export function advance(chain: SegmentChain, last: MessageRow): void {
  if (last.seq <= chain.head.seq) return;
  const segment = openSegment(chain);
  segment.toSeq = last.seq;
  segment.lastSentAt = last.sentAt;
  const { seq, ordinal, membershipSeq, sentAt } = last;
  chain.head = { seq, ordinal, membershipSeq, sentAt };
}

/** Updates the chain with the tail of its open segment. Returns the following month if the segment is sealed. */
export function applyTail(chain: SegmentChain, tail: SegmentTail): Month | null {
  const { last, seal } = tail;
  if (last !== null) advance(chain, last);
  if (seal === null) return null;
  chain.segments.push({ month: seal.next, fromSeq: seal.seq, toSeq: seal.seq - 1n, lastSentAt: 0 });
  return seal.next;
}

/** Number of tails that the store reads at a time. */
const tailsPerRead = 500;

/** Reads whole chains: from where they are recorded, or from the first month. */
export async function loadChains(log: MessageLog, conversations: readonly Conversation[]): Promise<SegmentChain[]> {
  const records = await log.chains(conversations.map(({ id }) => id));
  const recorded = records.flatMap((record) => (record === null ? [] : chainOf(record)));
  const others = conversations.filter((_, index) => records[index] === null);
  const [, searched] = await Promise.all([readOn(log, recorded), others.length === 0 ? [] : searchChains(log, others)]);
  const byId = new Map([...recorded, ...searched].map((chain) => [chain.conversationId, chain]));
  return conversations.map(({ id }) => byId.get(id) as SegmentChain);
}

function chainOf({ conversationId, segments, head }: ChainRecord): SegmentChain {
  return { conversationId, segments: segments.map((segment) => ({ ...segment })), head };
}

/** The chain as a record, which later appends do not change. */
export function recordOf({ conversationId, segments, head }: SegmentChain): ChainRecord {
  return { conversationId, segments: segments.map((segment) => ({ ...segment })), head };
}

interface SegmentKey {
  readonly conversationId: ConversationId;
  readonly month: Month;
}

/** Reads tails a few at a time: the store serves other callers in between. */
async function readTails(log: MessageLog, keys: readonly SegmentKey[]): Promise<SegmentTail[]> {
  const tails: SegmentTail[] = [];
  for (let start = 0; start < keys.length; start += tailsPerRead)
    for (const tail of await log.tails(keys.slice(start, start + tailsPerRead))) tails.push(tail);
  return tails;
}

/** Reads the messages after the heads of chains. */
async function readOn(log: MessageLog, chains: readonly SegmentChain[]): Promise<void> {
  for (let rest = chains; rest.length > 0; ) {
    const tails = await readTails(
      log,
      rest.map((chain) => ({ conversationId: chain.conversationId, month: openSegment(chain).month })),
    );
    rest = rest.filter((chain, index) => applyTail(chain, tails[index] as SegmentTail) !== null);
  }
}

/** Requests all existing months at once, so that an old conversation needs no more round trips than a new one. */
async function searchChains(log: MessageLog, conversations: readonly Conversation[]): Promise<SegmentChain[]> {
  const months = await log.months();
  const tails = new Map<string, SegmentTail>();
  const fetchTails = async (keys: readonly SegmentKey[]) => {
    const found = await readTails(log, keys);
    keys.forEach((key, index) => {
      tails.set(`${key.conversationId}/${key.month}`, found[index] as SegmentTail);
    });
  };
  const firstMonths = (conversation: Conversation) => [
    conversation.firstMonth,
    ...months.filter((month) => month > conversation.firstMonth),
  ];
  await fetchTails(
    conversations.flatMap((conversation) =>
      firstMonths(conversation).map((month) => ({ conversationId: conversation.id, month })),
    ),
  );
  const chains: SegmentChain[] = [];
  for (const conversation of conversations) {
    const first = { month: conversation.firstMonth, fromSeq: 1n, toSeq: 0n, lastSentAt: 0 };
    const chain: SegmentChain = { conversationId: conversation.id, segments: [first], head: emptyHead };
    let month: Month | null = conversation.firstMonth;
    while (month !== null) {
      const key = `${conversation.id}/${month}`;
      // The month began after the list was read.
      if (!tails.has(key)) await fetchTails([{ conversationId: conversation.id, month }]);
      month = applyTail(chain, tails.get(key) as SegmentTail);
    }
    chains.push(chain);
  }
  return chains;
}

/** The segments that contain any of the numbers from `fromSeq` to `toSeq`, with the part in each. */
export function segmentsIn(
  chain: SegmentChain,
  fromSeq: Seq,
  toSeq: Seq,
): { month: Month; fromSeq: Seq; toSeq: Seq }[] {
  const parts: { month: Month; fromSeq: Seq; toSeq: Seq }[] = [];
  for (const segment of chain.segments) {
    const from = fromSeq > segment.fromSeq ? fromSeq : segment.fromSeq;
    const to = toSeq < segment.toSeq ? toSeq : segment.toSeq;
    if (from <= to) parts.push({ month: segment.month, fromSeq: from, toSeq: to });
  }
  return parts;
}
