import { describe, expect, it, vi } from 'vitest';
import { visibleHead } from '../../../src/domain/conversation.ts';
import { createMemberLists } from '../../../src/services/members/member-lists.ts';
import type { ConversationStore, MembershipChange } from '../../../src/stores/conversation-store.ts';
import { createMemoryConversationStore } from '../../../src/stores/memory/memory-conversation-store.ts';
import { aConversation, aDraft, january } from '../../support/drafts.ts';

function aChange(kind: MembershipChange['event']['kind'], userIds: string[]): MembershipChange {
  return { id: aDraft().id, conversationId: '1', actorId: '101', event: { kind, userIds }, at: january };
}

async function setUp(override: (store: ConversationStore) => Partial<ConversationStore> = () => ({})) {
  const store = createMemoryConversationStore();
  const founding = aChange('GROUP_CREATED', ['101', '102']);
  await store.createGroup(aConversation(), founding);
  await store.settleChange(founding, 1n);
  const listMembers = vi.fn(store.listMembers);
  const listMemberships = vi.fn(store.listMemberships);
  const memberLists = createMemberLists({
    store: { ...store, listMembers, listMemberships, ...override(store) },
    settings: { fanOutOnWriteMaxMembers: 100, usersMax: 10 },
  });
  const change = async (one: MembershipChange, seq: bigint) => {
    await store.beginChange(one);
    await store.settleChange(one, seq);
  };
  const memberIds = async () => [...((await memberLists.get('1'))?.members.keys() ?? [])];
  return { store, memberLists, listMembers, listMemberships, change, memberIds };
}

