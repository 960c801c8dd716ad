import { maxSeq, type Seq, type UserId } from './ids.ts';

/** How far a member has got in a conversation. `readSeq <= deliveredSeq`; both only grow. */
export interface Positions {
  readonly deliveredSeq: Seq;
  readonly readSeq: Seq;
}

export const noPositions: Positions = { deliveredSeq: 0n, readSeq: 0n };

/** The higher of two positions, each number for itself; what is read counts as delivered. */
export function raisePositions(a: Positions, b: Positions): Positions {
  const readSeq = maxSeq(a.readSeq, b.readSeq);
  return { readSeq, deliveredSeq: maxSeq(readSeq, maxSeq(a.deliveredSeq, b.deliveredSeq)) };
}

/** A member whose positions count. A reader is entitled to the messages after `joinedSeq`, and counts as having those before. */
export interface Reader {
  readonly userId: UserId;
  readonly joinedSeq: Seq;
}

/** How many readers a message is for, its sender left out, and how many of them have it. */
export interface ReadCounts {
  readonly readers: number;
  readonly deliveredCount: number;
  readonly readCount: number;
}

export interface Lowest {
  readonly userId: UserId;
  readonly seq: Seq;
}

/** Counts the readers of many messages at once: the readers are sorted once, and each message costs a few bisections. */
export function countReaders(
  readers: readonly Reader[],
  positionsOf: (userId: UserId) => Positions,
  messages: readonly { readonly seq: Seq; readonly senderId: UserId }[],
): ReadCounts[] {
  const reached = new Map(readers.map((reader) => [reader.userId, reachedBy(reader, positionsOf(reader.userId))]));
  const sorted = (numberOf: (one: Reached) => Seq) => BigUint64Array.from(reached.values(), numberOf).sort();
  const joined = sorted(({ joinedSeq }) => joinedSeq);
  const delivered = sorted(({ deliveredSeq }) => deliveredSeq);
  const read = sorted(({ readSeq }) => readSeq);
  return messages.map(({ seq, senderId }) => {
    const sender = reached.get(senderId);
    const isReader = sender !== undefined && sender.joinedSeq < seq;
    const entitled = countBelow(joined, seq);
    return {
      readers: entitled - Number(isReader),
      deliveredCount: entitled - countBelow(delivered, seq) - Number(isReader && sender.deliveredSeq >= seq),
      readCount: entitled - countBelow(read, seq) - Number(isReader && sender.readSeq >= seq),
    };
  });
}

/** The two readers who are furthest behind, by each position. */
export function lowestReaders(
  readers: readonly Reader[],
  positionsOf: (userId: UserId) => Positions,
): { delivered: Lowest[]; read: Lowest[] } {
  const delivered: Lowest[] = [];
  const read: Lowest[] = [];
  for (const reader of readers) {
    const { deliveredSeq, readSeq } = reachedBy(reader, positionsOf(reader.userId));
    keepLowestTwo(delivered, { userId: reader.userId, seq: deliveredSeq });
    keepLowestTwo(read, { userId: reader.userId, seq: readSeq });
  }
  return { delivered, read };
}

type Reached = Positions & { readonly joinedSeq: Seq };

function reachedBy({ joinedSeq }: Reader, { deliveredSeq, readSeq }: Positions): Reached {
  return { joinedSeq, deliveredSeq: maxSeq(deliveredSeq, joinedSeq), readSeq: maxSeq(readSeq, joinedSeq) };
}

/** How many numbers of an ascending list are below `seq`. */
function countBelow(sorted: BigUint64Array, seq: Seq): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as bigint) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

function keepLowestTwo(lowest: Lowest[], one: Lowest): void {
  const place = lowest.findIndex(({ seq }) => one.seq < seq);
  if (place >= 0) lowest.splice(place, 0, one);
  else if (lowest.length < 2) lowest.push(one);
  if (lowest.length > 2) lowest.pop();
}
