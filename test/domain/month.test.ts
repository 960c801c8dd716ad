import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { laterMonth, monthOf, monthStart, nextMonth, segmentName } from '../../src/domain/month.ts';

const instants = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2999, 11, 31) });

describe('months', () => {
  it('hold every instant from their first to the first of the next', () => {
    fc.assert(
      fc.property(instants, (at) => {
        const month = monthOf(at);
        expect(monthStart(month)).toBeLessThanOrEqual(at);
        expect(monthStart(nextMonth(month))).toBeGreaterThan(at);
      }),
    );
  });

  it('compare as text in the order of time', () => {
    fc.assert(
      fc.property(instants, instants, (a, b) => {
        const [earlier, later] = a < b ? [a, b] : [b, a];
        expect(monthOf(earlier) <= monthOf(later)).toBe(true);
        expect(laterMonth(monthOf(a), monthOf(b))).toBe(monthOf(later));
      }),
    );
  });

  it('change at midnight UTC, over the end of a year too', () => {
    expect(monthOf(Date.UTC(2027, 0, 1) - 1)).toBe('2026-12');
    expect(monthOf(Date.UTC(2027, 0, 1))).toBe('2027-01');
    expect(monthOf(Date.UTC(2027, 0, 1) - 1)).toBe('2026-12');
    expect(nextMonth('2026-12')).toBe('2027-01');
    expect(nextMonth('2026-09')).toBe('2026-10');
  });

  it('name their segment', () => {
    expect(segmentName('2026-03')).toBe('message_2026_03');
  });
});
