import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxSeq, minSeq } from '../../src/domain/ids.ts';
import { noPositions, raisePositions } from '../../src/domain/receipt.ts';

const seqs = fc.bigInt({ min: 0n, max: 2n ** 70n });
const positions = fc.record({ deliveredSeq: seqs, readSeq: seqs });

describe('positions', () => {
  it('only grow, and read messages count as delivered', () => {
    fc.assert(
      fc.property(positions, positions, (a, b) => {
        const raised = raisePositions(a, b);
        expect(raised.readSeq).toBe(maxSeq(a.readSeq, b.readSeq));
        expect(raised.deliveredSeq >= maxSeq(a.deliveredSeq, b.deliveredSeq)).toBe(true);
        expect(raised.deliveredSeq >= raised.readSeq).toBe(true);
      }),
    );
  });

  it('are the same for any order and number of raises', () => {
    fc.assert(
      fc.property(fc.array(positions, { minLength: 1 }), (list) => {
        const inOrder = list.reduce(raisePositions, noPositions);
        const backwards = [...list, ...list].reverse().reduce(raisePositions, noPositions);
        expect(backwards).toEqual(inOrder);
      }),
    );
  });

  it('are compared exactly beyond the range of floats', () => {
    expect(maxSeq(2n ** 53n, 2n ** 53n + 1n)).toBe(2n ** 53n + 1n);
    expect(minSeq(2n ** 53n, 2n ** 53n + 1n)).toBe(2n ** 53n);
  });
});
