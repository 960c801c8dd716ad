import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { atRate, closedLoop, type Pair } from '../../bench/sends.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const server = { cpuSeconds: () => 0 };

/** A pair whose server answers and delivers at once, but stands still from 500 to 1,000 ms. */
function pairWithStall(): Pair {
  const startedAt = performance.now();
  const pair: Pair = {
    to: {},
    arrived: () => {},
    receiver: { close: () => {} },
    sender: {
      close: () => {},
      async ask() {
        const now = performance.now() - startedAt;
        if (now >= 500 && now < 1_000) await new Promise((resolve) => setTimeout(resolve, 1_000 - now));
        pair.arrived();
        return '"SENT"';
      },
    },
  };
  return pair;
}

async function run<T>(load: Promise<T>): Promise<T> {
  await vi.runAllTimersAsync();
  return load;
}

it('a stall counts for every message that was due in it', async () => {
  const figures = await run(atRate(server, [pairWithStall()], 2, 100));
  // 50 of 200 messages were due while the server stood still: the first waits 500 ms, the last 10.
  expect(figures.deliveryMs.p99).toBeGreaterThan(470);
  expect(figures.answerMs.p99).toBeGreaterThan(470);
  expect(figures.deliveryMs.p50).toBe(0);
  expect(figures.perSecond).toBeCloseTo(100, -1);
});

it('at the maximum, a message starts when the last has arrived', async () => {
  const pair = pairWithStall();
  const { ask } = pair.sender;
  pair.sender.ask = async (...given) => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    return ask(...given);
  };
  const figures = await run(closedLoop(server, [pair], 2));
  expect(figures.deliveryMs.p50).toBe(10);
});
