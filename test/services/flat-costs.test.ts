/** What a request asks of the stores does not grow with a group's members, or with the number of a user's conversations. */
import { describe, expect, it } from 'vitest';
import type { ConversationId, UserId } from '../../src/domain/ids.ts';
import { createSnowflakes } from '../../src/domain/snowflake.ts';
import { createMemoryBus } from '../../src/pubsub/memory/memory-bus.ts';
import { createMessaging } from '../../src/services/messaging.ts';
import { createMemoryConversationStore } from '../../src/stores/memory/memory-conversation-store.ts';
import { createMemoryMessageStore } from '../../src/stores/memory/memory-message-store.ts';
import { createMemoryUserStore } from '../../src/stores/memory/memory-user-store.ts';
import { january } from '../support/drafts.ts';
import { fixedClock } from '../support/fixed-clock.ts';

const onError = (error: unknown) => {
  throw error;
};
const viewerOf = (userId: UserId) => ({ userId, deviceId: '1', expiresAt: Number.POSITIVE_INFINITY });

/** A value's items, in whatever depth of lists: what a call moves between the service and its store. */
function itemsIn(value: unknown): number {
  if (value instanceof Map) return itemsIn([...value.values()]);
  return Array.isArray(value) ? value.reduce((sum: number, one) => sum + itemsIn(one), 1) : 1;
}

function setUp(over: { fanOutOnWriteMaxMembers: number; unreadWithinMax?: number }) {
  const counted = { items: 0 };
  const count = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as unknown;
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          const answer: unknown = await Reflect.apply(method, target, args);
          counted.items += itemsIn(args) + itemsIn(answer);
          return answer;
        };
      },
    });
  const stores = createMemoryMessageStore();
  const conversations = createMemoryConversationStore();
  const users = createMemoryUserStore();
  const newId = createSnowflakes(
    () => january,
    () => 1,
  ).next;
  const start = () =>
    createMessaging({
      messageStore: {
        messageLog: count(stores.messageLog),
        inboxes: count(stores.inboxes),
        receipts: count(stores.receipts),
        stats: stores.stats,
      },
      conversations: count(conversations),
      users,
      bus: createMemoryBus({ onError }),
      rateLimiter: { take: () => 0 },
      newId,
      clock: fixedClock(january),
      elapsed: () => 0,
      isSoleWriter: true,
      onError,
      settings: {
        pageSizeMax: 100,
        groupMembersMax: 10_000,
        namedMembersMax: 10_000,
        sweepAgeMs: 0,
        textMaxBytes: 100,
        ...over,
      },
    });
  const addUser = async (id: UserId) => {
    const user = { id, username: `u${id}`, displayName: `u${id}`, createdAt: 0 };
    await users.create(user as never, { passwordHash: null, externalSubject: null });
  };
  let first = start();
  return {
    users,
    addUser,
    get services() {
      return first;
    },
    /** The server with nothing in memory, as after a restart. */
    async restart() {
      await first[Symbol.asyncDispose]();
      first = start();
    },
    async cost(call: () => Promise<unknown>): Promise<number> {
      const before = counted.items;
      await call();
      return counted.items - before;
    },
  };
}

const send = (to: { conversationId?: ConversationId; userId?: UserId }, clientMessageId: string) => ({
  to,
  clientMessageId,
  text: 'hello',
});

