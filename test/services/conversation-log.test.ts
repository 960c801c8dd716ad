import { describe, expect, it, vi } from 'vitest';
import { DomainError } from '../../src/domain/errors.ts';
import type { Message } from '../../src/domain/message.ts';
import { createSnowflakes } from '../../src/domain/snowflake.ts';
import { type ConversationLogSettings, createConversationLog } from '../../src/services/conversation-log.ts';
import { createMemoryMessageStore } from '../../src/stores/memory/memory-message-store.ts';
import type { MessageLog } from '../../src/stores/message-log.ts';
import { aConversation, aDraft, day, february, january } from '../support/drafts.ts';

let workers = 0;

/** A log over a store whose calls are counted; several may share one store. */
function setUp(options: { store?: MessageLog; settings?: Partial<ConversationLogSettings>; isSteady?: boolean } = {}) {
  const store = options.store ?? createMemoryMessageStore().messageLog;
  const calls = {
    append: vi.fn(store.append),
    tails: vi.fn(store.tails),
    findBySenderKeys: vi.fn(store.findBySenderKeys),
  };
  const list = vi.fn(store.list);
  const port: MessageLog = { ...store, ...calls, list };
  const time = { now: january };
  const worker = workers++ % 1024;
  const told: bigint[] = [];
  const log = createConversationLog({
    log: port,
    clock: { now: () => time.now, isSteady: () => options.isSteady ?? true },
    newId: createSnowflakes(
      () => time.now,
      () => worker,
    ).next,
    settings: { recentMax: 10, chainsMax: 10, ...options.settings },
    onAppended: (_conversation, messages) => told.push(...messages.map(({ seq }) => seq)),
  });
  return { store, port, log, time, told, ...calls, list };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    return error instanceof DomainError ? error.code : String(error);
  }
}

const conversation = aConversation();

