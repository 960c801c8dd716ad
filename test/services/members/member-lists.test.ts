import { describe, expect, it, vi } from 'vitest';
import { visibleHead } from '../../../src/domain/conversation.ts';
import { createMemberLists, type MemberListSettings } from '../../../src/services/members/member-lists.ts';
import type { ConversationStore, MembershipChange } from '../../../src/stores/conversation-store.ts';
import { createMemoryConversationStore } from '../../../src/stores/memory/memory-conversation-store.ts';
import { aConversation, aDraft, january } from '../../support/drafts.ts';

function aChange(kind: MembershipChange['event']['kind'], userIds: string[]): MembershipChange {
  return { id: aDraft().id, conversationId: '1', actorId: '101', event: { kind, userIds }, at: january };
}

interface Options {
  readonly largeAbove?: number;
  readonly isSoleWriter?: boolean;
  readonly settings?: Partial<MemberListSettings>;
  readonly override?: (store: ConversationStore) => Partial<ConversationStore>;
}

async function setUp({ largeAbove = 10, isSoleWriter = true, settings = {}, override = () => ({}) }: Options = {}) {
  const store = createMemoryConversationStore();
  const founding = aChange('GROUP_CREATED', ['101', '102']);
  await store.createGroup(aConversation(), founding, 0, null);
  await store.settleChange(founding, 1n, largeAbove);
  const calls = {
    get: vi.fn(store.get),
    listStays: vi.fn(store.listStays),
    listStaysOf: vi.fn(store.listStaysOf),
    listOnRead: vi.fn(store.listOnRead),
  };
  const time = { ms: 0 };
  const memberLists = createMemberLists({
    store: { ...store, ...calls, ...override(store) },
    isSoleWriter,
    elapsed: () => time.ms,
    settings: { fanOutOnWriteMaxMembers: largeAbove, memberListMaxAgeMs: 30_000, ...settings },
  });
  const begin = async (kind: MembershipChange['event']['kind'], userIds: string[]) => {
    const one = aChange(kind, userIds);
    const [state] = await store.get(['1']);
    expect(await store.beginChange(one, state?.version ?? 0n, 0)).toBe('begun');
    return one;
  };
  /** Settles a change through another process, without notifying this one. */
  const changeElsewhere = async (kind: MembershipChange['event']['kind'], userIds: string[], seq: bigint) =>
    store.settleChange(await begin(kind, userIds), seq, largeAbove);
  const change = async (kind: MembershipChange['event']['kind'], userIds: string[], seq: bigint) =>
    memberLists.settle(await begin(kind, userIds), seq);
  const memberIds = async () => (await memberLists.get('1'))?.active().map(({ userId }) => userId);
  return { store, memberLists, time, begin, change, changeElsewhere, memberIds, ...calls };
}

