/** Sends and acknowledgements of one user meet in the store: other members are notified of each advance once. */
import { expect, it, vi } from 'vitest';
import { createMemberPositions } from '../../../src/services/receipts/positions.ts';
import { createMemoryMessageStore } from '../../../src/stores/memory/memory-message-store.ts';
import { codeOf } from '../../support/conversation-logs.ts';

const key = { conversationId: '1', userId: '101' };
const upTo = (seq: bigint) => ({ deliveredSeq: seq, readSeq: seq });

function setUp() {
  const { receipts } = createMemoryMessageStore();
  const raiseSent = vi.fn(receipts.raiseSent);
  const positions = createMemberPositions({ store: { ...receipts, raiseSent }, isSoleWriter: true });
  return { receipts, raiseSent, positions };
}

it('announces an acknowledgement during the storing of a send once', async () => {
  const { receipts, raiseSent, positions } = setUp();
  const answer = Promise.withResolvers<void>();
  raiseSent.mockImplementationOnce(async (sent) => {
    await receipts.raiseSent(sent);
    await answer.promise;
  });
  positions.noteSent('1', '101', 5n);
  const flushed = positions.flushSent();
  await vi.waitFor(() => expect(raiseSent).toHaveBeenCalled());
  const acked = await positions.raise([{ ...key, ...upTo(7n) }]);
  answer.resolve();
  const advances = [...acked, ...(await flushed)];
  // 0 to 5 by one of them, and 5 to 7.
  expect(advances.reduce((sum, { before, after }) => sum + after.readSeq - before.readSeq, 0n)).toBe(7n);
  expect(advances.at(-1)?.after).toEqual(upTo(7n));
});

it('announces a send whose storing was not answered with the acknowledgement after it', async () => {
  const { receipts, raiseSent, positions } = setUp();
  await positions.raise([{ ...key, ...upTo(2n) }]);
  raiseSent.mockImplementationOnce(async (sent) => {
    await receipts.raiseSent(sent);
    throw new Error('no answer');
  });
  positions.noteSent('1', '101', 5n);
  expect(await codeOf(positions.flushSent())).toBe('Error: no answer');
  expect(await positions.raise([{ ...key, ...upTo(7n) }])).toEqual([{ ...key, before: upTo(2n), after: upTo(7n) }]);
  expect(await positions.flushSent()).toEqual([]);
});

it('announces a send again that is handed out again as nothing new', async () => {
  const { positions } = setUp();
  for (const expected of [[{ ...key, before: upTo(0n), after: upTo(5n) }], []]) {
    positions.noteSent('1', '101', 5n);
    expect(await positions.flushSent()).toEqual(expected);
  }
});
