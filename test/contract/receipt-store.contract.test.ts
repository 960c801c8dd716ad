import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeMessageStores, type OpenStores } from './message-store-drivers.ts';

const receipt = (deliveredSeq: bigint, readSeq: bigint, userId = '7', conversationId = '1') => ({
  conversationId,
  userId,
  deliveredSeq,
  readSeq,
});

describeMessageStores('ReceiptStore', (open) => {
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

  it('answers by member, before and after it was closed', async () => {
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
      await store.reopen();
    }
  });

  it('raises the positions of senders to their own messages, never down', async () => {
    const sent = (seq: bigint, userId = '7') => ({ conversationId: '1', userId, seq });
    await store.receipts.raise([receipt(9n, 3n, '8')]);
    await store.receipts.raiseSent([sent(4n), sent(2n), sent(5n, '8'), sent(1n, '9')]);
    for (const _ of [1, 2]) {
      const keys = ['7', '8', '9'].map((userId) => ({ conversationId: '1', userId }));
      expect(await store.receipts.get(keys)).toEqual([
        { deliveredSeq: 4n, readSeq: 4n },
        { deliveredSeq: 9n, readSeq: 5n },
        { deliveredSeq: 1n, readSeq: 1n },
      ]);
      await store.reopen();
    }
  });

  describe('of a group with three readers', () => {
    const readers = [
      { userId: '7', joinedSeq: 0n },
      { userId: '8', joinedSeq: 0n },
      { userId: '9', joinedSeq: 4n },
    ];
    const of = (seq: bigint, senderId = '1') => ({ seq, senderId });
    beforeEach(async () => {
      await store.receipts.raise([
        receipt(5n, 5n),
        receipt(3n, 1n, '8'),
        receipt(9n, 9n, '9', '2'),
        receipt(9n, 9n, '10'),
      ]);
    });

    it('counts who has each message, without its sender, late members and former ones', async () => {
      const counts = await store.receipts.counts('1', readers, [
        of(1n),
        of(3n),
        of(3n, '7'),
        of(3n, '8'),
        of(5n),
        of(6n),
      ]);
      expect(counts.map(({ readers: all, deliveredCount, readCount }) => [all, deliveredCount, readCount])).toEqual([
        [2, 2, 2],
        [2, 2, 1],
        [1, 1, 0],
        [1, 1, 1],
        [3, 1, 1],
        [3, 0, 0],
      ]);
    });

    it('tells the two who are furthest behind', async () => {
      expect(await store.receipts.lowest('1', readers)).toEqual({
        delivered: [
          { userId: '8', seq: 3n },
          { userId: '9', seq: 4n },
        ],
        read: [
          { userId: '8', seq: 1n },
          { userId: '9', seq: 4n },
        ],
      });
      expect(await store.receipts.lowest('1', [])).toEqual({ delivered: [], read: [] });
    });
  });
});
