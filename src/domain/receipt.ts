import { maxSeq, type Seq } from './ids.ts';

/** A member's positions in a conversation. `readSeq <= deliveredSeq`; both only grow. */
export interface Positions {
  readonly deliveredSeq: Seq;
  readonly readSeq: Seq;
}

export const noPositions: Positions = { deliveredSeq: 0n, readSeq: 0n };

/** The maximum of two pairs of positions, number by number. A read message counts as delivered. */
export function raisePositions(a: Positions, b: Positions): Positions {
  const readSeq = maxSeq(a.readSeq, b.readSeq);
  return { readSeq, deliveredSeq: maxSeq(readSeq, maxSeq(a.deliveredSeq, b.deliveredSeq)) };
}