describe('member lists', () => {
  it('are read once, also by callers at the same time', async () => {
    const { memberLists, listMembers } = await setUp();
    const [a, b] = await Promise.all([memberLists.get('1'), memberLists.get('1')]);
    expect(a).toBe(b);
    expect(memberLists.get('1')).toBe(a);
    expect(listMembers).toHaveBeenCalledTimes(1);
    expect(a).toMatchObject({ activeCount: 2, conversation: { id: '1' } });
  });

  it('are read anew once forgotten', async () => {
    const { memberLists, change, memberIds } = await setUp();
    await memberLists.get('1');
    await change(aChange('MEMBERS_ADDED', ['103']), 2n);
    expect(await memberIds()).toEqual(['101', '102']);
    memberLists.forget('1', ['103']);
    expect(await memberIds()).toEqual(['101', '102', '103']);
  });

  it('are not kept when they were forgotten while they were read', async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const { memberLists, change, memberIds } = await setUp((store) => ({
      listMembers: async (id) => {
        const members = await store.listMembers(id);
        await opened;
        return members;
      },
    }));
    const old = memberLists.get('1');
    await vi.waitFor(() => expect(old).toBeInstanceOf(Promise));
    await change(aChange('MEMBERS_ADDED', ['103']), 2n);
    memberLists.forget('1', ['103']);
    const fresh = memberIds();
    open();
    await old;
    expect(await fresh).toEqual(['101', '102', '103']);
    expect(await memberIds()).toEqual(['101', '102', '103']);
  });

  it('are asked for again after a failure', async () => {
    let failures = 1;
    const { memberLists, memberIds } = await setUp((store) => ({
      listMembers: async (id) => {
        if (failures-- > 0) throw new Error('down');
        return store.listMembers(id);
      },
    }));
    await expect(memberLists.get('1')).rejects.toThrow('down');
    expect(await memberIds()).toEqual(['101', '102']);
  });

  it('count those who left out, and still know them', async () => {
    const { memberLists, change } = await setUp();
    await change(aChange('MEMBER_LEFT', ['102']), 2n);
    const memberList = await memberLists.get('1');
    expect(memberList?.activeCount).toBe(1);
    expect((await memberLists.require('1', '102')).member.leftSeq).toBe(2n);
  });

  it('are NOT_FOUND for strangers, and for what is no id', async () => {
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

  it('tell the conversations of a user, from memory until forgotten', async () => {
    const { memberLists, change, listMemberships } = await setUp();
    expect(await memberLists.conversationIdsOf('103')).toEqual([]);
    await change(aChange('MEMBERS_ADDED', ['103']), 2n);
    expect(await memberLists.conversationIdsOf('103')).toEqual([]);
    memberLists.forget('1', ['103']);
    expect(await memberLists.conversationIdsOf('103')).toEqual(['1']);
    expect(listMemberships).toHaveBeenCalledTimes(2);
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
      await change(aChange(kind, ['103']), seq);
      memberLists.forget('1', []);
      versions.push((await memberLists.get('1'))?.version);
    }
    expect(versions).toEqual([1n, 4n, 6n, 9n]);
    const memberList = await memberLists.get('1');
    expect(await memberList?.stays('103')).toMatchObject([
      { joinedSeq: 3n, leftSeq: 6n },
      { joinedSeq: 8n, leftSeq: null },
    ]);
    expect(await memberList?.stays('999')).toEqual([]);
    expect(memberList?.memberCount).toBe(3);
    expect(memberList?.active().map(({ userId }) => userId)).toEqual(['101', '102', '103']);
    const joinedOf = async (seq: bigint) => (await memberList?.since(seq))?.map(({ joinedSeq }) => joinedSeq);
    expect(await joinedOf(6n)).toEqual([0n, 0n, 3n, 8n]);
    expect(await joinedOf(7n)).toEqual([0n, 0n, 8n]);
  });

  it('is read again when an older one than asked for is in memory', async () => {
    const { memberLists, change } = await setUp();
    const old = await memberLists.at('1', 1n);
    await change(aChange('MEMBERS_ADDED', ['103']), 4n);
    expect(await memberLists.at('1', 1n)).toBe(old);
    expect(await memberLists.at('1', 4n)).toMatchObject({ version: 4n, memberCount: 3 });
    expect(await memberLists.at('2', 4n)).toBeNull();
  });

  it('has the changes that the log contains settled first', async () => {
    const { store, memberLists } = await setUp();
    const added = aChange('MEMBERS_ADDED', ['103']);
    await store.beginChange(added);
    await expect(memberLists.at('1', 4n)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    memberLists.setSettleUpTo((_id, version) => store.settleChange(added, version));
    expect(await memberLists.at('1', 4n)).toMatchObject({ version: 4n, memberCount: 3 });
  });
});

describe('a change of membership under way', () => {
  it('says who is leaving, and for how long fan-out waits', async () => {
    const { memberLists } = await setUp();
    expect(memberLists.settled('1')).toBeNull();
    memberLists.begin(aChange('MEMBERS_REMOVED', ['102']));
    expect(memberLists.isLeaving('1', '102')).toBe(true);
    expect(memberLists.isLeaving('1', '101')).toBe(false);
    const settled = memberLists.settled('1');
    memberLists.end('1');
    await settled;
    expect(memberLists.isLeaving('1', '102')).toBe(false);
    expect(memberLists.settled('1')).toBeNull();
  });

  it('lets nobody leave who is being added', async () => {
    const { memberLists } = await setUp();
    memberLists.begin(aChange('MEMBERS_ADDED', ['103']));
    expect(memberLists.isLeaving('1', '103')).toBe(false);
    expect(memberLists.settled('1')).not.toBeNull();
  });

  it('that is tried again wakes those who waited for the first attempt', async () => {
    const { memberLists } = await setUp();
    const change = aChange('MEMBER_LEFT', ['102']);
    memberLists.begin(change);
    const settled = memberLists.settled('1');
    memberLists.begin(change);
    memberLists.end('1');
    await settled;
  });
});

describe('visibleHead', () => {
  const member = { conversationId: '1', userId: '101', role: 'MEMBER', joinedSeq: 0n } as const;

  it('is the head for members, and the last message of their stay for those who left', () => {
    expect(visibleHead({ ...member, leftSeq: null }, 9n)).toBe(9n);
    expect(visibleHead({ ...member, leftSeq: 4n }, 9n)).toBe(4n);
    expect(visibleHead({ ...member, leftSeq: 12n }, 9n)).toBe(9n);
  });
});
