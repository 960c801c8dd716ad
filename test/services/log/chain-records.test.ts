/** Where logs are recorded: a reader without memory goes on from there, wherever the log is by then. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MessageLog } from '../../../src/stores/message-log.ts';
import { conversation, setUpLog } from '../../support/conversation-logs.ts';
import { aConversation, aDraft, february } from '../../support/drafts.ts';

/** The head and the read segments of an instance that has just started. */
async function headOf(store: MessageLog): Promise<{ seq: bigint | undefined; segmentsRead: number }> {
  const { log, tails } = setUpLog({ store });
  const [head] = await log.heads([conversation]);
  return { seq: head?.seq, segmentsRead: tails.mock.calls.reduce((sum, [keys]) => sum + keys.length, 0) };
}

describe('the record of where a log is', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A log over three months. */
  async function fill() {
    const set = setUpLog();
    for (const at of [set.time.now, february, Date.UTC(2026, 2, 15)]) {
      set.time.now = at;
      await set.log.append(conversation, aDraft());
      await set.log.append(conversation, aDraft());
    }
    return set;
  }

  it('spares a reader all months but the last', async () => {
    const { store } = await fill();
    expect(await headOf(store)).toEqual({ seq: 6n, segmentsRead: 3 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await headOf(store)).toEqual({ seq: 6n, segmentsRead: 1 });
  });

  it('is written at most once a second for each conversation, and at the end', async () => {
    const set = setUpLog();
    const raise = vi.spyOn(set.port, 'raiseChains');
    for (let count = 0; count < 20; count += 1) await set.log.append(conversation, aDraft());
    await set.log.append(aConversation('2'), aDraft({ conversationId: '2' }));
    expect(raise).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(raise.mock.calls.map(([chains]) => chains.map(({ head }) => head.seq))).toEqual([[20n, 1n]]);
    await set.log.append(conversation, aDraft());
    await set.log.close();
    expect(raise.mock.calls[1]?.[0]).toMatchObject([{ conversationId: '1', head: { seq: 21n } }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may be behind by messages and by months', async () => {
    const set = await fill();
    await vi.advanceTimersByTimeAsync(1_000);
    const [behind] = await set.store.chains(['1']);
    set.time.now = Date.UTC(2026, 4, 15);
    for (let count = 0; count < 3; count += 1) await set.log.append(conversation, aDraft());
    const store = { ...set.store, chains: async () => [behind ?? null] };
    expect(await headOf(store)).toEqual({ seq: 9n, segmentsRead: 2 });
    const { log } = setUpLog({ store });
    expect((await log.list(conversation, { fromSeq: 1n, toSeq: 9n, limit: 20 })).map(({ seq }) => Number(seq))).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
  });

  it('is not changed by later appends, and its loss costs a search', async () => {
    const set = setUpLog();
    const taken: unknown[] = [];
    set.port.raiseChains = async (chains) => {
      taken.push(...chains.flatMap(({ segments }) => segments));
      throw new Error('lost');
    };
    await set.log.append(conversation, aDraft());
    await vi.advanceTimersByTimeAsync(1_000);
    await set.log.append(conversation, aDraft());
    expect(taken).toMatchObject([{ month: '2026-01', toSeq: 1n }]);
    expect((await headOf(set.store)).seq).toBe(2n);
  });
});
