import { describe, expect, it, vi } from 'vitest';
import { createRosters, visibleHead } from '../../../src/services/members/member-lists.ts';
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
  const rosters = createRosters({ ...store, listMembers, listMemberships, ...override(store) }, 10);
  const change = async (one: MembershipChange, seq: bigint) => {
    await store.beginChange(one);
    await store.settleChange(one, seq);
  };
  const memberIds = async () => [...((await rosters.get('1'))?.members.keys() ?? [])];
  return { store, rosters, listMembers, listMemberships, change, memberIds };
}

describe('rosters', () => {
  it('are read once, also by callers at the same time', async () => {
    const { rosters, listMembers } = await setUp();
    const [a, b] = await Promise.all([rosters.get('1'), rosters.get('1')]);
    expect(a).toBe(b);
    expect(rosters.get('1')).toBe(a);
    expect(listMembers).toHaveBeenCalledTimes(1);
    expect(a).toMatchObject({ activeCount: 2, conversation: { id: '1' } });
  });

  it('are read anew once forgotten', async () => {
    const { rosters, change, memberIds } = await setUp();
    await rosters.get('1');
    await change(aChange('MEMBERS_ADDED', ['103']), 2n);
    expect(await memberIds()).toEqual(['101', '102']);
    rosters.forget('1', ['103']);
    expect(await memberIds()).toEqual(['101', '102', '103']);
  });

  it('are not kept when they were forgotten while they were read', async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const { rosters, change, memberIds } = await setUp((store) => ({
      listMembers: async (id) => {
        const members = await store.listMembers(id);
        await opened;
        return members;
      },
    }));
    const old = rosters.get('1');
    await vi.waitFor(() => expect(old).toBeInstanceOf(Promise));
    await change(aChange('MEMBERS_ADDED', ['103']), 2n);
    rosters.forget('1', ['103']);
    const fresh = memberIds();
    open();
    await old;
    expect(await fresh).toEqual(['101', '102', '103']);
    expect(await memberIds()).toEqual(['101', '102', '103']);
  });

  it('are asked for again after a failure', async () => {
    let failures = 1;
    const { rosters, memberIds } = await setUp((store) => ({
      listMembers: async (id) => {
        if (failures-- > 0) throw new Error('down');
        return store.listMembers(id);
      },
    }));
    await expect(rosters.get('1')).rejects.toThrow('down');
    expect(await memberIds()).toEqual(['101', '102']);
  });

  it('count those who left out, and still know them', async () => {
    const { rosters, change } = await setUp();
    await change(aChange('MEMBER_LEFT', ['102']), 2n);
    const roster = await rosters.get('1');
    expect(roster?.activeCount).toBe(1);
    expect((await rosters.require('1', '102')).member.leftSeq).toBe(2n);
  });

  it('are NOT_FOUND for strangers, and for what is no id', async () => {
    const { rosters } = await setUp();
    for (const [id, userId] of [
      ['1', '999'],
      ['2', '101'],
      ['x', '101'],
    ] as const) {
      await expect(rosters.require(id, userId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(await rosters.get('2')).toBeNull();
  });

  it('tell the conversations of a user, from memory until forgotten', async () => {
    const { rosters, change, listMemberships } = await setUp();
    expect(await rosters.conversationIdsOf('103')).toEqual([]);
    await change(aChange('MEMBERS_ADDED', ['103']), 2n);
    expect(await rosters.conversationIdsOf('103')).toEqual([]);
    rosters.forget('1', ['103']);
    expect(await rosters.conversationIdsOf('103')).toEqual(['1']);
    expect(listMemberships).toHaveBeenCalledTimes(2);
  });
});

describe('a change of membership under way', () => {
  it('says who is leaving, and for how long fan-out waits', async () => {
    const { rosters } = await setUp();
    expect(rosters.settled('1')).toBeNull();
    rosters.begin(aChange('MEMBERS_REMOVED', ['102']));
    expect(rosters.isLeaving('1', '102')).toBe(true);
    expect(rosters.isLeaving('1', '101')).toBe(false);
    const settled = rosters.settled('1');
    rosters.end('1');
    await settled;
    expect(rosters.isLeaving('1', '102')).toBe(false);
    expect(rosters.settled('1')).toBeNull();
  });

  it('lets nobody leave who is being added', async () => {
    const { rosters } = await setUp();
    rosters.begin(aChange('MEMBERS_ADDED', ['103']));
    expect(rosters.isLeaving('1', '103')).toBe(false);
    expect(rosters.settled('1')).not.toBeNull();
  });

  it('that is tried again wakes those who waited for the first attempt', async () => {
    const { rosters } = await setUp();
    const change = aChange('MEMBER_LEFT', ['102']);
    rosters.begin(change);
    const settled = rosters.settled('1');
    rosters.begin(change);
    rosters.end('1');
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
