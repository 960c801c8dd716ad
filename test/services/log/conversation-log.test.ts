/** Sends become numbered messages, each once. */
import { describe, expect, it, vi } from 'vitest';
import { serverKey } from '../../../src/domain/entry-key.ts';
import { DomainError } from '../../../src/domain/errors.ts';
import type { Appended } from '../../../src/services/log/conversation-log.ts';
import type { AppendResult, MessageLog } from '../../../src/stores/message-log.ts';
import { codeOf, conversation, setUpLog } from '../../support/conversation-logs.ts';
import { aConversation, aDraft, february } from '../../support/drafts.ts';

describe('appending', () => {
  it('numbers messages 1, 2, 3 in the order they come, and counts only those of users', async () => {
    const { log, told } = setUpLog();
    const drafts = [aDraft({ kind: 'SYSTEM' }), aDraft(), aDraft()];
    const appended = await Promise.all(drafts.map((draft) => log.append(conversation, draft)));
    expect(appended.map(({ message }) => [message.id, message.seq, message.ordinal])).toEqual([
      [drafts[0]?.id, 1n, 0n],
      [drafts[1]?.id, 2n, 1n],
      [drafts[2]?.id, 3n, 2n],
    ]);
    expect(told).toEqual([1n, 2n, 3n]);
  });

  it('writes the drafts of one turn for all conversations in one call', async () => {
    const { log, append } = setUpLog();
    const other = aConversation('2');
    await Promise.all([
      log.append(conversation, aDraft()),
      log.append(other, aDraft({ conversationId: '2' })),
      log.append(conversation, aDraft()),
    ]);
    expect(append).toHaveBeenCalledTimes(1);
    expect(append.mock.calls[0]?.[0].map((one) => ('rows' in one ? one.rows.length : 0))).toEqual([2, 1]);
  });

  it('has one append of a conversation in progress, and makes one batch of later drafts', async () => {
    const { store } = setUpLog();
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const append = vi.fn(async (appends: Parameters<MessageLog['append']>[0]) => {
      await opened;
      return store.append(appends);
    });
    const { log } = setUpLog({ store: { ...store, append } });
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

  it('splits drafts that exceed a batch', async () => {
    const { log, append } = setUpLog({ settings: { batchMax: 2 } });
    const appended = await Promise.all([1, 2, 3, 4, 5].map(() => log.append(conversation, aDraft())));
    expect(appended.map(({ message }) => message.seq)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(append).toHaveBeenCalledTimes(3);
  });

  it('refuses more than may wait, and has done nothing with it', async () => {
    const { log } = setUpLog({ settings: { queueMax: 1 } });
    const first = log.append(conversation, aDraft());
    expect(await codeOf(log.append(conversation, aDraft()))).toBe('OVERLOADED');
    await first;
    expect((await log.heads([conversation]))[0]?.seq).toBe(1n);
    expect(log.queued).toBe(0);
  });

  it('takes the next number when another instance was faster', async () => {
    const { store, log } = setUpLog();
    const other = setUpLog({ store });
    await log.append(conversation, aDraft());
    await other.log.append(conversation, aDraft());
    await other.log.append(conversation, aDraft());
    expect((await log.append(conversation, aDraft())).message.seq).toBe(4n);
  });

  it('gives up as UNAVAILABLE when others are always faster', async () => {
    const { store } = setUpLog();
    const append = async (appends: Parameters<MessageLog['append']>[0]) =>
      appends.map(() => ({ appended: 0, stoppedBy: { reason: 'seqTaken' as const } }));
    const { log } = setUpLog({ store: { ...store, append }, settings: { attemptsMax: 3 } });
    expect(await codeOf(log.append(conversation, aDraft()))).toBe('UNAVAILABLE');
  });

  it('finds its place again after an answer was lost, whether or not the write was', async () => {
    const { store } = setUpLog();
    const outcomes: ('done' | 'not done')[] = ['done', 'not done'];
    const append = async (appends: Parameters<MessageLog['append']>[0]) => {
      const outcome = outcomes.shift();
      if (outcome !== 'not done') await store.append(appends);
      if (outcome !== undefined) throw new DomainError('UNAVAILABLE', 'lost');
      return store.append(appends);
    };
    const { log } = setUpLog({ store: { ...store, append } });
    const draft = aDraft();
    expect(await codeOf(log.append(conversation, draft))).toBe('UNAVAILABLE');
    expect((await log.heads([conversation]))[0]?.seq).toBe(1n);
    expect(await codeOf(log.append(conversation, aDraft()))).toBe('UNAVAILABLE');
    const { log: healthy } = setUpLog({ store });
    expect(await healthy.append(conversation, draft)).toMatchObject({ resend: true, message: { seq: 1n } });
    expect((await healthy.append(conversation, aDraft())).message.seq).toBe(2n);
  });

  it('does not trust its head while a write may still land late', async () => {
    const { store } = setUpLog();
    const late: Parameters<MessageLog['append']>[0][] = [];
    let isSlow = false;
    const append = async (appends: Parameters<MessageLog['append']>[0]) => {
      if (!isSlow) return store.append(appends);
      late.push(appends);
      throw new DomainError('UNAVAILABLE', 'late');
    };
    const { log } = setUpLog({ store: { ...store, append } });
    await log.append(conversation, aDraft());
    isSlow = true;
    expect(await codeOf(log.append(conversation, aDraft()))).toBe('UNAVAILABLE');
    expect((await log.heads([conversation]))[0]?.seq).toBe(1n);
    for (const appends of late) await store.append(appends);
    expect((await log.heads([conversation]))[0]?.seq).toBe(2n);
  });
});

describe('resends', () => {
  it('are answered with the first message, and not announced again', async () => {
    const { log, told } = setUpLog();
    const draft = aDraft();
    const first = await log.append(conversation, draft);
    const again = await log.append(conversation, { ...draft, id: aDraft().id });
    expect(first.resend).toBe(false);
    expect(again).toEqual({ resend: true, message: first.message });
    expect(told).toEqual([1n]);
  });

  it('of the server’s own entries are found by their key, even with another text', async () => {
    const { log } = setUpLog();
    const draft = aDraft({ kind: 'SYSTEM', key: serverKey('55'), body: { text: 'Ann left.' } });
    const first = await log.append(conversation, draft);
    const reworded = { ...draft, id: aDraft().id, body: { text: 'Ann has left the group.' } };
    expect(await log.append(conversation, reworded)).toEqual({ resend: true, message: first.message });
  });

  it('with another content are ID_CONFLICT; for another conversation they are messages of their own', async () => {
    const { log } = setUpLog();
    const draft = aDraft();
    await log.append(conversation, draft);
    expect(await codeOf(log.append(conversation, { ...draft, body: { text: 'other' } }))).toBe('ID_CONFLICT');
    const elsewhere = await log.append(aConversation('2'), { ...draft, id: aDraft().id, conversationId: '2' });
    expect(elsewhere).toMatchObject({ resend: false, message: { seq: 1n } });
    expect((await log.append(conversation, aDraft())).message.seq).toBe(2n);
  });

  it('with the same data in another order of keys are the same', async () => {
    const { log } = setUpLog();
    const draft = aDraft({ body: { text: 't', data: { a: 1, b: 2 } } });
    await log.append(conversation, draft);
    const again = { ...draft, body: { text: 't', data: { b: 2, a: 1 } } };
    expect((await log.append(conversation, again)).resend).toBe(true);
  });

  it('in one batch become one message, and a different one among them is ID_CONFLICT', async () => {
    const { log } = setUpLog();
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

  it('in one batch are each compared with the stored message', async () => {
    const { log } = setUpLog();
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
    const { log } = setUpLog();
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
    const { log, time } = setUpLog();
    const endOfMonth = Date.UTC(2026, 1, 1) - 1_000;
    time.now = endOfMonth;
    const draft = aDraft({}, endOfMonth - 100_000);
    await log.append(conversation, draft);
    time.now = endOfMonth + 60_000;
    await log.append(conversation, aDraft());
    expect(await log.append(conversation, draft)).toMatchObject({ resend: true, message: { seq: 1n } });
  });

  it('are looked for in no month older than a day, unless the clock cannot be trusted', async () => {
    const { log, time, findByKeys } = setUpLog();
    await log.append(conversation, aDraft());
    time.now = february;
    await log.append(conversation, aDraft());
    expect(findByKeys).not.toHaveBeenCalled();
    const doubting = setUpLog({ isTrusted: false });
    await doubting.log.append(conversation, aDraft());
    doubting.time.now = february;
    await doubting.log.append(conversation, aDraft());
    expect(doubting.findByKeys.mock.calls.map(([month]) => month)).toEqual(['2026-01']);
  });
});

describe('an id that is taken', () => {
  it('is replaced until it is free, for a message and for a seal', async () => {
    const { store, log, time, append } = setUpLog();
    const other = aConversation('2');
    const taken = Array.from({ length: 3 }, () => aDraft({ conversationId: '2' }));
    await Promise.all(taken.map((draft) => log.append(other, draft)));
    const drafts = taken.map(({ id }) => aDraft({ id }));
    const appended = await Promise.all(drafts.map((draft) => log.append(conversation, draft)));
    expect(appended.map(({ message, resend }) => [message.seq, message.key, resend])).toEqual(
      drafts.map(({ key }, index) => [BigInt(index + 1), key, false]),
    );
    const ids = appended.map(({ message }) => message.id);
    expect(new Set([...ids, ...taken.map(({ id }) => id)]).size).toBe(6);
    expect(append).toHaveBeenCalledTimes(3);

    // The seal of January finds its first id taken, too.
    const results: unknown[] = [];
    append.mockImplementation(async (appends) => {
      const isFirst = results.length === 0;
      const answers = isFirst
        ? appends.map(() => ({ appended: 0, stoppedBy: { reason: 'idTaken' as const } }))
        : await store.append(appends);
      results.push(...answers);
      return answers;
    });
    time.now = february;
    expect((await log.append(conversation, aDraft({ id: '1' }))).message).toMatchObject({ seq: 4n });
    expect(await store.months()).toEqual(['2026-01', '2026-02']);
  });

  it('fails alone if all ids that a batch is given are taken', async () => {
    const { store } = setUpLog();
    const append = async (appends: Parameters<MessageLog['append']>[0]) =>
      Promise.all(
        appends.map(async (one) =>
          one.conversationId === '1'
            ? { appended: 0, stoppedBy: { reason: 'idTaken' as const } }
            : ((await store.append([one]))[0] as AppendResult),
        ),
      );
    const { log } = setUpLog({ store: { ...store, append }, settings: { attemptsMax: 0 } });
    const [first, ...others] = ['1', '2', '3'].map((id) =>
      log.append(aConversation(id), aDraft({ conversationId: id })),
    ) as [Promise<Appended>, ...Promise<Appended>[]];
    expect(await codeOf(first)).toBe('UNAVAILABLE');
    expect((await Promise.all(others)).map(({ message }) => message.seq)).toEqual([1n, 1n]);
  });

  it('fails if all ids that a seal is given are taken', async () => {
    const { store } = setUpLog();
    const append = vi.fn(async (appends: Parameters<MessageLog['append']>[0]) => {
      if (append.mock.calls.length > 100) throw new Error('it never ends');
      return appends.map(() => ({ appended: 0, stoppedBy: { reason: 'idTaken' as const } }));
    });
    const { log, time } = setUpLog({ store: { ...store, append }, settings: { attemptsMax: 3 } });
    time.now = february;
    expect(await codeOf(log.append(conversation, aDraft()))).toBe('UNAVAILABLE');
  });

  it('is looked for by readers while an append without an answer may be written, even if its head was evicted', async () => {
    const { store } = setUpLog();
    const held: Parameters<MessageLog['append']>[0][] = [];
    let isAnswering = true;
    const append = async (appends: Parameters<MessageLog['append']>[0]) => {
      if (isAnswering) return store.append(appends);
      held.push(appends);
      throw new DomainError('UNAVAILABLE', 'no answer');
    };
    const { log } = setUpLog({ store: { ...store, append }, settings: { chainsMax: 1, askAgainAfterMs: [] } });
    const other = aConversation('2');
    await log.append(conversation, aDraft());
    isAnswering = false;
    const failing = log.append(conversation, aDraft());
    // Evicts the chain of the conversation that is being written to.
    await log.heads([other]);
    expect(await codeOf(failing)).toBe('UNAVAILABLE');
    await log.heads([other]);
    expect((await log.heads([conversation])).map(({ seq }) => seq)).toEqual([1n]);
    await store.append(held.flat());
    expect((await log.heads([conversation])).map(({ seq }) => seq)).toEqual([2n]);
    isAnswering = true;
    await log.append(conversation, aDraft());
    expect((await log.heads([conversation])).map(({ seq }) => seq)).toEqual([3n]);
  });
});
