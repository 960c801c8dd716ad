import { maxSeq, type Seq } from './ids.ts';

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
