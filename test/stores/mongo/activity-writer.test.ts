/** When times of activity are written: a new conversation at once, and a busy one once a second. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createActivityWriter } from '../../../src/stores/mongo/activity-writer.ts';
import type { Call, CommandOptions } from '../../../src/stores/mongo/mongo-calls.ts';
import type { MongoCollections } from '../../../src/stores/mongo/mongo-collections.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const call: Call = { command: (run) => run({} as CommandOptions) };
const at = (activeAt: number, conversationId = '1', userId = '7') => ({ userId, conversationId, activeAt });

interface Operation {
  readonly updateOne: {
    readonly filter: { readonly userId: bigint; readonly conversationId: bigint };
    readonly update: { readonly $max: { readonly activeAt: Date } };
  };
}

/** A writer, and the times that it has written: user, conversation and time. */
function setUp() {
  const written: string[][] = [];
  const faults: Error[] = [];
  const bulkWrite = async (operations: readonly Operation[]) => {
    const fault = faults.pop();
    if (fault !== undefined) throw fault;
    written.push(
      operations.map(
        ({ updateOne: { filter, update } }) =>
          `${filter.userId}/${filter.conversationId}@${update.$max.activeAt.getTime()}`,
      ),
    );
  };
  const activity = { bulkWrite } as unknown as MongoCollections['activity'];
  return { writer: createActivityWriter({ activity }, (run) => run(call)), written, faults };
}

it('writes a conversation that may be missing before its run, and later times once a second', async () => {
  const { writer, written } = setUp();
  await writer.raiseWithRuns(call, [at(100), at(100, '2')]);
  expect(written).toEqual([['7/1@100', '7/2@100']]);
  for (const time of [200, 400, 300]) await writer.raiseWithRuns(call, [at(time), at(time, '1', '8')]);
  expect(written.slice(1)).toEqual([['8/1@200']]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written.slice(2)).toEqual([['7/1@400', '8/1@400']]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(written).toHaveLength(3);
  expect(vi.getTimerCount()).toBe(0);
});

it('writes the times of a user before the list of that user is read', async () => {
  const { writer, written } = setUp();
  for (const time of [100, 200]) await writer.raiseWithRuns(call, [at(time), at(time, '1', '8')]);
  await writer.settle(call, ['7']);
  expect(written.slice(1)).toEqual([['7/1@200']]);
  await writer.close();
  expect(written.slice(2)).toEqual([['8/1@200']]);
  expect(vi.getTimerCount()).toBe(0);
});

it('writes a conversation at once that has left the list', async () => {
  const { writer, written } = setUp();
  await writer.raiseWithRuns(call, [at(100)]);
  writer.forget([at(100)]);
  await writer.raiseWithRuns(call, [at(200)]);
  expect(written).toEqual([['7/1@100'], ['7/1@200']]);
});

it('tries again after a failed write, with the latest time', async () => {
  const { writer, written, faults } = setUp();
  await writer.raiseWithRuns(call, [at(100)]);
  await writer.raiseWithRuns(call, [at(200)]);
  faults.push(new Error('no answer'), new Error('no answer'));
  await expect(writer.settle(call, ['7'])).rejects.toThrow('no answer');
  await vi.advanceTimersByTimeAsync(1_000);
  await writer.raiseWithRuns(call, [at(300)]);
  expect(written).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written.slice(1)).toEqual([['7/1@300']]);
});

it('does not know a conversation whose first write failed', async () => {
  const { writer, written, faults } = setUp();
  faults.push(new Error('no answer'));
  await expect(writer.raiseWithRuns(call, [at(100)])).rejects.toThrow('no answer');
  await writer.raiseWithRuns(call, [at(200)]);
  expect(written).toEqual([['7/1@200']]);
});