describe('a user in many conversations', () => {
  async function costs(count: number): Promise<Record<string, number>> {
    const world = setUp({ fanOutOnWriteMaxMembers: 100, unreadWithinMax: 9 });
    const viewer = viewerOf('5');
    for (const id of ['5', ...Array.from({ length: count }, (_, index) => String(100 + index))])
      await world.addUser(id);
    for (let index = 0; index < count; index += 1)
      await world.services.messages.send(viewerOf(String(100 + index)), send({ userId: '5' }, 'c1'));
    const { headSeq } = await world.services.inbox.page('5', 0n, 1);
    await world.services.receipts.ack(viewer, { status: 'READ', upToInboxSeq: headSeq });
    await world.restart();
    const found: Record<string, number> = {};
    const { services } = world;
    found.page = await world.cost(() => services.conversations.page(viewer, { first: 5 }));
    found.unread = await world.cost(() => services.conversations.unreadTotals(viewer));
    found.heartbeat = await world.cost(() => services.inbox.headAfterSync('5'));
    await services.messages.send(viewerOf('100'), send({ userId: '5' }, 'c2'));
    await services.inbox.headAfterSync('5');
    found.ack = await world.cost(() => services.receipts.ack(viewer, { status: 'READ', upToInboxSeq: headSeq + 1n }));
    await services[Symbol.asyncDispose]();
    return found;
  }

  it('costs a list, a total of unread messages, a heartbeat and an acknowledgement the same as a user in few', async () => {
    expect(await costs(300)).toEqual(await costs(10));
  });
});

describe('the total of unread messages', () => {
  it('is over the conversations with the most recent activity', async () => {
    const world = setUp({ fanOutOnWriteMaxMembers: 2, unreadWithinMax: 3 });
    const { messages, conversations } = world.services;
    for (const id of ['5', '6', '7', '8', '9']) await world.addUser(id);
    for (const id of ['6', '7', '8', '9'])
      for (const number of [1, 2]) await messages.send(viewerOf(id), send({ userId: '5' }, `c${number}`));
    expect(await conversations.unreadTotals(viewerOf('5'))).toEqual({ messages: 6, conversations: 3 });
    const { view } = (await conversations.createGroup(viewerOf('6'), {
      title: 'large',
      memberIds: ['5', '7'],
    })) as { view: { conversation: { id: ConversationId } } };
    await messages.send(viewerOf('6'), send({ conversationId: view.conversation.id }, 'c3'));
    expect(await conversations.unreadTotals(viewerOf('5'))).toEqual({ messages: 5, conversations: 3 });
    expect(await conversations.unreadTotals(viewerOf('6'))).toEqual({ messages: 0, conversations: 0 });
  });
});

describe('a large group', () => {
  async function costs(count: number): Promise<Record<string, number>> {
    const world = setUp({ fanOutOnWriteMaxMembers: 5 });
    const others = Array.from({ length: count }, (_, index) => String(100 + index));
    for (const id of ['5', '6', '7', ...others]) await world.addUser(id);
    const owner = viewerOf('5');
    const { view } = (await world.services.conversations.createGroup(owner, {
      title: 'g',
      memberIds: ['6', ...others],
    } as never)) as unknown as { view: { conversation: { id: ConversationId } } };
    const { id } = view.conversation;
    await world.services.messages.send(owner, send({ conversationId: id }, 'c1'));
    await world.restart();
    const { services } = world;
    const found: Record<string, number> = {};
    found.send = await world.cost(() => services.messages.send(viewerOf('6'), send({ conversationId: id }, 'c2')));
    const ack = { status: 'READ', upTo: [{ conversationId: id, seq: 2n }] } as const;
    found.ack = await world.cost(() => services.receipts.ack(viewerOf('6'), ack));
    const shown = await services.conversations.view(owner, id);
    found.members = await world.cost(() => services.conversations.memberPage(shown, { first: 1 }));
    const { messages } = await services.messages.history.page(owner, { conversationId: id, last: 2 });
    found.status = await world.cost(() => services.receipts.progress(messages));
    found.adding = await world.cost(() =>
      services.conversations.addMembers(owner, { conversationId: id, userIds: ['7'] }),
    );
    await services[Symbol.asyncDispose]();
    return found;
  }

  it('costs a send, an acknowledgement, a status, a page of members and a change the same as a smaller one', async () => {
    expect(await costs(900)).toEqual(await costs(50));
  });
});
