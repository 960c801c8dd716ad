import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InboxRun } from '../../src/domain/inbox.ts';
import { describeMessageStores, type OpenStores } from './message-store-drivers.ts';

const run = (seq: number, fromSeq: number, toSeq: number, over: Partial<InboxRun> = {}): InboxRun => ({
  userId: '7',
  seq: BigInt(seq),
  conversationId: '1',
  fromSeq: BigInt(fromSeq),
  toSeq: BigInt(toSeq),
  truncated: false,
  ...over,
});

describeMessageStores('InboxStore', (open) => {
  let store: OpenStores;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store[Symbol.asyncDispose]());

  it('keeps runs, heads and ends, before and after it was closed', async () => {
    expect(
      await store.inboxes.append([run(1, 1, 3), run(4, 1, 1, { conversationId: '2' }), run(1, 5, 5, { userId: '8' })]),
    ).toEqual([true, true, true]);
    for (const _ of [1, 2]) {
      expect(await store.inboxes.heads(['7', '8', '9'])).toEqual([4n, 1n, 0n]);
      const keys = ['1', '2', '3'].map((conversationId) => ({ userId: '7', conversationId }));
      expect(await store.inboxes.runEnds(keys)).toEqual([3n, 1n, null]);
      await store.reopen();
    }
  });

  it('refuses a number or beginning that is taken, and that user’s later runs', async () => {
    await store.inboxes.append([run(1, 1, 1)]);
    const answers = await store.inboxes.append([
      run(1, 2, 2),
      run(2, 2, 2),
      run(1, 1, 1, { userId: '8' }),
      run(2, 1, 4, { userId: '9', conversationId: '5' }),
    ]);
    expect(answers).toEqual([false, false, true, true]);
    expect(await store.inboxes.append([run(2, 1, 5)])).toEqual([false]);
    expect(await store.inboxes.heads(['7', '8', '9'])).toEqual([1n, 1n, 5n]);
  });

  it('lists runs that end after a position', async () => {
    await store.inboxes.append([run(1, 1, 3), run(4, 1, 2, { conversationId: '2', truncated: true })]);
    await store.reopen();
    await store.inboxes.append([run(5, 4, 4), run(6, 3, 3, { conversationId: '2' })]);
    const starts = async (after: number, limit = 10) =>
      (await store.inboxes.list('7', BigInt(after), limit)).map(({ seq }) => Number(seq));
    expect(await starts(0)).toEqual([1, 4, 5, 6]);
    expect(await starts(2)).toEqual([1, 4, 5, 6]);
    expect(await starts(3)).toEqual([4, 5, 6]);
    expect(await starts(4)).toEqual([5, 6]);
    expect(await starts(2, 2)).toEqual([1, 4]);
    expect(await starts(6)).toEqual([]);
    expect((await store.inboxes.list('7', 3n, 1))[0]).toEqual(run(4, 1, 2, { conversationId: '2', truncated: true }));
  });

  it('finds the run that contains a message', async () => {
    await store.inboxes.append([run(1, 1, 3), run(4, 4, 9)]);
    const key = (seq: bigint, conversationId = '1') => ({ userId: '7', conversationId, seq });
    for (const _ of [1, 2]) {
      const found = await store.inboxes.runsAt([key(1n), key(3n), key(4n), key(9n), key(99n), key(0n), key(1n, '2')]);
      // Where the first message of a run has its number, so to say; runs may have been joined.
      expect(found.map((one) => one && Number(one.seq - one.fromSeq))).toEqual([0, 0, 0, 0, 0, null, null]);
      expect(found.map((one) => one && Number(one.toSeq)).slice(3)).toEqual([9, 9, null, null]);
      await store.reopen();
    }
  });

  it('refuses a beginning inside a run, or inside joined runs', async () => {
    await store.inboxes.append([run(1, 1, 1), run(2, 2, 2), run(3, 3, 3), run(4, 7, 7, { conversationId: '2' })]);
    for (const _ of [1, 2]) {
      expect(await store.inboxes.append([run(2, 4, 4)])).toEqual([false]);
      expect(await store.inboxes.append([run(5, 2, 5)])).toEqual([false]);
      expect(await store.inboxes.heads(['7'])).toEqual([4n]);
      const entries = (await store.inboxes.list('7', 0n, 10)).flatMap(({ seq, conversationId, fromSeq, toSeq }) =>
        Array.from({ length: Number(toSeq - fromSeq) + 1 }, (_, at) => [
          Number(seq) + at,
          `${conversationId}/${Number(fromSeq) + at}`,
        ]),
      );
      expect(entries).toEqual([
        [1, '1/1'],
        [2, '1/2'],
        [3, '1/3'],
        [4, '2/7'],
      ]);
      await store.reopen();
    }
    expect(await store.inboxes.append([run(5, 4, 4)])).toEqual([true]);
  });

  it('only ever raises the positions of devices', async () => {
    const at = (seq: bigint) => [{ userId: '7', deviceId: '70', seq }];
    for (const seq of [3n, 9n, 5n]) await store.inboxes.raiseAckedSeqs(at(seq));
    const devices = [
      { userId: '7', deviceId: '70' },
      { userId: '7', deviceId: '71' },
    ];
    expect(await store.inboxes.ackedSeqs(devices)).toEqual([9n, 0n]);
    await store.reopen();
    await store.inboxes.raiseAckedSeqs(at(8n));
    expect(await store.inboxes.ackedSeqs(devices)).toEqual([9n, 0n]);
  });

  describe("a user's conversations by activity", () => {
    const at = (conversationId: string, activeAt: number, userId = '7') => ({ userId, conversationId, activeAt });
    const list = async (after: { conversationId: string; activeAt: number } | null = null, limit = 10) =>
      (await store.inboxes.listActive('7', after, limit)).map(({ conversationId, activeAt }) => [
        conversationId,
        activeAt,
      ]);

    it('come latest first, and highest id first at the same time, page by page', async () => {
      await store.inboxes.raiseActivity([at('5', 100), at('9', 300), at('10', 300), at('2', 200), at('3', 900, '8')]);
      const all = [
        ['10', 300],
        ['9', 300],
        ['2', 200],
        ['5', 100],
      ];
      for (const _ of [1, 2]) {
        expect(await list()).toEqual(all);
        expect(await list(null, 2)).toEqual(all.slice(0, 2));
        expect(await list(at('10', 300), 2)).toEqual(all.slice(1, 3));
        expect(await list(at('7', 200))).toEqual(all.slice(2));
        expect(await list(at('5', 100))).toEqual([]);
        const back = (from: Parameters<typeof store.inboxes.listActive>[1], limit: number) =>
          store.inboxes.listActive('7', from, limit, 'start');
        const idsOf = (found: readonly { conversationId: string }[]) =>
          found.map(({ conversationId }) => conversationId);
        expect(idsOf(await back(null, 3))).toEqual(['5', '2', '9']);
        expect(idsOf(await back(at('9', 300), 3))).toEqual(['10']);
        expect(idsOf(await back(at('7', 250), 1))).toEqual(['9']);
        await store.reopen();
      }
    });

    it('are raised by new runs, never lowered, and dropped only when they were not active since', async () => {
      await store.inboxes.append([{ ...run(1, 1, 1), activeAt: 500 }]);
      await store.inboxes.append([{ ...run(2, 2, 2), activeAt: 400 }, run(3, 3, 3)]);
      await store.inboxes.raiseActivity([at('2', 300)]);
      expect(await list()).toEqual([
        ['1', 500],
        ['2', 300],
      ]);
      await store.inboxes.dropActivity([at('1', 499), at('2', 300), at('4', 9)]);
      expect(await list()).toEqual([['1', 500]]);
      await store.reopen();
      expect(await list()).toEqual([['1', 500]]);
      await store.inboxes.raiseActivity([at('2', 50)]);
      expect(await list()).toEqual([
        ['1', 500],
        ['2', 50],
      ]);
    });
  });
});
