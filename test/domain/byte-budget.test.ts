import { describe, expect, it } from 'vitest';
import { ByteBudgets } from '../../src/domain/byte-budget.ts';

const MiB = 1024 * 1024;

function setUp(answerMaxBytes = 10 * MiB, answersMaxBytes = 40 * MiB) {
  const refused: string[] = [];
  const budgets = new ByteBudgets({ answerMaxBytes, answersMaxBytes }, (limit) => refused.push(limit));
  return { budgets, refused };
}

const codeOf = (run: () => void): unknown => {
  try {
    run();
    return null;
  } catch (error) {
    return (error as { code: unknown }).code;
  }
};

describe('a budget', () => {
  it('takes up to its maximum, refuses everything after it, and reports that once', () => {
    const { budgets, refused } = setUp();
    const budget = budgets.open();
    expect(codeOf(() => budget.take(10 * MiB))).toBeNull();
    expect([1, 1, 0].map((bytes) => codeOf(() => budget.take(bytes)))).toEqual(Array(3).fill('QUERY_TOO_COMPLEX'));
    expect(refused).toEqual(['answerBytes']);
  });

  it('gives back what it took, once', () => {
    const { budgets } = setUp();
    const budget = budgets.open();
    budget.take(5);
    expect(budgets.held).toBe(5);
    budget.release();
    budget.release();
    expect(budgets.held).toBe(0);
  });

  it('takes nothing more after it was given back', () => {
    const { budgets, refused } = setUp();
    const budget = budgets.open();
    budget.release();
    expect(codeOf(() => budget.take(5))).toBe('UNAVAILABLE');
    expect([budgets.held, refused]).toEqual([0, []]);
  });

  it('leaves a quarter of the whole to small operations', () => {
    const { budgets, refused } = setUp();
    for (let count = 0; count < 3; count += 1) budgets.open().take(10 * MiB);
    expect(codeOf(() => budgets.open().take(2 * MiB))).toBe('OVERLOADED');
    expect(codeOf(() => budgets.open().take(MiB))).toBeNull();
    expect(refused).toEqual(['answersBytes']);
  });

  it('of an event counts for itself only', () => {
    const { budgets } = setUp();
    budgets.openEvent().take(MiB);
    expect(budgets.held).toBe(0);
    expect(codeOf(() => budgets.openEvent().take(11 * MiB))).toBe('QUERY_TOO_COMPLEX');
  });
});

describe('reads', () => {
  it('of one operation follow one another, and none follows the one that was too much', async () => {
    const { budgets } = setUp();
    const budget = budgets.open();
    const log: string[] = [];
    const read = (name: string, bytes: number) =>
      budget.load(
        async () => {
          log.push(`${name} begins`);
          await Promise.resolve();
          log.push(`${name} ends`);
        },
        () => bytes,
      );
    const outcomes = await Promise.allSettled([read('a', 5 * MiB), read('b', 6 * MiB), read('c', 1)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('of many operations take turns: each that ends or fails lets the next begin', async () => {
    const { budgets } = setUp();
    let running = 0;
    let most = 0;
    const ends: (() => void)[] = [];
    const reads = Array.from({ length: 100 }, (_, index) =>
      budgets.open().load(
        async () => {
          running += 1;
          most = Math.max(most, running);
          await new Promise<void>((resolve) => ends.push(resolve));
          running -= 1;
          if (index % 2 === 0) throw new Error('no answer');
        },
        () => 0,
      ),
    );
    const outcomes = Promise.allSettled(reads);
    for (let ended = 0; ended < 100; ended += 1) {
      while (ends[ended] === undefined) await Promise.resolve();
      ends[ended]?.();
    }
    expect((await outcomes).filter(({ status }) => status === 'fulfilled')).toHaveLength(50);
    expect(most).toBe(32);
  });
});
