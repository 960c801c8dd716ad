/** A store's thread dies: pending calls are answered, and the thread is restarted up to a limit. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { openThread, type ThreadClient } from '../../../src/stores/sqlite-file/thread-client.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { eventually } from '../../support/heliograph.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** Answers `echo`, throws at `die`, does not answer `hang`, and follows its worker data at the start. */
const entry = join(folder.path, 'thread.mjs');
writeFileSync(
  entry,
  `import { existsSync } from 'node:fs';
   import { parentPort, workerData } from 'node:worker_threads';
   if (existsSync(workerData.broken)) throw new Error('the file is damaged');
   parentPort.on('message', (calls) => {
     const answers = [];
     for (const [call, method, args] of calls) {
       if (method === 'die') throw new Error('killed by a test');
       if (method === 'fault') parentPort.postMessage({ fault: new Error('disk') });
       if (method === 'refuse') answers.push([call, null, 'OVERLOADED', 'too much']);
       else if (method !== 'hang') answers.push([call, args[0] ?? true]);
     }
     parentPort.postMessage(answers);
   });
   parentPort.postMessage('ready');`,
);

async function open(options: { restartsMax?: number; timeoutMs?: number; broken?: string } = {}) {
  const { broken = join(folder.path, 'none'), ...more } = options;
  const errors: string[] = [];
  const thread = await openThread({
    entry: pathToFileURL(entry),
    workerData: { broken },
    timeoutMs: 5_000,
    onError: (error) => errors.push((error as Error).message),
    ...more,
  });
  return { thread, errors };
}

const unavailable = expect.objectContaining({ code: 'UNAVAILABLE' });
const isBack = (thread: ThreadClient) => eventually(() => thread.isAlive, 'the thread is back');

describe('a store thread', () => {
  it('answers calls in order, and passes on refusals', async () => {
    const { thread } = await open();
    const order: number[] = [];
    await Promise.all([1, 2, 3].map(async (n) => order.push(await thread.call<number>('echo', n))));
    expect(order).toEqual([1, 2, 3]);
    await expect(thread.call('refuse')).rejects.toMatchObject({ code: 'OVERLOADED', message: 'too much' });
    await thread.close();
    await expect(thread.call('echo', 1)).rejects.toEqual(unavailable);
  });

  it('that dies answers every call in progress with UNAVAILABLE, reports the cause, and works again', async () => {
    const { thread, errors } = await open();
    const calls = [thread.call('hang'), thread.call('echo', 1), thread.call('die')];
    for (const outcome of await Promise.allSettled(calls)) expect(outcome).toMatchObject({ reason: unavailable });
    expect(thread.isAlive).toBe(false);
    expect(thread.pending).toBe(0);
    // At once, not after its deadline: nobody is there to answer.
    await expect(thread.call('echo', 2)).rejects.toEqual(unavailable);
    await isBack(thread);
    expect(await thread.call('echo', 3)).toBe(3);
    expect(errors).toEqual(['killed by a test']);
    await thread.close();
  });

  it('is given up and reported when it dies too often', async () => {
    const { thread, errors } = await open({ restartsMax: 2 });
    for (const _ of [1, 2]) {
      await thread.call('die').catch(() => {});
      await isBack(thread);
    }
    await thread.call('die').catch(() => {});
    await eventually(() => errors.some((message) => message.includes('too often')), 'given up');
    await expect(thread.call('echo', 1)).rejects.toEqual(unavailable);
    expect(thread.isAlive).toBe(false);
    await thread.close();
  });

  it('that cannot start again is tried again, each time with a word', async () => {
    const broken = join(folder.path, 'broken-later');
    const { thread, errors } = await open({ broken, restartsMax: 3 });
    writeFileSync(broken, '');
    await thread.call('die').catch(() => {});
    await eventually(() => errors.some((message) => message.includes('too often')), 'given up');
    expect(errors.filter((message) => message === 'the file is damaged')).toHaveLength(3);
    await thread.close();
  });

  it('that cannot start the first time is not restarted, and its opening rejects with the cause', async () => {
    const broken = join(folder.path, 'broken-first');
    writeFileSync(broken, '');
    const errors: unknown[] = [];
    const opening = openThread({
      entry: pathToFileURL(entry),
      workerData: { broken },
      timeoutMs: 1_000,
      onError: (error) => errors.push(error),
    });
    await expect(opening).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: { message: 'the file is damaged' } });
    expect(errors).toEqual([]);
  });

  it('that is stuck holds no caller longer than its time, and its late answer is dropped', async () => {
    const { thread, errors } = await open({ timeoutMs: 300 });
    await expect(thread.call('hang')).rejects.toEqual(unavailable);
    expect(thread.pending).toBe(0);
    expect(await thread.call('echo', 'still there')).toBe('still there');
    expect(errors).toEqual([]);
    await thread.close();
  });

  it('reports internal failures without failing a call', async () => {
    const { thread, errors } = await open();
    expect(await thread.call('fault')).toBe(true);
    expect(errors).toEqual(['disk']);
    await thread.close();
  });
});
