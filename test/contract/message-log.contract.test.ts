import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeBody } from '../../src/domain/message.ts';
import type { MessageRow } from '../../src/stores/message-log.ts';
import { aRow, describeMessageStores, type OpenStores, rows } from './message-store-drivers.ts';

const month = '2026-01';

describeMessageStores('MessageLog', (open) => {
  let store: OpenStores;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store[Symbol.asyncDispose]());
  const seqs = (list: readonly { seq: bigint }[] | undefined) => (list ?? []).map(({ seq }) => Number(seq));
  const range = (fromSeq: number, toSeq: number, limit = 100, newestFirst = false) => ({
    conversationId: '1',
    month,
    fromSeq: BigInt(fromSeq),
    toSeq: BigInt(toSeq),
    limit,
    newestFirst,
  });

  it('writes rows of many conversations in order, visible to the next read', async () => {
    const results = await store.messageLog.append([
      { conversationId: '1', month, rows: rows('1', 1, 3) },
      { conversationId: '2', month, rows: rows('2', 1, 1) },
    ]);
    expect(results).toEqual([{ appended: 3 }, { appended: 1 }]);
    const [tail] = await store.messageLog.tails([{ conversationId: '1', month }]);
    expect(tail?.last?.seq).toBe(3n);
    expect(tail?.seal).toBeNull();
    expect(await store.messageLog.months()).toEqual([month]);
  });

  it('stops at the first number that is taken, and writes nothing after it', async () => {
    await store.messageLog.append([{ conversationId: '1', month, rows: rows('1', 1, 2) }]);
    const [result] = await store.messageLog.append([{ conversationId: '1', month, rows: rows('1', 2, 4) }]);
    expect(result).toEqual({ appended: 0, stoppedBy: { reason: 'seqTaken' } });
    const [list] = await store.messageLog.list([range(1, 10)]);
    expect(seqs(list)).toEqual([1, 2]);
  });

  it('knows a resend before it looks at the number, and gives the row it found', async () => {
    const first = aRow({ seq: 1n });
    await store.messageLog.append([{ conversationId: '1', month, rows: [first] }]);
    const again = { ...first, id: '99' };
    const [result] = await store.messageLog.append([{ conversationId: '1', month, rows: [again] }]);
    expect(result?.stoppedBy).toMatchObject({ reason: 'resend', existing: { id: first.id } });
    const [mixed] = await store.messageLog.append([
      { conversationId: '1', month, rows: [aRow({ seq: 2n }), { ...first, seq: 3n }, aRow({ seq: 4n })] },
    ]);
    expect(mixed).toMatchObject({ appended: 1, stoppedBy: { reason: 'resend' } });
  });

  it('stops at an id that is used in the segment, by a message or a seal, before and after it was closed', async () => {
    const first = aRow({ seq: 1n });
    const seal = { id: '600', conversationId: '2', seq: 1n, next: '2026-02' };
    const [other, ...ids] = [aRow({ seq: 2n }), first.id, seal.id];
    await store.messageLog.append([
      { conversationId: '1', month, rows: [first] },
      { conversationId: '2', month, seal },
    ]);
    for (const _ of [1, 2]) {
      for (const id of ids) {
        const twice = { ...other, id } as MessageRow;
        expect(await store.messageLog.append([{ conversationId: '1', month, rows: [twice] }])).toEqual([
          { appended: 0, stoppedBy: { reason: 'idTaken' } },
        ]);
        const sealed = { ...seal, id: id as string, conversationId: '3' };
        expect(await store.messageLog.append([{ conversationId: '3', month, seal: sealed }])).toEqual([
          { appended: 0, stoppedBy: { reason: 'idTaken' } },
        ]);
      }
      await store.reopen();
    }
    expect(await store.messageLog.findByIds(month, ids as string[])).toEqual([first]);
  });

  it('stops at an id that two rows of one call have, but knows a resend by its key first', async () => {
    const first = aRow({ seq: 1n });
    const results = await store.messageLog.append([
      { conversationId: '1', month, rows: [first, aRow({ seq: 2n, id: first.id }), aRow({ seq: 3n })] },
      { conversationId: '2', month, rows: [aRow({ conversationId: '2', seq: 1n, id: first.id })] },
    ]);
    expect(results).toEqual([
      { appended: 1, stoppedBy: { reason: 'idTaken' } },
      { appended: 0, stoppedBy: { reason: 'idTaken' } },
    ]);
    const [again] = await store.messageLog.append([{ conversationId: '1', month, rows: [{ ...first, seq: 2n }] }]);
    expect(again?.stoppedBy).toEqual({ reason: 'resend', existing: first });
  });

  it('keeps an id that two months have apart', async () => {
    const january = aRow({ seq: 1n });
    const february = aRow({ id: january.id, conversationId: '2', seq: 1n, sentAt: Date.UTC(2026, 1, 15) });
    await store.messageLog.append([
      { conversationId: '1', month, rows: [january] },
      { conversationId: '2', month: '2026-02', rows: [february] },
    ]);
    await store.messageLog.markFollowed([{ month: '2026-02', conversationId: '2', id: february.id }]);
    for (const _ of [1, 2]) {
      expect(await store.messageLog.findByIds(month, [january.id])).toEqual([january]);
      expect(await store.messageLog.findByIds('2026-02', [january.id])).toMatchObject([{ conversationId: '2' }]);
      expect(await store.messageLog.listUnfinished(null, 10)).toEqual([january]);
      await store.reopen();
    }
  });

  it('keeps keys apart by conversation', async () => {
    const first = aRow({ seq: 1n });
    await store.messageLog.append([{ conversationId: '1', month, rows: [first] }]);
    const elsewhere = aRow({ conversationId: '2', seq: 1n, key: first.key });
    expect(await store.messageLog.append([{ conversationId: '2', month, rows: [elsewhere] }])).toEqual([
      { appended: 1 },
    ]);
    for (const _ of [1, 2]) {
      const keys = [first, elsewhere].map(({ conversationId, key }) => ({ conversationId, key }));
      expect(await store.messageLog.findByKeys(month, keys)).toEqual([first, elsewhere]);
      await store.reopen();
    }
    const again = { ...elsewhere, id: '99', seq: 2n };
    const [result] = await store.messageLog.append([{ conversationId: '2', month, rows: [again] }]);
    expect(result?.stoppedBy).toEqual({ reason: 'resend', existing: elsewhere });
  });

  it('lets of two that race for a number one win', async () => {
    const [a, b] = await Promise.all(
      [1, 2].map(() => store.messageLog.append([{ conversationId: '1', month, rows: [aRow({ seq: 1n })] }])),
    );
    expect([a?.[0]?.appended, b?.[0]?.appended].sort()).toEqual([0, 1]);
  });

  it('ends a segment with a seal, which takes the number after the last', async () => {
    const seal = { id: '500', conversationId: '1', seq: 3n, next: '2026-02' };
    await store.messageLog.append([{ conversationId: '1', month, rows: rows('1', 1, 2) }]);
    expect(await store.messageLog.append([{ conversationId: '1', month, seal }])).toEqual([{ appended: 1 }]);
    const second = { ...seal, id: '501', next: '2026-03' };
    expect((await store.messageLog.append([{ conversationId: '1', month, seal: second }]))[0]?.stoppedBy).toEqual({
      reason: 'seqTaken',
    });
    expect((await store.messageLog.append([{ conversationId: '1', month, rows: rows('1', 3, 3) }]))[0]?.appended).toBe(
      0,
    );
    await store.messageLog.append([{ conversationId: '1', month: '2026-02', rows: rows('1', 3, 3) }]);
    await store.reopen();
    const [sealed, open2] = await store.messageLog.tails([
      { conversationId: '1', month },
      { conversationId: '1', month: '2026-02' },
    ]);
    expect(sealed).toMatchObject({ last: { seq: 2n }, seal: { seq: 3n, next: '2026-02' } });
    expect(open2).toMatchObject({ last: { seq: 3n }, seal: null });
    expect(seqs((await store.messageLog.list([range(1, 9)]))[0])).toEqual([1, 2]);
  });

  it('seals an empty segment at 1, and takes an unknown month for empty', async () => {
    const seal = { id: '500', conversationId: '9', seq: 1n, next: '2026-02' };
    expect(await store.messageLog.append([{ conversationId: '9', month, seal }])).toEqual([{ appended: 1 }]);
    expect(
      await store.messageLog.tails([
        { conversationId: '9', month },
        { conversationId: '9', month: '1999-01' },
      ]),
    ).toEqual([
      { last: null, seal },
      { last: null, seal: null },
    ]);
  });

  it('keeps the latest record of where a log is, or none at all', async () => {
    const record = (seq: bigint, conversationId = '1') => ({
      conversationId,
      segments: [
        { month, fromSeq: 1n, toSeq: 2n, lastSentAt: Date.UTC(2026, 0, 31) },
        { month: '2026-02', fromSeq: 3n, toSeq: seq, lastSentAt: Date.UTC(2026, 1, 2) },
      ],
      head: { seq, ordinal: seq, membershipSeq: 1n, sentAt: Date.UTC(2026, 1, 2) },
    });
    expect(await store.messageLog.chains(['1', '2'])).toEqual([null, null]);
    await store.messageLog.raiseChains([record(9_007_199_254_740_993n), record(4n, '2')]);
    await store.messageLog.raiseChains([record(5n), record(6n, '2'), record(6n, '2')]);
    for (const _ of [1, 2]) {
      const [first, unknown, second] = await store.messageLog.chains(['1', '404', '2']);
      expect([null, record(9_007_199_254_740_993n)]).toContainEqual(first);
      expect([null, record(6n, '2')]).toContainEqual(second);
      expect([unknown, first === null]).toEqual([null, second === null]);
      await store.reopen();
    }
  });

  it('lists ranges from either end, before and after it was closed', async () => {
    await store.messageLog.append([{ conversationId: '1', month, rows: rows('1', 1, 6) }]);
    await store.reopen();
    await store.messageLog.append([{ conversationId: '1', month, rows: rows('1', 7, 9) }]);
    const lists = await store.messageLog.list([
      range(1, 9),
      range(2, 8, 3),
      range(2, 8, 3, true),
      range(5, 7, 100, true),
      range(1, 9, 5, true),
      range(10, 20),
      { ...range(1, 9), conversationId: '404' },
    ]);
    expect(lists.map(seqs)).toEqual([
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [2, 3, 4],
      [6, 7, 8],
      [5, 6, 7],
      [5, 6, 7, 8, 9],
      [],
      [],
    ]);
  });

  it('finds the first message of a stretch of time', async () => {
    const list = rows('1', 1, 6);
    await store.messageLog.append([{ conversationId: '1', month, rows: list.slice(0, 4) }]);
    await store.reopen();
    await store.messageLog.append([{ conversationId: '1', month, rows: list.slice(4) }]);
    const at = (index: number) => list[index]?.sentAt ?? 0;
    expect(await store.messageLog.firstSeqAt('1', month, 0)).toBe(1n);
    for (const index of [0, 2, 4, 5]) {
      expect(await store.messageLog.firstSeqAt('1', month, at(index))).toBe(BigInt(index + 1));
      expect(await store.messageLog.firstSeqAt('1', month, at(index) - 1)).toBe(BigInt(index + 1));
    }
    expect(await store.messageLog.firstSeqAt('1', month, at(5) + 1)).toBeNull();
    expect(await store.messageLog.firstSeqAt('404', month, 0)).toBeNull();
  });

  it('finds messages by id and by key', async () => {
    const [a, b] = rows('1', 1, 2) as [ReturnType<typeof aRow>, ReturnType<typeof aRow>];
    await store.messageLog.append([{ conversationId: '1', month, rows: [a, b] }]);
    for (const _ of [1, 2]) {
      expect((await store.messageLog.findByIds(month, [b.id, '404'])).map(({ id }) => id)).toEqual([b.id]);
      const keys = [{ conversationId: '1', key: b.key }, { conversationId: '2', key: b.key }, a];
      expect((await store.messageLog.findByKeys(month, keys)).map((row) => row?.id ?? null)).toEqual([
        b.id,
        null,
        a.id,
      ]);
      await store.reopen();
    }
    expect(await store.messageLog.findByIds('1999-01', [a.id])).toEqual([]);
  });

  it('lists messages that are not followed yet by ascending id, regardless of sentAt', async () => {
    const list = rows('1', 1, 4);
    const february = aRow({ seq: 5n, sentAt: Date.UTC(2026, 1, 1) });
    const wrongClock = aRow({ conversationId: '2', sentAt: Date.UTC(2031, 0, 1) });
    await store.messageLog.append([
      { conversationId: '1', month, rows: list },
      { conversationId: '1', month: '2026-02', rows: [february] },
      { conversationId: '2', month: '2031-01', rows: [wrongClock] },
    ]);
    await store.messageLog.markFollowed(
      [list[1], list[1]].map((row) => ({ month, conversationId: '1', id: row?.id ?? '' })),
    );
    const unfinished = [list[0], list[2], list[3], february, wrongClock].map((row) => row?.id ?? '');
    const listed = async (afterId: string | null, limit: number) =>
      (await store.messageLog.listUnfinished(afterId, limit)).map(({ id }) => id);
    for (const _ of [1, 2]) {
      expect(await listed(null, 10)).toEqual(unfinished);
      expect(await listed(null, 2)).toEqual(unfinished.slice(0, 2));
      expect(await listed(unfinished[1] ?? '', 2)).toEqual(unfinished.slice(2, 4));
      expect(await listed(unfinished[4] ?? '', 2)).toEqual([]);
      expect(await store.messageLog.countUnfinished(10)).toEqual({ count: 5, oldestId: unfinished[0] });
      expect(await store.messageLog.countUnfinished(2)).toEqual({ count: 2, oldestId: unfinished[0] });
      await store.reopen();
    }
    await store.messageLog.markFollowed([
      ...list.map(({ id }) => ({ month, conversationId: '1', id })),
      { month: '2026-02', conversationId: '1', id: february.id },
      { month: '2031-01', conversationId: '2', id: wrongClock.id },
    ]);
    expect(await listed(null, 10)).toEqual([]);
    expect(await store.messageLog.countUnfinished(10)).toEqual({ count: 0, oldestId: null });
  });

  it('keeps ids, numbers and the strangest text exactly', async () => {
    const text = `NUL \0, lone \ud800, pair 😀, ${'é'.repeat(30_000)}, "quotes" \\ 'and' ; -- ---`;
    const row = aRow({
      id: '9223372036854775807',
      conversationId: '9223372036854775806',
      seq: 9_007_199_254_740_993n,
      ordinal: 9_007_199_254_740_995n,
      senderId: '9223372036854775805',
      membershipSeq: 9_007_199_254_740_994n,
      key: '9223372036854775805:ключ "1" 😀',
      body: encodeBody({ text }),
    });
    await store.messageLog.append([{ conversationId: row.conversationId, month, rows: [row] }]);
    for (const _ of [1, 2]) {
      const [tail] = await store.messageLog.tails([{ conversationId: row.conversationId, month }]);
      expect(tail?.last).toEqual(row);
      expect(JSON.parse(tail?.last?.body ?? '').text).toBe(text);
      await store.reopen();
    }
  });
});
