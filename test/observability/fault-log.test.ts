import { expect, it } from 'vitest';
import { DomainError } from '../../src/domain/errors.ts';
import { createFaultLog } from '../../src/observability/fault-log.ts';

function setUp() {
  const time = { now: 0 };
  const lines: Record<string, unknown>[] = [];
  const counts: string[] = [];
  const report = createFaultLog({
    log: { error: (fields: object) => void lines.push(fields as Record<string, unknown>) },
    count: (what) => counts.push(what),
    elapsed: () => time.now,
  });
  return { time, lines, counts, report };
}

it('logs equal failures of a component once a minute, counts all, and says how many lines were left out', () => {
  const { time, lines, counts, report } = setUp();
  const late = () => new DomainError('UNAVAILABLE', `No answer.\n at ${Math.random()}`);
  for (let count = 0; count < 1_000; count += 1) report(late(), 'directory');
  report(late(), 'message store');
  expect(lines.map(({ what, omitted }) => [what, omitted])).toEqual([
    ['directory', undefined],
    ['message store', undefined],
  ]);
  expect(counts).toHaveLength(1_001);
  time.now = 59_999;
  report(late(), 'directory');
  expect(lines).toHaveLength(2);
  time.now = 60_000;
  report(late(), 'directory');
  expect(lines.slice(2)).toEqual([{ err: expect.any(DomainError), what: 'directory', omitted: 1_000 }]);
});

it('logs each different failure, up to a number', () => {
  const { lines, report } = setUp();
  for (let count = 0; count < 3; count += 1) report(new Error(`row ${count}`), 'mover');
  report('text', 'mover');
  expect(lines).toHaveLength(4);
  for (let count = 0; count < 100; count += 1) report(new Error(`entry ${count}`), 'mover');
  expect(lines).toHaveLength(20);
});