describe('member lists', () => {
  it('are read once, also by callers at the same time', async () => {
    const { memberLists, get, listStays } = await setUp();
    const [a, b] = await Promise.all([memberLists.get('1'), memberLists.get('1')]);
    expect(a).toBe(b);
    expect(memberLists.get('1')).toBe(a);
    expect(get).toHaveBeenCalledTimes(1);
    expect(listStays).toHaveBeenCalledTimes(1);
    expect(a).toMatchObject({ memberCount: 2, conversation: { id: '1' } });
  });

  it('of many conversations are looked up together', async () => {
    const { store, memberLists, get } = await setUp();
    for (const id of ['2', '3']) await store.openDirect({ ...aConversation(id), kind: 'DIRECT' }, ['101', id]);
    await Promise.all(['1', '2', '3'].map((id) => memberLists.get(id)));
    expect(get).toHaveBeenCalledTimes(1);
  });

  it('are read again once forgotten', async () => {
    const { memberLists, changeElsewhere, memberIds } = await setUp();
    await memberLists.get('1');
    await changeElsewhere('MEMBERS_ADDED', ['103'], 2n);
    expect(await memberIds()).toEqual(['101', '102']);
    memberLists.forget('1');
    expect(await memberIds()).toEqual(['101', '102', '103']);
  });

  it('are not kept when a change was settled while they were read', async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const { memberLists, change, memberIds } = await setUp({
      override: (store) => ({
        listStays: async (id, since) => {
          const stays = await store.listStays(id, since);
          await opened;
          return stays;
        },
      }),
    });
    const old = memberLists.get('1');
    await vi.waitFor(() => expect(old).toBeInstanceOf(Promise));
    await change('MEMBERS_ADDED', ['103'], 2n);
    const fresh = memberIds();
    open();
    await old;
    expect(await fresh).toEqual(['101', '102', '103']);
    expect(await memberIds()).toEqual(['101', '102', '103']);
  });

  it('are asked for again after a failure', async () => {
    let failures = 1;
    const { memberLists, memberIds } = await setUp({
      override: (store) => ({
        listStays: async (id, since) => {
          if (failures-- > 0) throw new Error('down');
          return store.listStays(id, since);
        },
      }),
    });
    await expect(memberLists.get('1')).rejects.toThrow('down');
    expect(await memberIds()).toEqual(['101', '102']);
  });

  it('are read again after their maximum age, if other processes write to the store', async () => {
    const { time, memberLists, changeElsewhere, memberIds } = await setUp({ isSoleWriter: false });
    await memberIds();
    expect(await memberLists.onReadOf('103')).toEqual([]);
    await changeElsewhere('MEMBERS_ADDED', ['103'], 2n);
    time.ms = 30_000;
    expect(await memberIds()).toEqual(['101', '102']);
    time.ms = 30_001;
    expect(await memberIds()).toEqual(['101', '102', '103']);
  });

  it('are NOT_FOUND for strangers, and for text that is not an id', async () => {
    const { memberLists } = await setUp();
    for (const [id, userId] of [
      ['1', '999'],
      ['2', '101'],
      ['x', '101'],
    ] as const) {
      await expect(memberLists.require(id, userId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(await memberLists.get('2')).toBeNull();
  });

  it('of direct conversations follow from the conversation', async () => {
    const { store, memberLists, listStays, listStaysOf } = await setUp();
    await store.openDirect({ ...aConversation('2'), kind: 'DIRECT' }, ['102', '101']);
    const memberList = await memberLists.get('2');
    expect(memberList).toMatchObject({ memberCount: 2, version: 0n, isLarge: false, pair: ['101', '102'] });
    expect(await memberList?.stays('102')).toEqual(
      await store.listStaysOf([{ conversationId: '2', userId: '102' }]).then(([stays]) => stays),
    );
    expect(await memberList?.stays('103')).toEqual([]);
    expect(await memberList?.since(5n)).toEqual(memberList?.active());
    expect(listStays).not.toHaveBeenCalled();
    expect(listStaysOf).not.toHaveBeenCalled();
  });
});

describe('a member list', () => {
  it('has the number of its last change as its version, and every stay of a member', async () => {
    const { memberLists, change } = await setUp();
    const versions = [(await memberLists.get('1'))?.version];
    for (const [kind, seq] of [
      ['MEMBERS_ADDED', 4n],
      ['MEMBERS_REMOVED', 6n],
      ['MEMBERS_ADDED', 9n],
    ] as const) {
      await change(kind, ['103'], seq);
      versions.push((await memberLists.get('1'))?.version);
    }
    expect(versions).toEqual([1n, 4n, 6n, 9n]);
    for (const _ of ['in memory', 'read again']) {
      const memberList = await memberLists.get('1');
      expect(await memberList?.stays('103')).toMatchObject([
        { joinedSeq: 3n, leftSeq: 6n },
        { joinedSeq: 8n, leftSeq: null },
      ]);
      expect(await memberList?.stays('999')).toEqual([]);
      expect(memberList?.memberCount).toBe(3);
      expect(memberList?.active().map(({ userId }) => userId)).toEqual(['101', '102', '103']);
      const joinedOf = async (seq: bigint) =>
        (await memberList?.since(seq))?.map(({ joinedSeq }) => joinedSeq).sort((a, b) => Number(a - b));
      expect(await joinedOf(6n)).toEqual([0n, 0n, 3n, 8n]);
      expect(await joinedOf(7n)).toEqual([0n, 0n, 8n]);
      memberLists.forget('1');
    }
  });

  it('is brought up to date by a settled change without being read again', async () => {
    const { memberLists, change, memberIds, get, listStays } = await setUp();
    const before = await memberLists.get('1');
    await change('MEMBERS_ADDED', ['103'], 4n);
    await change('MEMBERS_REMOVED', ['102'], 5n);
    expect(await memberIds()).toEqual(['101', '103']);
    const since = await (await memberLists.get('1'))?.since(5n);
    expect(since?.map(({ userId }) => userId).sort()).toEqual(['101', '102', '103']);
    expect(before?.active()).toHaveLength(2);
    expect(get).toHaveBeenCalledTimes(1);
    expect(listStays).toHaveBeenCalledTimes(1);
  });

  it('is read again when it lacks a change before the one that is settled', async () => {
    const { change, changeElsewhere, memberIds } = await setUp();
    await memberIds();
    await changeElsewhere('MEMBERS_ADDED', ['103'], 2n);
    await change('MEMBERS_ADDED', ['104'], 3n);
    expect(await memberIds()).toEqual(['101', '102', '103', '104']);
  });

  it('is read again when the outcome of a change is unknown', async () => {
    let failures = 1;
    const { change, begin, memberLists, memberIds } = await setUp({
      override: (store) => ({
        settleChange: async (one, seq, largeAbove) => {
          const settlement = await store.settleChange(one, seq, largeAbove);
          if (failures-- > 0) throw new Error('late');
          return settlement;
        },
      }),
    });
    await memberIds();
    const added = await begin('MEMBERS_ADDED', ['103']);
    await expect(memberLists.settle(added, 2n)).rejects.toThrow('late');
    expect(await memberIds()).toEqual(['101', '102', '103']);
    // Its users have not heard of it yet.
    expect(await memberLists.settle(added, 2n)).toEqual(['103']);
    expect(await memberLists.settle(added, 2n)).toBeNull();
    await change('MEMBERS_REMOVED', ['103'], 3n);
    expect(await memberIds()).toEqual(['101', '102']);
  });

  it('drops ended stays that are many, and finds them in the store', async () => {
    const { memberLists, change, listStays } = await setUp({ largeAbove: 1_000 });
    await memberLists.get('1');
    const visitors = Array.from({ length: 120 }, (_, index) => String(1_000 + index));
    await change('MEMBERS_ADDED', visitors, 2n);
    await change('MEMBERS_REMOVED', visitors, 3n);
    await change('MEMBERS_ADDED', ['103'], 4n);
    const memberList = await memberLists.get('1');
    expect(await memberList?.since(4n)).toHaveLength(3);
    expect(listStays).toHaveBeenCalledTimes(1);
    expect(await memberList?.since(3n)).toHaveLength(123);
    expect(listStays).toHaveBeenCalledTimes(2);
  });

  it('is read again when an older one than asked for is in memory', async () => {
    const { memberLists, changeElsewhere } = await setUp();
    const old = await memberLists.at('1', 1n);
    await changeElsewhere('MEMBERS_ADDED', ['103'], 4n);
    expect(await memberLists.at('1', 1n)).toBe(old);
    expect(await memberLists.at('1', 4n)).toMatchObject({ version: 4n, memberCount: 3 });
    expect(await memberLists.at('2', 4n)).toBeNull();
  });

  it('has the changes that the log contains settled first', async () => {
    const { memberLists, begin } = await setUp();
    const added = await begin('MEMBERS_ADDED', ['103']);
    await expect(memberLists.at('1', 4n)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    memberLists.settleWith(async (_id, version) => {
      await memberLists.settle(added, version);
    });
    expect(await memberLists.at('1', 4n)).toMatchObject({ version: 4n, memberCount: 3 });
  });
});

describe('a large group', () => {
  const large = { largeAbove: 0 };

  it('is never read as a whole: a member is looked up once', async () => {
    const { memberLists, listStays, listStaysOf } = await setUp(large);
    const memberList = await memberLists.get('1');
    expect(memberList).toMatchObject({ isLarge: true, memberCount: 2, modeSince: 1n });
    expect(await memberList?.stays('102')).toMatchObject([{ joinedSeq: 0n }]);
    expect(memberList?.stays('102')).toMatchObject([{ joinedSeq: 0n }]);
    expect(await memberList?.stays('999')).toEqual([]);
    expect(() => memberList?.active()).toThrow();
    expect(listStaysOf).toHaveBeenCalledTimes(2);
    expect(listStays).not.toHaveBeenCalled();
  });

  it('keeps what is known of members over a change of others', async () => {
    const { memberLists, change, get, listStaysOf, listStays } = await setUp(large);
    await (await memberLists.get('1'))?.stays('101');
    await (await memberLists.get('1'))?.stays('102');
    expect(await change('MEMBERS_ADDED', ['103'], 2n)).toEqual(['103']);
    await change('MEMBERS_REMOVED', ['102'], 3n);
    const memberList = await memberLists.get('1');
    expect(memberList).toMatchObject({ version: 3n, memberCount: 2 });
    expect(memberList?.stays('101')).toMatchObject([{ leftSeq: null }]);
    expect(memberList?.stays('102')).toMatchObject([{ leftSeq: 3n }]);
    expect(memberList?.stays('103')).toMatchObject([{ joinedSeq: 1n }]);
    expect(get).toHaveBeenCalledTimes(1);
    expect(listStaysOf).toHaveBeenCalledTimes(2);
    expect(listStays).not.toHaveBeenCalled();
  });

  it('forgets what it knew of members when it is read again', async () => {
    const { memberLists, changeElsewhere } = await setUp(large);
    await (await memberLists.get('1'))?.stays('102');
    await changeElsewhere('MEMBERS_REMOVED', ['102'], 2n);
    expect(await (await memberLists.at('1', 2n))?.stays('102')).toMatchObject([{ leftSeq: 2n }]);
  });

  it('is not told of a member by an answer from before a change', async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const { memberLists, change } = await setUp({
      ...large,
      override: (store) => ({
        listStaysOf: async (keys) => {
          const stays = await store.listStaysOf(keys);
          await opened;
          return stays;
        },
      }),
    });
    const late = (await memberLists.get('1'))?.stays('102');
    await change('MEMBERS_REMOVED', ['102'], 2n);
    open();
    await late;
    expect((await memberLists.get('1'))?.stays('102')).toMatchObject([{ leftSeq: 2n }]);
  });

  it('touches the memberships of everybody when it begins and ends to be one', async () => {
    const { memberLists, change } = await setUp({ largeAbove: 2 });
    const onRead = async (userId: string) =>
      (await memberLists.onReadOf(userId)).map(({ conversationId }) => conversationId);
    expect(await onRead('101')).toEqual([]);
    expect(await change('MEMBERS_ADDED', ['103'], 2n)).toEqual(expect.arrayContaining(['101', '102', '103']));
    expect(await memberLists.get('1')).toMatchObject({ isLarge: true, modeSince: 2n });
    expect(await onRead('101')).toEqual(['1']);
    expect(await change('MEMBERS_ADDED', ['104'], 3n)).toEqual(['104']);
    expect(await change('MEMBERS_REMOVED', ['103', '104'], 4n)).toEqual(expect.arrayContaining(['101', '103']));
    expect(await memberLists.get('1')).toMatchObject({ isLarge: false, modeSince: 4n });
    expect((await memberLists.get('1'))?.active()).toHaveLength(2);
  });
});

describe('the memberships that are entered on read', () => {
  it('are read once for all users asked for at the same time, and cost nothing when there are none', async () => {
    const { memberLists, listOnRead } = await setUp();
    await Promise.all(['101', '102', '103'].map((userId) => memberLists.onReadOf(userId)));
    expect(listOnRead.mock.calls).toEqual([[['101', '102', '103']]]);
    expect(memberLists.onReadOf('101')).toEqual([]);
    expect(listOnRead).toHaveBeenCalledTimes(1);
  });

  it('end with a mark', async () => {
    const { memberLists, change } = await setUp({ largeAbove: 1 });
    await change('MEMBER_LEFT', ['102'], 2n);
    const memberships = await memberLists.onReadOf('102');
    expect(memberships).toMatchObject([{ conversationId: '1', leftSeq: 2n }]);
    await memberLists.markEntered(memberships);
    expect(await memberLists.onReadOf('102')).toEqual([]);
  });
});

describe('visibleHead', () => {
  const member = { conversationId: '1', userId: '101', role: 'MEMBER', joinedSeq: 0n } as const;

  it('is the head for members, and the last message of their stay for former members', () => {
    expect(visibleHead({ ...member, leftSeq: null }, 9n)).toBe(9n);
    expect(visibleHead({ ...member, leftSeq: 4n }, 9n)).toBe(4n);
    expect(visibleHead({ ...member, leftSeq: 12n }, 9n)).toBe(9n);
  });
});
