/** Acknowledgements that the store takes in, although their callers get an error. */
import { expect, it, vi } from 'vitest';
import { DomainError } from '../../../src/domain/errors.ts';
import type { Bus } from '../../../src/pubsub/bus.ts';
import { topics } from '../../../src/pubsub/topics.ts';
import type { InboxService } from '../../../src/services/inbox/inbox-service.ts';
import type { ConversationLog } from '../../../src/services/log/conversation-log.ts';
import type { MemberLists } from '../../../src/services/members/member-lists.ts';
import { createMemberPositions } from '../../../src/services/receipts/positions.ts';
import { createReceiptService } from '../../../src/services/receipts/receipt-service.ts';
import { createMemoryMessageStore } from '../../../src/stores/memory/memory-message-store.ts';
import { codeOf } from '../../support/conversation-logs.ts';
import { aConversation } from '../../support/drafts.ts';

const unavailable = () => new DomainError('UNAVAILABLE', 'no answer');
const key = { conversationId: '1', userId: '101' };

it('shows positions as the store has them after an acknowledgement without an answer', async () => {
  const { receipts } = createMemoryMessageStore();
  const raise = vi.fn(receipts.raise);
  const positions = createMemberPositions({ store: { ...receipts, raise }, isSoleWriter: true });
  expect(await positions.get('1', ['101'])).toEqual([{ deliveredSeq: 0n, readSeq: 0n }]);
  raise.mockImplementationOnce(async (raised) => {
    await receipts.raise(raised);
    throw unavailable();
  });
  const acked = { ...key, deliveredSeq: 3n, readSeq: 3n };
  expect(await codeOf(positions.raise([acked]))).toBe('UNAVAILABLE');
  expect(await positions.get('1', ['101'])).toEqual([{ deliveredSeq: 3n, readSeq: 3n }]);
  // The other members have not been notified yet.
  const zero = { deliveredSeq: 0n, readSeq: 0n };
  expect(await positions.raise([acked])).toEqual([{ ...key, before: zero, after: { deliveredSeq: 3n, readSeq: 3n } }]);
});

it('announces an advance even if the position of the device cannot be stored', async () => {
  const run = { userId: '101', seq: 1n, conversationId: '1', fromSeq: 1n, toSeq: 3n, truncated: false };
  const inbox: Partial<InboxService> = {
    head: async () => 3n,
    ackedSeq: async () => 0n,
    listRuns: async () => [run],
    raiseAckedSeq: vi.fn(async () => {}).mockRejectedValueOnce(unavailable()),
  };
  const member = { ...key, role: 'MEMBER' as const, joinedSeq: 0n, leftSeq: null };
  const memberList = {
    conversation: aConversation(),
    isLarge: false,
    active: () => [member, { ...member, userId: '102' }],
  };
  const publish = vi.fn();
  const service = createReceiptService({
    store: createMemoryMessageStore().receipts,
    memberLists: { get: () => memberList, latestStays: async () => [member] } as unknown as MemberLists,
    log: { list: async () => [], findByIds: async () => [] } as unknown as ConversationLog,
    inbox: inbox as InboxService,
    bus: { publish } as unknown as Bus,
    clock: () => 0,
    isSoleWriter: true,
    onError: (error) => {
      throw error;
    },
  });
  const viewer = { userId: '101', deviceId: '1', expiresAt: 0 };
  const ack = () => service.ack(viewer, { status: 'READ', upToInboxSeq: 3n });
  expect(await codeOf(ack())).toBe('UNAVAILABLE');
  await ack();
  const hint = { ...key, deliveredSeq: 3n, readSeq: 3n, at: 0 };
  await vi.waitFor(() => expect(publish).toHaveBeenCalledWith(topics.receipts('102'), hint));
});
