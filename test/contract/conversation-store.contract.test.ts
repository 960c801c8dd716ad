import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Conversation, Member } from '../../src/domain/conversation.ts';
import type { SystemEvent } from '../../src/domain/message.ts';
import {
  aChange,
  aConversation,
  beginChange,
  createGroup,
  describeDirectories,
  nextId,
  type OpenDirectory,
} from './directory-drivers.ts';

/** Numbers beyond the exact range of floats, which must be kept exactly. */
const farSeq = 2n ** 62n + 1n;
/** More members than any group in these tests, except in tests of large groups. */
const largeAbove = 10_000;

describeDirectories('ConversationStore', (open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  const aDirect = () => aConversation({ kind: 'DIRECT', title: null });

  /** A group with an owner and `count` members, who joined with message 1. */
  async function aGroup(count: number): Promise<{ group: Conversation; owner: string; others: string[] }> {
    const group = aConversation();
    const owner = nextId();
    const others = Array.from({ length: count }, () => nextId());
    const founded = aChange(group, owner, { kind: 'GROUP_CREATED', userIds: [owner, ...others], title: 'Team 🌻' });
    await createGroup(directory.conversations, group, founded);
    await directory.conversations.settleChange(founded, 1n, largeAbove);
    return { group, owner, others };
  }

  async function settle(group: Conversation, actorId: string, event: SystemEvent, seq: bigint): Promise<void> {
    const change = aChange(group, actorId, event);
    await beginChange(directory.conversations, change);
    await directory.conversations.settleChange(change, seq, largeAbove);
  }

  async function memberOf(group: Conversation, userId: string): Promise<Member | undefined> {
    return (await directory.conversations.listStaysOf([{ conversationId: group.id, userId }])).at(0)?.at(-1);
  }

  it('opens a direct conversation once, in either order and when calls race', async () => {
    const [a, b] = [nextId(), nextId()];
    const drafts = Array.from({ length: 6 }, aDirect);
    const opened = await Promise.all(
      drafts.map((draft, index) => directory.conversations.openDirect(draft, index % 2 === 0 ? [a, b] : [b, a])),
    );
    const [first] = opened;
    expect(new Set(opened.map(({ id }) => id))).toEqual(new Set([first?.id]));
    expect(await directory.conversations.findDirect([b, a])).toEqual(first);
    const lost = drafts.filter(({ id }) => id !== first?.id).map(({ id }) => id);
    expect(await directory.conversations.get(lost)).toEqual(lost.map(() => null));
    expect((await directory.conversations.listStays(first?.id ?? '', 0n)).map(({ userId }) => userId)).toEqual([a, b]);
    for (const id of lost) expect(await directory.conversations.listStays(id, 0n)).toEqual([]);
  });

  it('opens a conversation with oneself, with one member', async () => {
    const user = nextId();
    const conversation = await directory.conversations.openDirect(aDirect(), [user, user]);
    expect(await directory.conversations.listStays(conversation.id, 0n)).toEqual([
      { conversationId: conversation.id, userId: user, role: 'MEMBER', joinedSeq: 0n, leftSeq: null },
    ]);
    expect(await directory.conversations.findDirect([user, user])).toEqual(conversation);
    expect(await directory.conversations.findDirect([user, nextId()])).toBeNull();
  });

  it('gives conversations back as they were made, in the order asked for', async () => {
    const [a, b] = [aDirect(), aDirect()];
    await directory.conversations.openDirect(a, [nextId(), nextId()]);
    await directory.conversations.openDirect(b, [nextId(), nextId()]);
    expect(await directory.conversations.get([b.id, nextId(), a.id, b.id])).toMatchObject([
      { conversation: b },
      null,
      { conversation: a },
      { conversation: b },
    ]);
    expect(await directory.conversations.get([])).toEqual([]);
    expect(await directory.conversations.get(Array.from({ length: 40_000 }, () => nextId()))).toHaveLength(40_000);
  });

  it('stores a group together with the change that adds its members', async () => {
    const group = aConversation();
    const owner = nextId();
    const change = aChange(group, owner, { kind: 'GROUP_CREATED', userIds: [owner], title: 'Team' });
    await createGroup(directory.conversations, group, change);
    expect(await directory.conversations.get([group.id])).toEqual([
      { conversation: group, pair: [], version: 0n, memberCount: 0, isLarge: false, modeSince: 0n },
    ]);
    expect(await directory.conversations.listStays(group.id, 0n)).toEqual([]);
    expect(await directory.conversations.findOpenChange(group.id)).toEqual(change);
    await directory.conversations.settleChange(change, 1n, largeAbove);
    expect(await directory.conversations.listStays(group.id, 0n)).toEqual([
      { conversationId: group.id, userId: owner, role: 'OWNER', joinedSeq: 0n, leftSeq: null },
    ]);
    expect(await directory.conversations.findOpenChange(group.id)).toBeNull();
  });

  it('lists members by id as a number', async () => {
    const owner = '7';
    const others = ['1000', '99', nextId(), '12345678901', '100'];
    const groups = ['88888', '9', '1234567'].map((id) => aConversation({ id }));
    for (const group of groups) {
      const founded = aChange(group, owner, { kind: 'GROUP_CREATED', userIds: [owner, ...others] });
      await createGroup(directory.conversations, group, founded);
      await directory.conversations.settleChange(founded, 1n, largeAbove);
    }
    const members = await directory.conversations.listStays('9', 0n);
    const inOrder = [owner, ...others].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
    expect(members.map(({ userId }) => userId)).toEqual(inOrder);
  });

  it('keeps numbers exact that a float cannot', async () => {
    const { group, owner } = await aGroup(0);
    const late = nextId();
    await settle(group, owner, { kind: 'MEMBERS_ADDED', userIds: [late] }, farSeq);
    await settle(group, owner, { kind: 'MEMBERS_REMOVED', userIds: [late] }, farSeq + 1n);
    expect(await memberOf(group, late)).toMatchObject({ joinedSeq: farSeq - 1n, leftSeq: farSeq + 1n });
  });

  it('brings in more members than one statement has room for', async () => {
    const { group, owner, others } = await aGroup(1_203);
    const members = await directory.conversations.listStays(group.id, 0n);
    expect(members.map(({ userId }) => userId)).toEqual([owner, ...others]);
    await settle(group, owner, { kind: 'MEMBERS_REMOVED', userIds: others }, 2n);
    const left = (await directory.conversations.listStays(group.id, 0n)).filter(({ leftSeq }) => leftSeq === 2n);
    expect(left).toHaveLength(others.length);
  });

  it('leaves existing members unchanged', async () => {
    const { group, owner, others } = await aGroup(1);
    const late = nextId();
    await settle(group, owner, { kind: 'ROLE_CHANGED', userIds: [others[0] as string], role: 'ADMIN' }, 2n);
    await settle(group, owner, { kind: 'MEMBERS_ADDED', userIds: [owner, ...others, late, late] }, 5n);
    expect(await memberOf(group, owner)).toMatchObject({ role: 'OWNER', joinedSeq: 0n });
    expect(await memberOf(group, others[0] as string)).toMatchObject({ role: 'ADMIN', joinedSeq: 0n });
    expect(await memberOf(group, late)).toMatchObject({ role: 'MEMBER', joinedSeq: 4n, leftSeq: null });
  });

  it('gives a user who rejoins a new stay, as a plain member', async () => {
    const { group, owner, others } = await aGroup(1);
    const [back] = others as [string];
    await settle(group, owner, { kind: 'ROLE_CHANGED', userIds: [back], role: 'ADMIN' }, 2n);
    await settle(group, owner, { kind: 'MEMBERS_REMOVED', userIds: [back] }, 4n);
    expect(await memberOf(group, back)).toMatchObject({ joinedSeq: 0n, leftSeq: 4n });
    await settle(group, owner, { kind: 'MEMBERS_REMOVED', userIds: [back] }, 6n);
    expect(await memberOf(group, back)).toMatchObject({ leftSeq: 4n });
    await settle(group, owner, { kind: 'MEMBERS_ADDED', userIds: [back] }, 9n);
    expect(await memberOf(group, back)).toEqual({
      conversationId: group.id,
      userId: back,
      role: 'MEMBER',
      joinedSeq: 8n,
      leftSeq: null,
    });
  });

  it('keeps every earlier stay of users who rejoin', async () => {
    const { group, owner, others } = await aGroup(2);
    const [back, twice] = others as [string, string];
    await settle(group, owner, { kind: 'MEMBERS_REMOVED', userIds: [back, twice] }, 4n);
    await settle(group, owner, { kind: 'MEMBERS_ADDED', userIds: [back, twice] }, 9n);
    await settle(group, twice, { kind: 'MEMBER_LEFT', userIds: [twice] }, 10n);
    await settle(group, owner, { kind: 'MEMBERS_ADDED', userIds: [back, twice] }, 11n);
    const stay = (userId: string, joinedSeq: bigint, leftSeq: bigint | null) => ({
      conversationId: group.id,
      userId,
      role: 'MEMBER',
      joinedSeq,
      leftSeq,
    });
    const ofBack = [stay(back, 0n, 4n), stay(back, 8n, null)];
    const ofTwice = [stay(twice, 0n, 4n), stay(twice, 8n, 10n), stay(twice, 10n, null)];
    const ofOwner = [{ ...stay(owner, 0n, null), role: 'OWNER' }];
    for (const _ of [1, 2]) {
      const { conversations } = directory;
      expect(await conversations.listStays(group.id, 0n)).toEqual([...ofOwner, ...ofBack, ...ofTwice]);
      expect(await conversations.listStays(group.id, 99n)).toEqual([...ofOwner, ...ofBack, ...ofTwice]);
      const keys = [twice, nextId(), owner, back].map((userId) => ({ conversationId: group.id, userId }));
      expect(await conversations.listStaysOf(keys)).toEqual([ofTwice, [], ofOwner, ofBack]);
      await directory.reopen();
    }
    await settle(group, owner, { kind: 'MEMBERS_REMOVED', userIds: [back, twice] }, 20n);
    const leftSeqs = async (since: bigint) =>
      (await directory.conversations.listStays(group.id, since)).map(({ leftSeq }) => leftSeq);
    expect(await leftSeqs(5n)).toEqual([null, 20n, 10n, 20n]);
    expect(await leftSeqs(20n)).toEqual([null, 20n, 20n]);
    expect(await leftSeqs(21n)).toEqual([null]);
  });

  describe('when the owner leaves', () => {
    const leave = (group: Conversation, userId: string, seq: bigint) =>
      settle(group, userId, { kind: 'MEMBER_LEFT', userIds: [userId] }, seq);
    const rolesOf = async (group: Conversation) =>
      new Map(
        (await directory.conversations.listStays(group.id, 0n))
          .filter(({ leftSeq }) => leftSeq === null)
          .map(({ userId, role }) => [userId, role]),
      );

    it('the longest-standing admin becomes owner, before earlier members', async () => {
      const { group, owner, others } = await aGroup(2);
      const [first, second] = others as [string, string];
      const [early, late] = [nextId(), nextId()];
      // The one with the lower id joins last: standing goes by joining.
      await settle(group, owner, { kind: 'MEMBERS_ADDED', userIds: [late] }, 2n);
      await settle(group, owner, { kind: 'MEMBERS_ADDED', userIds: [early] }, 3n);
      await settle(group, owner, { kind: 'ROLE_CHANGED', userIds: [early, late], role: 'ADMIN' }, 4n);
      await leave(group, owner, 5n);
      expect(await rolesOf(group)).toEqual(
        new Map([
          [first, 'MEMBER'],
          [second, 'MEMBER'],
          [early, 'ADMIN'],
          [late, 'OWNER'],
        ]),
      );
    });

    it('without admins the member of longest standing follows, by id among equals', async () => {
      const { group, owner, others } = await aGroup(3);
      await leave(group, owner, 2n);
      const [first, second, third] = others as [string, string, string];
      expect(await rolesOf(group)).toEqual(
        new Map([
          [first, 'OWNER'],
          [second, 'MEMBER'],
          [third, 'MEMBER'],
        ]),
      );
      await leave(group, first, 3n);
      expect((await rolesOf(group)).get(second)).toBe('OWNER');
    });

    it('an empty group has no owner, and a user who rejoins does not become owner', async () => {
      const { group, owner } = await aGroup(0);
      await leave(group, owner, 2n);
      expect(await rolesOf(group)).toEqual(new Map());
      await settle(group, owner, { kind: 'MEMBERS_ADDED', userIds: [owner] }, 3n);
      expect(await rolesOf(group)).toEqual(new Map([[owner, 'MEMBER']]));
    });

    it('an admin who leaves with others changes no owner', async () => {
      const { group, owner, others } = await aGroup(2);
      await settle(group, owner, { kind: 'MEMBERS_REMOVED', userIds: others }, 2n);
      expect(await rolesOf(group)).toEqual(new Map([[owner, 'OWNER']]));
    });
  });

  it('settles a change once, also when calls race', async () => {
    const { group, owner } = await aGroup(0);
    const late = nextId();
    const added = aChange(group, owner, { kind: 'MEMBERS_ADDED', userIds: [late] });
    await beginChange(directory.conversations, added);
    await Promise.all(Array.from({ length: 5 }, () => directory.conversations.settleChange(added, 7n, largeAbove)));
    await settle(group, owner, { kind: 'MEMBERS_REMOVED', userIds: [late] }, 8n);
    // A repeat that comes late must not bring back who has left since.
    await directory.conversations.settleChange(added, 7n, largeAbove);
    expect(await memberOf(group, late)).toMatchObject({ joinedSeq: 6n, leftSeq: 8n });
  });

  it('has all of it after it was closed and opened', async () => {
    const { group } = await aGroup(3);
    const pair: [string, string] = [nextId(), nextId()];
    const direct = await directory.conversations.openDirect(aDirect(), pair);
    const members = await directory.conversations.listStays(group.id, 0n);
    await directory.reopen();
    expect(await directory.conversations.get([group.id, direct.id])).toEqual([
      { conversation: group, pair: [], version: 1n, memberCount: 4, isLarge: false, modeSince: 0n },
      { conversation: direct, pair, version: 0n, memberCount: 2, isLarge: false, modeSince: 0n },
    ]);
    expect(await directory.conversations.listStays(group.id, 0n)).toEqual(members);
    expect(await directory.conversations.openDirect(aDirect(), pair)).toEqual(direct);
  });
});
