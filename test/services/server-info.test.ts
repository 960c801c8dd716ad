import { expect, it } from 'vitest';
import { createServerInfo } from '../../src/services/server-info.ts';

const limits = { fanOutOnWriteMaxMembers: 100, textMaxBytes: 16_384, pageSizeMax: 500, operationsPerSocketMax: 64 };

it('reports version, limits and degraded components', () => {
  const degraded: string[] = [];
  const service = createServerInfo({ version: '1.2.3', limits, degraded: () => [...degraded], clock: () => 42 });
  expect(service.info()).toEqual({ version: '1.2.3', ...limits, degraded: [] });
  degraded.push('directory');
  expect(service.info().degraded).toEqual(['directory']);
  expect(service.now()).toBe(42);
});

it('reports no other fields of its input', () => {
  const configuration = { ...limits, jwtSecret: 'x'.repeat(32) };
  const service = createServerInfo({ version: '1', limits: configuration, degraded: () => [], clock: () => 0 });
  expect(JSON.stringify(service.info())).not.toContain(configuration.jwtSecret);
});
