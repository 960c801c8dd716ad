import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DomainError } from '../../../src/domain/errors.ts';
import type { Follower } from '../../../src/services/log/conversation-log.ts';
import { conversation, setUpLog as createLog } from '../../support/conversation-logs.ts';
import { aConversation, aDraft, january } from '../../support/drafts.ts';

/** A log whose followers are recorded at once. */
function setUpLog(options: Parameters<typeof createLog>[0] = {}) {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const made = createLog({ onError, ...options, settings: { recordEveryMs: 0, ...options.settings } });
  return { ...made, errors };
}

/** A follower whose turns end when the test says so. */
function aFollower() {
  const calls: { seqs: bigint[]; resolve: () => void; reject: (error: unknown) => void }[] = [];
  const follower: Follower = {
    take: (_id, messages) =>
      new Promise((resolve, reject) => {
        calls.push({ seqs: messages.map(({ seq }) => seq), resolve, reject });
      }),
  };
  return { follower, calls };
}

/** A follower that finishes at once, and the messages that it received. */
function aSwiftFollower() {
  const taken: bigint[][] = [];
  const follower: Follower = { take: async (_id, messages) => void taken.push(messages.map(({ seq }) => seq)) };
  return { follower, taken };
}

const unavailable = () => new DomainError('UNAVAILABLE', 'not now');

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

