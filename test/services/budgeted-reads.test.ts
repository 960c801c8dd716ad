/** What the server reads of its own accord: it counts as much as what operations read, and waits while they hold too much. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ByteBudgets } from '../../src/domain/byte-budget.ts';
import { createSnowflakes } from '../../src/domain/snowflake.ts';
import { createMemoryBus } from '../../src/pubsub/memory/memory-bus.ts';
import { topics } from '../../src/pubsub/topics.ts';
import { createMessaging } from '../../src/services/messaging.ts';
import type { StreamEvent } from '../../src/services/stream/stream.ts';
import { createMemoryConversationStore } from '../../src/stores/memory/memory-conversation-store.ts';
import { createMemoryMessageStore } from '../../src/stores/memory/memory-message-store.ts';
import { createMemoryUserStore } from '../../src/stores/memory/memory-user-store.ts';
import { january } from '../support/drafts.ts';
import { fixedClock } from '../support/fixed-clock.ts';

const [alice, bob] = ['101', '102'].map((userId) => ({ userId, deviceId: '1', expiresAt: Number.POSITIVE_INFINITY }));
const answersMaxBytes = 4_000_000;
const onError = (error: unknown) => {
  throw error;
};

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

async function setUp(fanOutOnWriteMaxMembers: number) {
  const budgets = new ByteBudgets({ answerMaxBytes: 1_000_000, answersMaxBytes }, () => {});
  const messageStore = createMemoryMessageStore();
  const users = createMemoryUserStore();
  const bus = createMemoryBus({ onError });
  const conversations = createMemoryConversationStore();
  /** Bytes held before each read of messages. */
  const reads: number[] = [];
  const list: typeof messageStore.messageLog.list = (ranges) => {
    reads.push(budgets.held);
    return messageStore.messageLog.list(ranges);
  };
  for (const { userId } of [alice, bob] as { userId: string }[]) {
    const user = { id: userId, username: `u${userId}`, displayName: userId, createdAt: 0 };
    await users.create(user as never, { passwordHash: null, externalSubject: null });
  }
  const newId = createSnowflakes(
    () => january,
    () => 1,
  ).next;
  const start = () =>
    createMessaging({
      messageStore: { ...messageStore, messageLog: { ...messageStore.messageLog, list } },
      conversations,
      users,
      bus,
      rateLimiter: { take: () => 0 },
      newId,
      clock: fixedClock(january),
      elapsed: () => 0,
      isSoleWriter: true,
      onError,
      budgets,
      settings: {
        fanOutOnWriteMaxMembers,
        backlogMax: 1_000,
        pageSizeMax: 100,
        groupMembersMax: 100,
        namedMembersMax: 100,
        sweepAgeMs: 0,
        textMaxBytes: 1_000,
      },
    });
  return { budgets, bus, reads, start };
}

/** Lets a second pass, and the work that it starts proceed. */
async function pass(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_000);
  await new Promise((resolve) => setImmediate(resolve));
}

/** Lets time pass until a condition is true. */
async function passUntil(isTrue: () => boolean): Promise<void> {
  for (let seconds = 0; seconds < 60 && !isTrue(); seconds += 1) await pass();
  expect(isTrue()).toBe(true);
}

it('notifies senders of a status once there is room to find the message that it names', async () => {
  const { budgets, bus, reads, start } = await setUp(100);
  const before = start();
  const { message } = await before.messages.send(alice as never, {
    to: { userId: '102' },
    clientMessageId: 'c1',
    text: 'hello',
  });
  await before[Symbol.asyncDispose]();
  // With nothing in memory, so that the message is read from the store.
  await using after = start();
  const statuses: unknown[] = [];
  await bus.subscribe(topics.statuses('101'), (status) => statuses.push(status));
  budgets.held = answersMaxBytes + 1;
  reads.length = 0;
  await after.receipts.ack(bob as never, { status: 'READ', upToInboxSeq: 1n });
  for (let seconds = 0; seconds < 3; seconds += 1) await pass();
  expect([statuses, reads]).toEqual([[], []]);
  budgets.held = 0;
  await passUntil(() => statuses.length > 0);
  expect(statuses).toMatchObject(['DELIVERED', 'READ'].map((status) => ({ messageId: message.id, status })));
  expect(budgets.held).toBe(0);
});

it('counts what unread counts read, and refuses them without room', async () => {
  const { budgets, start } = await setUp(100);
  const before = start();
  const to = { userId: '102' };
  await before.messages.send(alice as never, { to, clientMessageId: 'c1', text: 'read' });
  await before.receipts.ack(bob as never, { status: 'READ', upToInboxSeq: 1n });
  await before.messages.send(alice as never, { to, clientMessageId: 'c2', text: 'unread' });
  await before[Symbol.asyncDispose]();
  await using after = start();
  const totals = () => after.conversations.unreadTotals(bob as never);
  budgets.held = answersMaxBytes + 1;
  await expect(totals()).rejects.toMatchObject({ code: 'OVERLOADED' });
  budgets.held = 0;
  expect(await totals()).toEqual({ messages: 1, conversations: 1 });
  expect(budgets.held).toBe(0);
});

it('shows a stream the messages of a large group once there is room to read them', async () => {
  const { budgets, bus, reads, start } = await setUp(1);
  await using messaging = start();
  const { view } = await messaging.conversations.createGroup(
    alice as never,
    {
      title: 'Large',
      memberIds: ['102'],
    } as never,
  );
  const events: StreamEvent[] = [];
  const sink = {
    push: (event: StreamEvent) => {
      events.push(event);
      return true;
    },
    onReady() {},
    fail: onError,
    end() {},
  };
  const close = await messaging.streams.open(bob as never, null).open(sink);
  await passUntil(() => events.some(({ type }) => type === 'MessageReceived'));
  // Bob's stream gets no hints of these. They are more than are kept in memory.
  const missed = 120;
  const publish = vi.spyOn(bus, 'publish').mockImplementation(() => {});
  for (let count = 0; count < missed; count += 1)
    await messaging.messages.send(alice as never, {
      to: { conversationId: view.conversation.id },
      clientMessageId: `c${count}`,
      text: 'hello',
    });
  publish.mockRestore();
  budgets.held = answersMaxBytes + 1;
  reads.length = 0;
  const { length } = events;
  await messaging.messages.send(alice as never, {
    to: { conversationId: view.conversation.id },
    clientMessageId: 'last',
    text: '!',
  });
  for (let seconds = 0; seconds < 3; seconds += 1) await pass();
  expect([events.slice(length), reads]).toEqual([[], []]);
  budgets.held = 0;
  await passUntil(() => events.length >= length + missed + 1);
  expect(budgets.held).toBe(0);
  close();
});
