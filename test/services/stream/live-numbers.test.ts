import { expect, it, vi } from 'vitest';
import { createLiveNumbers } from '../../../src/services/stream/live-numbers.ts';

it('gives numbers up to the newest message that any stream of the user has shown', async () => {
  const enter = vi.fn(async () => {});
  using numbers = createLiveNumbers({
    enter,
    onError: (error) => {
      throw error;
    },
    settings: { numberAfterMs: 0, numberBatch: 10 },
  });
  for (const seq of [4n, 5n, 3n]) numbers.add('101', '1', seq);
  await vi.waitFor(() => expect(enter).toHaveBeenCalled());
  expect(enter.mock.calls).toEqual([['101', new Map([['1', 5n]])]]);
});