describe('followers of the log', () => {
  it('take messages in the order in which they were added, before the sender is answered', async () => {
    const { log } = setUpLog();
    const order: string[] = [];
    for (const name of ['first', 'second'])
      log.follow({
        note: () => order.push(`${name} notes`),
        take: async () => void order.push(`${name} takes`),
        finish: async () => void order.push(`${name} finishes`),
      });
    await log.append(conversation, aDraft());
    order.push('answered');
    await log.close();
    expect(order).toEqual([
      'first notes',
      'second notes',
      'first takes',
      'second takes',
      'answered',
      'first finishes',
      'second finishes',
    ]);
  });

  it('leave a message unfinished in the store until each of them is done with it', async () => {
    const { store, log } = setUpLog();
    const [one, other] = [aFollower(), aFollower()];
    log.follow(one.follower);
    log.follow(other.follower);
    await log.append(conversation, aDraft());
    one.calls[0]?.resolve();
    expect(await log.unfinished()).toMatchObject({ count: 1, oldestAt: expect.any(Number) });
    expect(await store.listUnfinished(null, 10)).toHaveLength(1);
    other.calls[0]?.resolve();
    await log.close();
    expect(await store.listUnfinished(null, 10)).toEqual([]);
    expect(await log.unfinished()).toEqual({ count: 0, oldestAt: null });
  });

  it('get a message that one of them gave up again after a pause', async () => {
    const { store, log, errors } = setUpLog();
    const { follower, calls } = aFollower();
    log.follow(follower);
    await log.append(conversation, aDraft());
    calls[0]?.reject(unavailable());
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    await vi.advanceTimersByTimeAsync(100);
    expect(calls.map(({ seqs }) => seqs)).toEqual([[1n], [1n]]);
    calls[1]?.resolve();
    await log.close();
    expect(await store.listUnfinished(null, 10)).toEqual([]);
  });

  it('are given no more than their bound at a time; the rest is read back when there is room', async () => {
    const { store, log } = setUpLog({ settings: { inFlightMax: 2 } });
    const { follower, calls } = aFollower();
    log.follow(follower);
    for (let count = 0; count < 5; count += 1) await log.append(conversation, aDraft());
    expect(calls.map(({ seqs }) => seqs)).toEqual([[1n], [2n]]);
    expect(await log.unfinished()).toMatchObject({ count: 5 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(calls).toHaveLength(2);
    for (let done = 0; done < 5; done += 1) {
      await vi.waitFor(async () => {
        await vi.advanceTimersByTimeAsync(1_000);
        expect(calls.length).toBeGreaterThan(done);
      });
      calls[done]?.resolve();
    }
    await log.close();
    expect(calls.flatMap(({ seqs }) => seqs)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(await store.listUnfinished(null, 10)).toEqual([]);
  });

  it('are not waited for longer than a moment when the log closes', async () => {
    const { log } = setUpLog({ settings: { closeWaitMs: 3_000 } });
    log.follow(aFollower().follower);
    await log.append(conversation, aDraft());
    const closed = vi.fn();
    void log.close().then(closed);
    await vi.advanceTimersByTimeAsync(2_999);
    expect(closed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(closed).toHaveBeenCalled();
  });
});

describe('a message stored by an append that was not answered in time', () => {
  /** A log over a store whose next append is answered as unavailable, and carried out when the test says so. */
  function setUpLateStore() {
    const made = setUpLog();
    const { store, log, append } = made;
    const { follower, taken } = aSwiftFollower();
    log.follow(follower);
    let carryOut = async () => {};
    append.mockImplementationOnce(async (appends) => {
      carryOut = async () => void (await store.append(appends));
      throw unavailable();
    });
    return { ...made, taken, carryOut: () => carryOut() };
  }

  it('is handed to the followers as soon as it is found', async () => {
    const { log, taken, carryOut } = setUpLateStore();
    await expect(log.append(conversation, aDraft())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await vi.advanceTimersByTimeAsync(600);
    expect(taken).toEqual([]);
    await carryOut();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(taken).toEqual([[1n]]);
  });

  it('is handed to the followers with its resend', async () => {
    const { log, taken, carryOut } = setUpLateStore();
    const draft = aDraft();
    await expect(log.append(conversation, draft)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await carryOut();
    expect(await log.append(conversation, { ...draft, id: aDraft().id })).toMatchObject({ resend: true });
    expect(taken).toEqual([[1n]]);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(taken).toEqual([[1n]]);
  });

  it('is looked for only so often: an append that never happened leaves nothing to do', async () => {
    const { log, findByKeys } = setUpLateStore();
    await expect(log.append(conversation, aDraft())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await vi.advanceTimersByTimeAsync(1_000_000);
    expect(findByKeys.mock.calls.length).toBeLessThanOrEqual(10);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a sweep', () => {
  it('hands out messages that an earlier process left behind, in runs without a hole', async () => {
    const { store, log: earlier } = setUpLog();
    earlier.follow(aFollower().follower);
    const messages = [];
    for (let count = 0; count < 4; count += 1) messages.push((await earlier.append(conversation, aDraft())).message);
    await store.markFollowed([{ month: '2026-01', conversationId: conversation.id, id: messages[1]?.id ?? '' }]);
    const { log } = setUpLog({ store });
    const { follower, taken } = aSwiftFollower();
    log.follow(follower);
    expect(await log.sweep(0)).toBe(3);
    expect(taken).toEqual([[1n], [3n, 4n]]);
  });

  it('gives followers nothing that they are still busy with', async () => {
    const { log } = setUpLog();
    const { follower, calls } = aFollower();
    log.follow(follower);
    await log.append(conversation, aDraft());
    expect(await log.sweep(0)).toBe(0);
    expect(calls).toHaveLength(1);
    calls[0]?.resolve();
    await log.close();
  });

  it('is not held up by conversations that fail: the pages after them have their turn', async () => {
    const { store, log: earlier } = setUpLog();
    earlier.follow(aFollower().follower);
    for (const id of ['1', '1', '1', '2']) await earlier.append(aConversation(id), aDraft({ conversationId: id }));
    const { log, errors } = setUpLog({ store, settings: { sweepPage: 2 } });
    const taken: string[] = [];
    log.follow({
      async take(id) {
        if (id === '1') throw unavailable();
        taken.push(id);
      },
    });
    expect(await log.sweep(0)).toBe(1);
    expect(taken).toEqual(['2']);
    expect(errors.length).toBeGreaterThan(0);
    await log.close();
  });

  it('never runs beside another', async () => {
    const { store, log: earlier } = setUpLog();
    earlier.follow(aFollower().follower);
    await earlier.append(conversation, aDraft());
    const { log } = setUpLog({ store });
    const { follower, calls } = aFollower();
    log.follow(follower);
    const sweeps = [log.sweep(0), log.sweep(0)];
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    calls[0]?.resolve();
    expect(await Promise.all(sweeps)).toEqual([1, 1]);
    expect(calls).toHaveLength(1);
  });

  it('goes by the time since it first found a message, not by sentAt: a clock that was ahead hides nothing', async () => {
    const { store, log: earlier, time } = setUpLog();
    earlier.follow(aFollower().follower);
    time.now = Date.UTC(2031, 0, 1);
    await earlier.append(conversation, aDraft({}, time.now));
    const { log, time: later } = setUpLog({ store });
    later.now = january;
    const { follower, taken } = aSwiftFollower();
    log.follow(follower);
    expect(await log.sweep(300_000)).toBe(0);
    later.elapsed = 299_999;
    expect(await log.sweep(300_000)).toBe(0);
    later.elapsed = 300_000;
    expect(await log.sweep(300_000)).toBe(1);
    expect(taken).toEqual([[1n]]);
  });
});
