/** One log over many months, and reads from it. */
import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/domain/message.ts';
import { monthOf } from '../../../src/domain/month.ts';
import { snowflakeTime } from '../../../src/domain/snowflake.ts';
import { conversation, setUpLog } from '../../support/conversation-logs.ts';
import { aConversation, aDraft, day, february, january } from '../../support/drafts.ts';

describe('months', () => {
  it('are sealed before the next is used, and numbers continue', async () => {
    const { store, log, time } = setUpLog();
    await log.append(conversation, aDraft());
    time.now = february;
    const { message } = await log.append(conversation, aDraft({}, february - day));
    expect(message).toMatchObject({ seq: 2n, sentAt: february });
    const [tail] = await store.tails([{ conversationId: '1', month: '2026-01' }]);
    expect(tail?.seal).toMatchObject({ seq: 2n, next: '2026-02' });
  });

  it('that were never used are passed over', async () => {
    const { store, log, time } = setUpLog();
    time.now = Date.UTC(2027, 4, 1);
    expect((await log.append(conversation, aDraft())).message.seq).toBe(1n);
    const [tail] = await store.tails([{ conversationId: '1', month: '2026-01' }]);
    expect(tail).toMatchObject({ last: null, seal: { seq: 1n, next: '2027-05' } });
    expect(await store.months()).toEqual(['2026-01', '2027-05']);
  });

  it('are not gone back to by a clock that is behind: its messages get the time of the one before', async () => {
    const { store, log, time } = setUpLog();
    time.now = february;
    await log.append(conversation, aDraft());
    const slow = setUpLog({ store });
    const { message } = await slow.log.append(conversation, aDraft());
    expect(message).toMatchObject({ seq: 2n, sentAt: february });
  });

  it('follow the newest id of a batch, so that an id leads to its message', async () => {
    const { store, log } = setUpLog();
    const draft = aDraft({}, february);
    const { message } = await log.append(conversation, draft);
    expect(message.sentAt).toBe(Date.UTC(2026, 1, 1));
    expect(await store.findByIds('2026-02', [draft.id])).toHaveLength(1);
    expect((await log.findByIds([draft.id]))[0]?.seq).toBe(1n);
  });
});

describe('an id of a time that has not come', () => {
  it('is replaced before the message is stored, and seals no month', async () => {
    const { store, log, time } = setUpLog();
    time.latest = january + 30_000;
    const early = aDraft({}, january + 20_000);
    const ahead = aDraft({}, february);
    const [first, second] = await Promise.all([log.append(conversation, early), log.append(conversation, ahead)]);
    expect(first.message).toMatchObject({ id: early.id, seq: 1n, sentAt: january });
    expect(second.message).toMatchObject({ key: ahead.key, seq: 2n, sentAt: january });
    expect(monthOf(snowflakeTime(second.message.id))).toBe('2026-01');
    expect(await store.months()).toEqual(['2026-01']);
    expect((await log.findByIds([second.message.id]))[0]?.seq).toBe(2n);
  });
});

describe('reading', () => {
  async function threeMonths() {
    const { store, log, time } = setUpLog();
    const messages: Message[] = [];
    for (const at of [january, january + 1, february, february + 1, Date.UTC(2026, 3, 1)]) {
      time.now = at;
      messages.push((await log.append(conversation, aDraft({}, january - day))).message);
    }
    // Another instance, which has nothing in memory.
    return { ...setUpLog({ store }), messages };
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

  it('reads only the months that contain the requested range', async () => {
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
    const { store, log } = setUpLog();
    const other = setUpLog({ store });
    await log.append(conversation, aDraft());
    await other.log.append(conversation, aDraft());
    const [messages] = await log.listMany([{ conversation, fromSeq: 1n, toSeq: 2n }]);
    expect(seqs(messages ?? [])).toEqual([1, 2]);
  });

  it('finds the position of a time', async () => {
    const { log } = await threeMonths();
    const at = (time: number) => log.firstSeqAt(conversation, time);
    expect(await at(0)).toBe(1n);
    expect(await at(january)).toBe(1n);
    expect(await at(january + 1)).toBe(2n);
    expect(await at(january + 2)).toBe(3n);
    expect(await at(Date.UTC(2026, 2, 10))).toBe(5n);
    expect(await at(Date.UTC(2026, 3, 1) + 1)).toBe(6n);
  });

  it('takes the newest messages from memory', async () => {
    const { log, list } = setUpLog();
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

  it('finds other writers’ messages when its head is no longer trusted, whatever the clock says', async () => {
    const { store, log, time } = setUpLog({ isSoleWriter: false, settings: { headTrustMs: 1_000 } });
    const other = setUpLog({ store });
    await log.append(conversation, aDraft());
    await other.log.append(conversation, aDraft());
    const head = async () => (await log.heads([conversation]))[0]?.seq;
    time.elapsed += 1_000;
    time.now += day;
    expect(await head()).toBe(1n);
    expect((await log.readHeads([conversation]))[0]?.seq).toBe(2n);
    await other.log.append(conversation, aDraft());
    time.elapsed += 1_001;
    time.now -= 2 * day;
    expect(await head()).toBe(3n);
  });

  it('finds a message by its key, in whichever month it is', async () => {
    const { log, messages } = await threeMonths();
    for (const { key, seq } of messages) expect((await log.findByKey(conversation, key))?.seq).toBe(seq);
    expect(await log.findByKey(conversation, 'server:1')).toBeNull();
  });
});
