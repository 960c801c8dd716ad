/** Reads of an inbox while the log does not give one of its messages. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSnowflakes } from '../../../src/domain/snowflake.ts';
import { createMemoryBus } from '../../../src/pubsub/memory/memory-bus.ts';
import { createMessaging, type Messaging } from '../../../src/services/messaging.ts';
import type { StreamEvent } from '../../../src/services/stream/stream-service.ts';
import { createMemoryConversationStore } from '../../../src/stores/memory/memory-conversation-store.ts';
import { createMemoryMessageStore } from '../../../src/stores/memory/memory-message-store.ts';
import { createMemoryUserStore } from '../../../src/stores/memory/memory-user-store.ts';
import type { MessageLog } from '../../../src/stores/message-log.ts';
import { codeOf } from '../../support/conversation-logs.ts';
import { january } from '../../support/drafts.ts';
import { fixedClock } from '../../support/fixed-clock.ts';

const [alice, bob] = ['1', '2'].map((userId) => ({ userId, deviceId: userId, expiresAt: Number.POSITIVE_INFINITY }));

describe('an inbox whose log does not give a message', () => {
  let services: Messaging;
  let faults: string[];
  /** The text of the message that the log does not give; null: none. */
  let missing: string | null;
  let reads: number;

  beforeEach(async () => {
    faults = [];
    missing = null;
    reads = 0;
    const onError = (error: unknown, what: string) => void faults.push(`${what}: ${String(error)}`);
    const stores = createMemoryMessageStore();
    const conversations = createMemoryConversationStore();
    const users = createMemoryUserStore();
    const list: MessageLog['list'] = async (ranges) => {
      reads += 1;
      const found = await stores.messageLog.list(ranges);
      return found.map((rows) => rows.filter(({ body }) => missing === null || !body.includes(missing)));
    };
    const start = () =>
      createMessaging({
        messageStore: { ...stores, messageLog: { ...stores.messageLog, list } },
        conversations,
        users,
        bus: createMemoryBus({ onError }),
        rateLimiter: { take: () => 0 },
        newId: createSnowflakes(
          () => january,
          () => 1,
        ).next,
        clock: fixedClock(january),
        elapsed: () => 0,
        isSoleWriter: true,
        onError,
        settings: {
          pageSizeMax: 100,
          groupMembersMax: 10,
          namedMembersMax: 10,
          sweepAgeMs: 0,
          textMaxBytes: 100,
          fanOutOnWriteMaxMembers: 10,
          stream: { retryAfterMs: 1 },
        },
      });
    services = start();
    for (const id of ['1', '2']) {
      const user = { id, username: `u${id}`, displayName: `u${id}`, createdAt: 0 };
      await users.create(user as never, { passwordHash: null, externalSubject: null });
    }
    for (const text of ['first', 'second', 'third'])
      await services.messages.send(alice as never, { to: { userId: '2' }, clientMessageId: text, text });
    expect(await services.inbox.headAfterSync('2')).toBe(3n);
    // Without the messages in memory, as after a restart.
    await services[Symbol.asyncDispose]();
    services = start();
  });

  afterEach(() => services[Symbol.asyncDispose]());

  it.each(['first', 'second', 'third'])(
    'gives no page without the %s message, and reports the place once',
    async (text) => {
      missing = text;
      expect(await codeOf(services.inbox.page('2', 0n, 100))).toBe('UNAVAILABLE');
      expect(await codeOf(services.inbox.page('2', 0n, 100))).toBe('UNAVAILABLE');
      expect(faults).toEqual([expect.stringMatching(/^inbox gap: .* does not give message [123] of conversation/)]);
      missing = null;
      const { entries, nextSeq } = await services.inbox.page('2', 0n, 100);
      expect(entries.map(({ seq, message }) => [seq, message.body.text])).toEqual([
        [1n, 'first'],
        [2n, 'second'],
        [3n, 'third'],
      ]);
      expect(nextSeq).toBe(3n);
    },
  );

  it('never moves a stream past the message, and shows everything in order once the log gives it', async () => {
    missing = 'second';
    const events: StreamEvent[] = [];
    const stop = await services.streams.open(bob as never, 0n).open({
      push: (event: StreamEvent) => events.push(event) > 0,
      onReady: () => {},
      fail: (error: unknown) => void faults.push(String(error)),
      end: () => {},
    } as never);
    // Read again after a failure, and after another one.
    await vi.waitFor(() => expect(reads).toBeGreaterThan(2));
    expect(events.map(({ type }) => type)).toEqual(['StreamReady']);
    expect(faults).toHaveLength(1);
    missing = null;
    await vi.waitFor(() => expect(events).toHaveLength(4));
    expect(events.slice(1).map((event) => 'message' in event && [event.seq, event.message.body.text])).toEqual([
      [1n, 'first'],
      [2n, 'second'],
      [3n, 'third'],
    ]);
    stop();
  });
});