describe('appending', () => {
  it('numbers messages 1, 2, 3 in the order they come, and counts only those of users', async () => {
    const { log, told } = setUp();
    const drafts = [aDraft({ kind: 'SYSTEM' }), aDraft(), aDraft()];
    const appended = await Promise.all(drafts.map((draft) => log.append(conversation, draft)));
    expect(appended.map(({ message }) => [message.id, message.seq, message.ordinal])).toEqual([
      [drafts[0]?.id, 1n, 0n],
      [drafts[1]?.id, 2n, 1n],
      [drafts[2]?.id, 3n, 2n],
    ]);
    expect(told).toEqual([1n, 2n, 3n]);
  });

  it('writes what comes in one turn of all conversations at once', async () => {
    const { log, append } = setUp();
    const other = aConversation('2');
    await Promise.all([
      log.append(conversation, aDraft()),
      log.append(other, aDraft({ conversationId: '2' })),
      log.append(conversation, aDraft()),
    ]);
    expect(append).toHaveBeenCalledTimes(1);
    expect(append.mock.calls[0]?.[0].map((one) => ('rows' in one ? one.rows.length : 0))).toEqual([2, 1]);
  });

  it('has one append of a conversation under way, and makes one batch of what comes meanwhile', async () => {
    const { store } = setUp();
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const append = vi.fn(async (appends: Parameters<MessageLog['append']>[0]) => {
      await opened;
      return store.append(appends);
    });
    const { log } = setUp({ store: { ...store, append } });
    const first = log.append(conversation, aDraft());
    await vi.waitFor(() => expect(append).toHaveBeenCalledTimes(1));
    const later = [log.append(conversation, aDraft()), log.append(conversation, aDraft())];
    open();
    await Promise.all([first, ...later]);
    expect(append.mock.calls.map(([appends]) => appends.map((one) => ('rows' in one ? one.rows.length : 0)))).toEqual([
      [1],
      [2],
    ]);
  });

  it('splits what is more than a batch', async () => {
    const { log, append } = setUp({ settings: { batchMax: 2 } });
    const appended = await Promise.all([1, 2, 3, 4, 5].map(() => log.append(conversation, aDraft())));
    expect(appended.map(({ message }) => message.seq)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(append).toHaveBeenCalledTimes(3);
  });

  it('refuses more than may wait, and has done nothing with it', async () => {
    const { log } = setUp({ settings: { queueMax: 1 } });
    const first = log.append(conversation, aDraft());
    expect(await codeOf(log.append(conversation, aDraft()))).toBe('OVERLOADED');
    await first;
    expect((await log.heads([conversation]))[0]?.seq).toBe(1n);
    expect(log.queued).toBe(0);
  });

  it('takes the next number when another instance was faster', async () => {
    const { store, log } = setUp();
    const other = setUp({ store });
    await log.append(conversation, aDraft());
    await other.log.append(conversation, aDraft());
    await other.log.append(conversation, aDraft());
    expect((await log.append(conversation, aDraft())).message.seq).toBe(4n);
  });

  it('gives up as UNAVAILABLE when others are always faster', async () => {
    const { store } = setUp();
    const append = async (appends: Parameters<MessageLog['append']>[0]) =>
      appends.map(() => ({ appended: 0, stoppedBy: { reason: 'seqTaken' as const } }));
    const { log } = setUp({ store: { ...store, append }, settings: { attemptsMax: 3 } });
    expect(await codeOf(log.append(conversation, aDraft()))).toBe('UNAVAILABLE');
  });

  it('finds its place again after an answer was lost, whether or not the write was', async () => {
    const { store } = setUp();
    const outcomes: ('done' | 'not done')[] = ['done', 'not done'];
    const append = async (appends: Parameters<MessageLog['append']>[0]) => {
      const outcome = outcomes.shift();
      if (outcome !== 'not done') await store.append(appends);
      if (outcome !== undefined) throw new DomainError('UNAVAILABLE', 'lost');
      return store.append(appends);
    };
    const { log } = setUp({ store: { ...store, append } });
    const draft = aDraft();
    expect(await codeOf(log.append(conversation, draft))).toBe('UNAVAILABLE');
    expect((await log.heads([conversation]))[0]?.seq).toBe(1n);
    expect(await codeOf(log.append(conversation, aDraft()))).toBe('UNAVAILABLE');
    const { log: healthy } = setUp({ store });
    expect(await healthy.append(conversation, draft)).toMatchObject({ resend: true, message: { seq: 1n } });
    expect((await healthy.append(conversation, aDraft())).message.seq).toBe(2n);
  });

  it('does not trust its head while a write may still land late', async () => {
    const { store } = setUp();
    const late: Parameters<MessageLog['append']>[0][] = [];
    let isSlow = false;
    const append = async (appends: Parameters<MessageLog['append']>[0]) => {
      if (!isSlow) return store.append(appends);
      late.push(appends);
      throw new DomainError('UNAVAILABLE', 'late');
    };
    const { log } = setUp({ store: { ...store, append } });
    await log.append(conversation, aDraft());
    isSlow = true;
    expect(await codeOf(log.append(conversation, aDraft()))).toBe('UNAVAILABLE');
    expect((await log.heads([conversation]))[0]?.seq).toBe(1n);
    for (const appends of late) await store.append(appends);
    expect((await log.heads([conversation]))[0]?.seq).toBe(2n);
  });
});

describe('resends', () => {
  it('are answered with the first message, and not told again', async () => {
    const { log, told } = setUp();
    const draft = aDraft();
    const first = await log.append(conversation, draft);
    const again = await log.append(conversation, { ...draft, id: aDraft().id });
    expect(first.resend).toBe(false);
    expect(again).toEqual({ resend: true, message: first.message });
    expect(told).toEqual([1n]);
  });

  it('with another content, or for another conversation, are ID_CONFLICT', async () => {
    const { log } = setUp();
    const draft = aDraft();
    await log.append(conversation, draft);
    expect(await codeOf(log.append(conversation, { ...draft, body: { text: 'other' } }))).toBe('ID_CONFLICT');
    expect(await codeOf(log.append(aConversation('2'), { ...draft, conversationId: '2' }))).toBe('ID_CONFLICT');
    expect((await log.append(conversation, aDraft())).message.seq).toBe(2n);
  });

  it('with the same data in another order of keys are the same', async () => {
    const { log } = setUp();
    const draft = aDraft({ body: { text: 't', data: { a: 1, b: 2 } } });
    await log.append(conversation, draft);
    const again = { ...draft, body: { text: 't', data: { b: 2, a: 1 } } };
    expect((await log.append(conversation, again)).resend).toBe(true);
  });

  it('in one batch become one message, and a different one among them is ID_CONFLICT', async () => {
    const { log } = setUp();
    const draft = aDraft();
    const [first, same, other, next] = await Promise.allSettled([
      log.append(conversation, draft),
      log.append(conversation, { ...draft }),
      log.append(conversation, { ...draft, body: { text: 'other' } }),
      log.append(conversation, aDraft()),
    ]);
    expect(first).toMatchObject({ value: { resend: false, message: { seq: 1n } } });
    expect(same).toMatchObject({ value: { resend: true, message: { seq: 1n } } });
    expect(other).toMatchObject({ reason: { code: 'ID_CONFLICT' } });
    expect(next).toMatchObject({ value: { resend: false, message: { seq: 2n } } });
  });

  it('in one batch are each compared with what was stored before', async () => {
    const { log } = setUp();
    const draft = aDraft();
    await log.append(conversation, draft);
    const [other, same] = await Promise.allSettled([
      log.append(conversation, { ...draft, body: { text: 'other' } }),
      log.append(conversation, { ...draft }),
    ]);
    expect(other).toMatchObject({ reason: { code: 'ID_CONFLICT' } });
    expect(same).toMatchObject({ value: { resend: true } });
  });

  it('in the middle of a batch leave the rest its place', async () => {
    const { log } = setUp();
    const known = aDraft();
    await log.append(conversation, known);
    const appended = await Promise.all([aDraft(), known, aDraft()].map((draft) => log.append(conversation, draft)));
    expect(appended.map(({ message, resend }) => [message.seq, resend])).toEqual([
      [2n, false],
      [1n, true],
      [3n, false],
    ]);
  });

  it('are found in the month that has just ended', async () => {
    const { log, time } = setUp();
    const endOfMonth = Date.UTC(2026, 1, 1) - 1_000;
    time.now = endOfMonth;
    const draft = aDraft({}, endOfMonth - 100_000);
    await log.append(conversation, draft);
    time.now = endOfMonth + 60_000;
    await log.append(conversation, aDraft());
    expect(await log.append(conversation, draft)).toMatchObject({ resend: true, message: { seq: 1n } });
  });

  it('are looked for in no month older than a day, unless the clock cannot be trusted', async () => {
    const { log, time, findBySenderKeys } = setUp();
    await log.append(conversation, aDraft());
    time.now = february;
    await log.append(conversation, aDraft());
    expect(findBySenderKeys).not.toHaveBeenCalled();
    const doubting = setUp({ isSteady: false });
    await doubting.log.append(conversation, aDraft());
    doubting.time.now = february;
    await doubting.log.append(conversation, aDraft());
    expect(doubting.findBySenderKeys.mock.calls.map(([month]) => month)).toEqual(['2026-01']);
  });
});

describe('months', () => {
  it('are sealed before the next is used, and numbers go on', async () => {
    const { store, log, time } = setUp();
    await log.append(conversation, aDraft());
    time.now = february;
    const { message } = await log.append(conversation, aDraft({}, february - day));
    expect(message).toMatchObject({ seq: 2n, sentAt: february });
    const [tail] = await store.tails([{ conversationId: '1', month: '2026-01' }]);
    expect(tail?.seal).toMatchObject({ seq: 2n, next: '2026-02' });
  });

  it('that were never used are passed over', async () => {
    const { store, log, time } = setUp();
    time.now = Date.UTC(2027, 4, 1);
    expect((await log.append(conversation, aDraft())).message.seq).toBe(1n);
    const [tail] = await store.tails([{ conversationId: '1', month: '2026-01' }]);
    expect(tail).toMatchObject({ last: null, seal: { seq: 1n, next: '2027-05' } });
    expect(await store.months()).toEqual(['2026-01', '2027-05']);
  });

  it('are not gone back to by a clock that is behind: its messages get the time of the one before', async () => {
    const { store, log, time } = setUp();
    time.now = february;
    await log.append(conversation, aDraft());
    const slow = setUp({ store });
    const { message } = await slow.log.append(conversation, aDraft());
    expect(message).toMatchObject({ seq: 2n, sentAt: february });
  });

  it('follow the newest id of a batch, so that an id leads to its message', async () => {
    const { store, log } = setUp();
    const draft = aDraft({}, february);
    const { message } = await log.append(conversation, draft);
    expect(message.sentAt).toBe(Date.UTC(2026, 1, 1));
    expect(await store.findByIds('2026-02', [draft.id])).toHaveLength(1);
    expect((await log.findByIds([draft.id]))[0]?.seq).toBe(1n);
  });
});

describe('reading', () => {
  async function threeMonths() {
    const { store, log, time } = setUp();
    const messages: Message[] = [];
    for (const at of [january, january + 1, february, february + 1, Date.UTC(2026, 3, 1)]) {
      time.now = at;
      messages.push((await log.append(conversation, aDraft({}, january - day))).message);
    }
    // Another instance, which has nothing in memory.
    return { ...setUp({ store }), messages };
  }
  const seqs = (messages: readonly Message[]) => messages.map(({ seq }) => Number(seq));

  it('goes over the ends of months, from either end', async () => {
    const { log } = await threeMonths();
    const range = { fromSeq: 1n, toSeq: 100n };
    expect(seqs(await log.list(conversation, { ...range, limit: 10 }))).toEqual([1, 2, 3, 4, 5]);
    expect(seqs(await log.list(conversation, { ...range, limit: 3 }))).toEqual([1, 2, 3]);
    expect(seqs(await log.list(conversation, { ...range, limit: 3, newestFirst: true }))).toEqual([3, 4, 5]);
    expect(seqs(await log.list(conversation, { fromSeq: 2n, toSeq: 4n, limit: 10 }))).toEqual([2, 3, 4]);
    expect(await log.list(conversation, { fromSeq: 6n, toSeq: 9n, limit: 10 })).toEqual([]);
    expect(await log.list(conversation, { ...range, limit: 0 })).toEqual([]);
  });

  it('asks only the months that hold what is wanted', async () => {
    const { log, list } = await threeMonths();
    await log.list(conversation, { fromSeq: 3n, toSeq: 4n, limit: 10 });
    expect(list.mock.calls[0]?.[0].map(({ month }) => month)).toEqual(['2026-02']);
  });

  it('answers many ranges at once, each whole', async () => {
    const { log, list } = await threeMonths();
    const answers = await log.listMany([
      { conversation, fromSeq: 2n, toSeq: 3n },
      { conversation: aConversation('2'), fromSeq: 1n, toSeq: 1n },
      { conversation, fromSeq: 5n, toSeq: 5n },
    ]);
    expect(answers.map(seqs)).toEqual([[2, 3], [], [5]]);
    expect(list).toHaveBeenCalledTimes(1);
  });

  it('looks again when it is asked for more than it has heard of', async () => {
    const { store, log } = setUp();
    const other = setUp({ store });
    await log.append(conversation, aDraft());
    await other.log.append(conversation, aDraft());
    const [messages] = await log.listMany([{ conversation, fromSeq: 1n, toSeq: 2n }]);
    expect(seqs(messages ?? [])).toEqual([1, 2]);
  });

  it('tells where a time lies', async () => {
    const { log } = await threeMonths();
    const at = (time: number) => log.firstSeqAt(conversation, time);
    expect(await at(0)).toBe(1n);
    expect(await at(january)).toBe(1n);
    expect(await at(january + 1)).toBe(2n);
    expect(await at(january + 2)).toBe(3n);
    expect(await at(Date.UTC(2026, 2, 10))).toBe(5n);
    expect(await at(Date.UTC(2026, 3, 1) + 1)).toBe(6n);
  });

  it('takes what was just said from memory', async () => {
    const { log, list } = setUp();
    const { message } = await log.append(conversation, aDraft());
    expect(await log.list(conversation, { fromSeq: 1n, toSeq: 1n, limit: 1 })).toEqual([message]);
    expect(list).not.toHaveBeenCalled();
  });

  it('finds messages by id, in the order asked for', async () => {
    const { log, messages } = await threeMonths();
    const ids = messages.map(({ id }) => id);
    const found = await log.findByIds([ids[4] as string, '1', ids[0] as string, ids[4] as string]);
    expect(found.map((message) => message?.seq ?? null)).toEqual([5n, null, 1n, 5n]);
    expect(await log.findByIds([])).toEqual([]);
  });

  it('hears of what others wrote when its head may not be trusted any more, even if the clock was set back', async () => {
    const { store, log, time } = setUp({ settings: { headTrustMs: 1_000 } });
    const other = setUp({ store });
    await log.append(conversation, aDraft());
    await other.log.append(conversation, aDraft());
    const head = async () => (await log.heads([conversation]))[0]?.seq;
    time.now += 1_000;
    expect(await head()).toBe(1n);
    time.now += 1;
    expect(await head()).toBe(2n);
    await other.log.append(conversation, aDraft());
    time.now -= day;
    expect(await head()).toBe(3n);
  });
});
