import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messageStoreDrivers, type OpenStores } from './message-store-drivers.ts';

const receipt = (deliveredSeq: bigint, readSeq: bigint, userId = '7', conversationId = '1') => ({
  conversationId,
  userId,
  deliveredSeq,
  readSeq,
});

describe.each(messageStoreDrivers)('ReceiptStore on %s', (_driver, open) => {
  let store: OpenStores;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store[Symbol.asyncDispose]());

  it('keeps the highest positions when receipts race, and reports each advance once', async () => {
    const raised = await Promise.all([3n, 9n, 5n, 9n].map((seq) => store.receipts.raise([receipt(seq, 0n)])));
    const advances = raised.flat().filter(({ before, after }) => after.deliveredSeq > before.deliveredSeq);
    expect(advances.reduce((sum, { before, after }) => sum + after.deliveredSeq - before.deliveredSeq, 0n)).toBe(9n);
    expect(await store.receipts.raise([receipt(9n, 0n)])).toEqual([
      { before: { deliveredSeq: 9n, readSeq: 0n }, after: { deliveredSeq: 9n, readSeq: 0n } },
    ]);
  });

  it('counts read messages as delivered', async () => {
    const [raised] = await store.receipts.raise([receipt(0n, 4n)]);
    expect(raised?.after).toEqual({ deliveredSeq: 4n, readSeq: 4n });
  });

  it('answers by member and by conversation, before and after it was closed', async () => {
    await store.receipts.raise([receipt(2n, 1n), receipt(5n, 5n, '8'), receipt(1n, 1n, '7', '2')]);
    for (const _ of [1, 2]) {
      expect(
        await store.receipts.get([
          { conversationId: '1', userId: '8' },
          { conversationId: '1', userId: '9' },
        ]),
      ).toEqual([
        { deliveredSeq: 5n, readSeq: 5n },
        { deliveredSeq: 0n, readSeq: 0n },
      ]);
      const list = await store.receipts.list('1');
      expect(list.sort((a, b) => a.userId.localeCompare(b.userId))).toEqual([receipt(2n, 1n), receipt(5n, 5n, '8')]);
      await store.reopen();
    }
  });
});
