import { describe, expect, it, vi } from 'vitest';
import { DomainError } from '../../../src/domain/errors.ts';
import type { InboxRun } from '../../../src/domain/inbox.ts';
import { createInboxWriter, type InboxWriterSettings } from '../../../src/services/inbox/inbox-writer.ts';
import type { InboxStore } from '../../../src/stores/inbox-store.ts';
import { createMemoryMessageStore } from '../../../src/stores/memory/memory-message-store.ts';

function setUp(options: { store?: InboxStore; settings?: Partial<InboxWriterSettings>; isSoleWriter?: boolean } = {}) {
  const store = options.store ?? createMemoryMessageStore().inboxes;
  const append = vi.fn(store.append);
  const heads = vi.fn(store.heads);
  const told: InboxRun[] = [];
  const writer = createInboxWriter({
    inboxes: { ...store, append, heads },
    isSoleWriter: options.isSoleWriter ?? true,
    settings: { guessesMax: 10, ...options.settings },
    onEntered: (runs) => told.push(...runs),
  });
  const enter = (userId: string, conversationId: string, upTo: bigint, joinedSeq = 0n) =>
    writer.enter([{ userId, conversationId, joinedSeq, upTo }]);
  const runsOf = async (userId: string) =>
    (await store.list(userId, 0n, 1_000)).map((run) => [
      Number(run.seq),
      run.conversationId,
      Number(run.fromSeq),
      Number(run.toSeq),
      ...(run.truncated ? ['truncated'] : []),
    ]);
  return { store, append, heads, told, writer, enter, runsOf };
}

