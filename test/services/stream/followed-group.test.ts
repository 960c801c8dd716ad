/** A large group that a stream follows. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DomainError } from '../../../src/domain/errors.ts';
import { FollowedGroup, type FollowingStream } from '../../../src/services/stream/followed-group.ts';
import { aConversation } from '../../support/drafts.ts';

const userId = '7';
const retryAfterMs = 1_000;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A stream and its group, whose messages 1 to 100 can be read from the log unless the server is busy. */
function aGroup() {
  const conversation = aConversation();
  const stay = { conversationId: conversation.id, userId, role: 'MEMBER', joinedSeq: 0n, leftSeq: null };
  const state = { isBusy: true, reads: 0, pushed: 0 };
  const ports = {
    log: {
      heads: async () => [{ seq: 100n, membershipSeq: 0n }],
      async list() {
        state.reads += 1;
        if (state.isBusy) throw new DomainError('OVERLOADED', 'The server reads too much at the moment.');
        return Array.from({ length: 100 }, (_, index) => aMessage(BigInt(index + 1)));
      },
    },
    memberLists: { at: async () => ({ stays: () => [stay] }) },
    numbers: { add() {} },
    onError(error: unknown) {
      throw error;
    },
  };
  const stream = {
    ports,
    settings: { catchUpPage: 100, retryAfterMs },
    viewer: { userId, deviceId: '1', expiresAt: 0 },
    isFlowing: () => true,
    pushMessage: () => {
      state.pushed += 1;
    },
  };
  const group = new FollowedGroup(stream as unknown as FollowingStream, conversation);
  group.follow(() => {});
  group.startAfter(0n);
  group.onEntered();
  return { group, state };
}

const aMessage = (seq: bigint) => ({ conversationId: '1', seq, kind: 'USER', body: {} }) as never;

it('is read again once in each pause while the server is busy, however many hints arrive', async () => {
  const { group, state } = aGroup();
  group.onInboxRead();
  for (let seq = 101n; seq <= 140n; seq += 1n) {
    await vi.advanceTimersByTimeAsync(retryAfterMs / 20);
    group.onHint({ message: aMessage(seq) } as never);
  }
  const before = state.reads;
  await vi.advanceTimersByTimeAsync(10 * retryAfterMs);
  expect([before, state.reads - before]).toEqual([3, 10]);
  state.isBusy = false;
  await vi.advanceTimersByTimeAsync(retryAfterMs);
  expect(state.pushed).toBe(100);
  expect(vi.getTimerCount()).toBe(0);
});

it('leaves no read behind when it is not followed any more', async () => {
  const { group } = aGroup();
  group.onInboxRead();
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(1);
  group.letGo();
  expect(vi.getTimerCount()).toBe(0);
});
