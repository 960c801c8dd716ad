/** How changes of members are recorded, claimed and withdrawn, and what is done in one step with a check. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Conversation } from '../../src/domain/conversation.ts';
import type { SystemEvent } from '../../src/domain/message.ts';
import type { MembershipChange } from '../../src/stores/conversation-store.ts';
import {
  aChange,
  aConversation,
  beginChange,
  createGroup,
  describeDirectories,
  nextId,
  type OpenDirectory,
} from './directory-drivers.ts';

const largeAbove = 10_000;

describeDirectories('changes of members', (open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  async function aGroup(count = 0): Promise<{ group: Conversation; owner: string; others: string[] }> {
    const group = aConversation();
    const [owner, others] = [nextId(), Array.from({ length: count }, () => nextId())];
    const founded = aChange(group, owner, { kind: 'GROUP_CREATED', userIds: [owner, ...others] });
    await createGroup(directory.conversations, group, founded);
    await directory.conversations.settleChange(founded, 1n, largeAbove);
    return { group, owner, others };
  }

  const adding = (group: Conversation, actorId: string) =>
    aChange(group, actorId, { kind: 'MEMBERS_ADDED', userIds: [nextId()] });
  const stateOf = async ({ id }: Conversation) => (await directory.conversations.get([id]))[0];
  const rolesOf = async ({ id }: Conversation) =>
    new Map((await directory.conversations.listStays(id, 0n)).map(({ userId, role }) => [userId, role]));

  describe('a change', () => {
    it('is kept with all it says until it is settled or dropped', async () => {
      const { group, owner } = await aGroup();
      const event: SystemEvent = { kind: 'MEMBERS_ADDED', userIds: [nextId(), nextId()], title: 'a “title” \u2028 🌻' };
      const change = aChange(group, owner, event);
      await beginChange(directory.conversations, change);
      await directory.reopen();
      expect(await directory.conversations.findOpenChange(group.id)).toEqual(change);
      await directory.conversations.dropChange(change);
      expect(await directory.conversations.findOpenChange(group.id)).toBeNull();
      expect(await stateOf(group)).toMatchObject({ version: 1n, memberCount: 1 });
      await directory.conversations.dropChange(change);
    });

    it('is the only open one of its conversation, also when calls race', async () => {
      const { group, owner } = await aGroup();
      const changes = Array.from({ length: 5 }, () => adding(group, owner));
      const outcomes = await Promise.all(changes.map((one) => directory.conversations.beginChange(one, 1n, 0)));
      expect(outcomes.toSorted()).toEqual(['begun', 'busy', 'busy', 'busy', 'busy']);
      const begun = changes[outcomes.indexOf('begun')];
      expect(await directory.conversations.findOpenChange(group.id)).toEqual(begun);
      // Another conversation has its own.
      const other = await aGroup();
      await beginChange(directory.conversations, adding(other.group, other.owner));
    });

    it('is refused when the members are others than it was planned for', async () => {
      const { group, owner } = await aGroup();
      const first = adding(group, owner);
      await beginChange(directory.conversations, first);
      await directory.conversations.settleChange(first, 2n, largeAbove);
      expect(await directory.conversations.beginChange(adding(group, owner), 1n, 0)).toBe('stale');
      expect(await directory.conversations.findOpenChange(group.id)).toBeNull();
      expect(await directory.conversations.beginChange(adding(group, owner), 2n, 0)).toBe('begun');
    });

    it('is settled without its record, which says nothing that the log does not', async () => {
      const { group, owner } = await aGroup();
      const change = adding(group, owner);
      await beginChange(directory.conversations, change);
      await directory.conversations.dropChange(change);
      const settlement = await directory.conversations.settleChange(change, 4n, largeAbove);
      expect(settlement).toMatchObject({ previousVersion: 1n, state: { version: 4n, memberCount: 2 } });
    });

    it('that is settled closes no other one', async () => {
      const { group, owner } = await aGroup();
      const [late, next] = [adding(group, owner), adding(group, owner)];
      await beginChange(directory.conversations, next);
      await directory.conversations.settleChange(late, 3n, largeAbove);
      expect(await directory.conversations.findOpenChange(group.id)).toEqual(next);
    });
  });

  describe('a claim', () => {
    it('keeps a change from other instances until it ends; then one of them gets it', async () => {
      const { group, owner } = await aGroup();
      const change = adding(group, owner);
      expect(await directory.conversations.beginChange(change, 1n, 1_000)).toBe('begun');
      const listed = async (before: number) =>
        (await directory.conversations.listOpenChanges(before, 100)).some(({ id }) => id === change.id);
      expect([await listed(1_000), await listed(1_001), await listed(Number.POSITIVE_INFINITY)]).toEqual([
        false,
        true,
        true,
      ]);
      expect(await directory.conversations.claimChange(change.id, 1_000, 2_000)).toBe(false);
      const claims = Array.from({ length: 4 }, () => directory.conversations.claimChange(change.id, 1_500, 2_000));
      expect((await Promise.all(claims)).toSorted()).toEqual([false, false, false, true]);
      expect([await listed(2_000), await listed(2_001)]).toEqual([false, true]);
      await directory.conversations.dropChange(change);
      expect(await directory.conversations.claimChange(change.id, 5_000, 6_000)).toBe(false);
    });

    it('is listed by its end, and no more of them than asked for', async () => {
      const made: MembershipChange[] = [];
      for (const claimedUntil of [300, 100, 200]) {
        const { group, owner } = await aGroup();
        const change = adding(group, owner);
        await directory.conversations.beginChange(change, 1n, claimedUntil);
        made.push(change);
      }
      const [third, first, second] = made.map(({ id }) => id);
      const ids = async (limit: number) =>
        (await directory.conversations.listOpenChanges(301, limit))
          .map(({ id }) => id)
          .filter((id) => made.some((one) => one.id === id));
      expect(await ids(100)).toEqual([first, second, third]);
      expect((await directory.conversations.listOpenChanges(301, 1)).length).toBe(1);
    });
  });

  describe('a group with an id that its creator chose', () => {
    it('is made once, also when calls race, and is another creator’s own', async () => {
      const [owner, other] = [nextId(), nextId()];
      const founding = (group: Conversation, actorId = owner) =>
        aChange(group, actorId, { kind: 'GROUP_CREATED', userIds: [actorId] });
      const drafts = Array.from({ length: 4 }, () => aConversation());
      const made = await Promise.all(
        drafts.map((draft) => directory.conversations.createGroup(draft, founding(draft), 0, 'team-1')),
      );
      const [first] = made;
      expect(new Set(made.map(({ id }) => id))).toEqual(new Set([first?.id]));
      expect(await directory.conversations.findOpenChange(first?.id ?? '')).not.toBeNull();
      const lost = drafts.filter(({ id }) => id !== first?.id);
      for (const { id } of lost) expect(await directory.conversations.findOpenChange(id)).toBeNull();
      const [second, third] = [aConversation(), aConversation()];
      expect(await directory.conversations.createGroup(second, founding(second), 0, 'Team-1')).toEqual(second);
      expect(await directory.conversations.createGroup(third, founding(third, other), 0, 'team-1')).toEqual(third);
    });

    it('goes with its founding when that is dropped, but not once it is settled', async () => {
      const owner = nextId();
      const [group, again] = [aConversation(), aConversation()];
      const founding = aChange(group, owner, { kind: 'GROUP_CREATED', userIds: [owner] });
      await directory.conversations.createGroup(group, founding, 0, 'team');
      await directory.conversations.dropChange(founding);
      expect(await stateOf(group)).toBeNull();
      const refounding = aChange(again, owner, { kind: 'GROUP_CREATED', userIds: [owner] });
      expect(await directory.conversations.createGroup(again, refounding, 0, 'team')).toEqual(again);
      await directory.conversations.settleChange(refounding, 1n, largeAbove);
      await directory.conversations.dropChange(refounding);
      expect(await stateOf(again)).toMatchObject({ version: 1n });
    });
  });

  describe('a change of a role or of a profile', () => {
    const settle = async (group: Conversation, actorId: string, event: SystemEvent, seq: bigint) =>
      directory.conversations.settleChange(aChange(group, actorId, event), seq, largeAbove);

    it('hands OWNER over in one step, and tells of both', async () => {
      const { group, owner, others } = await aGroup(2);
      const [heir] = others as [string, string];
      const event = { kind: 'ROLE_CHANGED', userIds: [heir], role: 'OWNER' } as const;
      const { stays, state } = await settle(group, owner, event, 2n);
      expect(new Map(stays.map(({ userId, role }) => [userId, role]))).toEqual(
        new Map([
          [owner, 'ADMIN'],
          [heir, 'OWNER'],
        ]),
      );
      expect(state).toMatchObject({ version: 2n, memberCount: 3 });
      expect([...(await rolesOf(group)).values()].filter((role) => role === 'OWNER')).toHaveLength(1);
      await settle(group, owner, event, 2n);
      expect((await rolesOf(group)).get(owner)).toBe('ADMIN');
    });

    it('gives no role to a user who has left', async () => {
      const { group, owner, others } = await aGroup(2);
      const [left] = others as [string, string];
      await settle(group, left, { kind: 'MEMBER_LEFT', userIds: [left] }, 2n);
      await settle(group, owner, { kind: 'ROLE_CHANGED', userIds: [left], role: 'ADMIN' }, 3n);
      const [stays] = await directory.conversations.listStaysOf([{ conversationId: group.id, userId: left }]);
      expect(stays).toMatchObject([{ role: 'MEMBER', leftSeq: 2n }]);
    });

    it('leaves users who have left with the title of their last departure', async () => {
      const { group, owner, others } = await aGroup(2);
      const [left] = others as [string, string];
      const rename = (title: string, seq: bigint) =>
        settle(group, owner, { kind: 'GROUP_UPDATED', userIds: [], title }, seq);
      const titles = async () =>
        (await directory.conversations.listStaysOf([{ conversationId: group.id, userId: left }]))[0]?.map(
          ({ leftTitle }) => leftTitle,
        );
      await rename('First', 2n);
      const departure = { kind: 'MEMBER_LEFT', userIds: [left] } as const;
      const { stays } = await settle(group, left, departure, 3n);
      expect(stays.at(-1)).toMatchObject({ userId: left, leftTitle: 'First' });
      await rename('Second', 4n);
      await settle(group, left, departure, 3n);
      expect(await titles()).toEqual(['First']);
      await settle(group, owner, { kind: 'MEMBERS_ADDED', userIds: [left] }, 5n);
      expect((await titles())?.at(-1)).toBeUndefined();
      await settle(group, left, departure, 6n);
      expect((await titles())?.at(-1)).toBe('Second');
    });

    it('changes what the event names, and removes what is null', async () => {
      const { group, owner } = await aGroup(1);
      const picture = 'https://files.example/1.png';
      const full = {
        kind: 'GROUP_UPDATED',
        userIds: [],
        title: 'New',
        description: 'For all',
        avatarUrl: picture,
      } as const;
      const { state, stays } = await settle(group, owner, full, 2n);
      const conversation = { ...group, title: 'New', description: 'For all', avatarUrl: picture };
      expect([state.conversation, state.version, stays]).toEqual([conversation, 2n, []]);
      await settle(group, owner, { kind: 'GROUP_UPDATED', userIds: [], description: null }, 3n);
      expect(await stateOf(group)).toMatchObject({
        conversation: { ...conversation, description: null },
        memberCount: 2,
      });
    });
  });
});