describe('entering', () => {
  it('writes no more than its bound in one append, in order for each user, however much waits', async () => {
    const { writer, append, runsOf } = setUp({ settings: { flushMax: 10, guessesMax: 1_000 } });
    const users = Array.from({ length: 35 }, (_, index) => String(index + 1));
    const entries = users.map((userId) => ({ userId, conversationId: 'a', joinedSeq: 0n, upTo: 2n }));
    // And one user with more than a flush takes.
    const many = Array.from({ length: 25 }, (_, index) => ({
      userId: '1',
      conversationId: `c${index}`,
      joinedSeq: 0n,
      upTo: 1n,
    }));
    await Promise.all([writer.enter(entries), writer.enter(many)]);
    for (const [runs] of append.mock.calls) expect(runs.length).toBeLessThanOrEqual(10);
    expect(await runsOf('35')).toEqual([[1, 'a', 1, 2]]);
    expect((await runsOf('1')).map(([seq, id]) => [seq, id])).toEqual([
      [1, 'a'],
      ...many.map(({ conversationId }, index) => [index + 3, conversationId]),
    ]);
  });

  it('numbers an inbox over all its conversations without a gap', async () => {
    const { enter, runsOf, told } = setUp();
    await enter('101', 'a', 2n);
    await enter('101', 'b', 1n);
    await enter('101', 'a', 5n);
    expect(await runsOf('101')).toEqual([
      [1, 'a', 1, 2],
      [3, 'b', 1, 1],
      [4, 'a', 3, 5],
    ]);
    expect(told.map(({ seq }) => Number(seq))).toEqual([1, 3, 4]);
  });

  it('changes nothing the second time', async () => {
    const { enter, append, runsOf } = setUp();
    await enter('101', 'a', 2n);
    await enter('101', 'a', 2n);
    await enter('101', 'a', 1n);
    expect(append).toHaveBeenCalledTimes(1);
    expect(await runsOf('101')).toEqual([[1, 'a', 1, 2]]);
  });

  it('begins after the message that precedes a member’s joining, also when they rejoin', async () => {
    const { enter, runsOf } = setUp();
    await enter('101', 'a', 4n, 2n);
    await enter('101', 'a', 9n, 7n);
    await enter('101', 'b', 3n, 3n);
    expect(await runsOf('101')).toEqual([
      [1, 'a', 3, 4],
      [3, 'a', 8, 9],
    ]);
  });

  it('repairs entries that an earlier crash interrupted', async () => {
    const { store, enter, runsOf } = setUp();
    await enter('101', 'a', 1n);
    const { enter: enterAfterRestart } = setUp({ store });
    await enterAfterRestart('101', 'a', 4n);
    expect(await runsOf('101')).toEqual([
      [1, 'a', 1, 1],
      [2, 'a', 2, 4],
    ]);
  });

  it('represents a long backlog by one number, without messages that are fanned out just now', async () => {
    const { writer, runsOf } = setUp({ settings: { backlogMax: 2 } });
    const entry = { userId: '101', conversationId: 'a', joinedSeq: 0n };
    await writer.enter([{ ...entry, upTo: 4n, wholeFrom: 1n }]);
    await writer.enter([{ ...entry, upTo: 12n, wholeFrom: 9n }]);
    await writer.enter([{ ...entry, upTo: 16n }]);
    expect(await runsOf('101')).toEqual([
      [1, 'a', 1, 4],
      [5, 'a', 5, 8, 'truncated'],
      [6, 'a', 9, 12],
      [10, 'a', 13, 14, 'truncated'],
      [11, 'a', 15, 16],
    ]);
  });

  it('writes all users of a call together', async () => {
    const { writer, append } = setUp();
    const entries = ['101', '102', '103'].map((userId) => ({ userId, conversationId: 'a', joinedSeq: 0n, upTo: 1n }));
    await writer.enter(entries);
    expect(append).toHaveBeenCalledTimes(1);
    expect(append.mock.calls[0]?.[0]).toHaveLength(3);
  });

  it('takes a user twice in one call', async () => {
    const { writer, runsOf } = setUp();
    const entry = { userId: '101', joinedSeq: 0n };
    await writer.enter([
      { ...entry, conversationId: 'a', upTo: 1n },
      { ...entry, conversationId: 'a', upTo: 3n },
      { ...entry, conversationId: 'b', upTo: 1n },
    ]);
    expect(await runsOf('101')).toEqual([
      [1, 'a', 1, 1],
      [2, 'a', 2, 3],
      [4, 'b', 1, 1],
    ]);
  });

  it('puts a backlog that is too long into one number, and the newest after it', async () => {
    const { enter, runsOf, writer } = setUp({ settings: { backlogMax: 3 } });
    await enter('101', 'a', 10n, 2n);
    await enter('101', 'b', 1n);
    expect(await runsOf('101')).toEqual([
      [1, 'a', 3, 7, 'truncated'],
      [2, 'a', 8, 10],
      [5, 'b', 1, 1],
    ]);
    expect(await writer.heads(['101'])).toEqual([5n]);
  });

  it('does not shorten a backlog of just the size', async () => {
    const { enter, runsOf } = setUp({ settings: { backlogMax: 3 } });
    await enter('101', 'a', 3n);
    expect(await runsOf('101')).toEqual([[1, 'a', 1, 3]]);
  });

  it('reads again and continues when another instance was faster', async () => {
    const { store, enter, runsOf } = setUp({ isSoleWriter: false });
    const other = setUp({ store, isSoleWriter: false });
    await enter('101', 'a', 1n);
    await other.enter('101', 'a', 3n);
    await other.enter('101', 'b', 1n);
    await enter('101', 'a', 5n);
    expect(await runsOf('101')).toEqual([
      [1, 'a', 1, 1],
      [2, 'a', 2, 3],
      [4, 'b', 1, 1],
      [5, 'a', 4, 5],
    ]);
  });

  it('gives up as UNAVAILABLE when others are always faster', async () => {
    const { store } = setUp();
    const { enter } = setUp({
      store: { ...store, append: async (runs) => runs.map(() => false) },
      settings: { attemptsMax: 3 },
    });
    await expect(enter('101', 'a', 1n)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('knows the head again once a write whose answer was lost has landed', async () => {
    const { store } = setUp();
    const late: (readonly InboxRun[])[] = [];
    const append: InboxStore['append'] = async (runs) => {
      late.push(runs);
      throw new DomainError('UNAVAILABLE', 'late');
    };
    const { enter, writer } = setUp({ store: { ...store, append } });
    await expect(enter('101', 'a', 2n)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await writer.heads(['101'])).toEqual([0n]);
    for (const runs of late) await store.append(runs);
    await enter('101', 'a', 2n);
    expect(await writer.heads(['101'])).toEqual([2n]);
  });
});

describe('heads', () => {
  it('come from memory for a sole writer, and from the store otherwise', async () => {
    const alone = setUp();
    await alone.enter('101', 'a', 2n);
    alone.heads.mockClear();
    expect(await alone.writer.heads(['101', '102'])).toEqual([2n, 0n]);
    expect(alone.heads.mock.calls).toEqual([[['102']]]);
    const shared = setUp({ store: alone.store, isSoleWriter: false });
    expect(await shared.writer.heads(['101'])).toEqual([2n]);
    await alone.enter('101', 'a', 3n);
    expect(await shared.writer.heads(['101'])).toEqual([3n]);
  });
});

describe('an entry that an earlier one of the same moment covers', () => {
  it('is entered only if that one is', async () => {
    const store = createMemoryMessageStore().inboxes;
    let isAway = false;
    const heads: InboxStore['heads'] = async (userIds) => {
      if (isAway) throw new DomainError('UNAVAILABLE', 'away');
      return store.heads(userIds);
    };
    const { enter } = setUp({ store: { ...store, heads } });
    await enter('101', 'a', 1n);
    // Another instance is faster, and the store is unavailable when the refused run is retried.
    await setUp({ store }).enter('101', 'a', 2n);
    isAway = true;
    const outcomes = await Promise.allSettled([enter('101', 'a', 3n), enter('101', 'a', 3n)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isAway = false;
    await enter('101', 'a', 3n);
    expect(await store.heads(['101'])).toEqual([3n]);
  });
});
