import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isId } from '../../src/domain/ids.ts';

describe('isId', () => {
  it('takes every positive 63-bit number in plain decimal', () => {
    fc.assert(fc.property(fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }), (id) => isId(id.toString())));
  });

  it('takes no other number', () => {
    fc.assert(fc.property(fc.bigInt({ min: 2n ** 63n, max: 2n ** 80n }), (id) => !isId(id.toString())));
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 70n), max: 0n }), (id) => !isId(id.toString())));
  });

  it.each(['', '01', '+1', ' 1', '1 ', '1\n', '1.0', '1e3', '0x1', '１', 'abc'])('takes no %j', (text) => {
    expect(isId(text)).toBe(false);
  });
});
