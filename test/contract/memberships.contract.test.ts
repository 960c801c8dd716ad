/** The parts of ConversationStore that keep costs independent of a group's members and a user's conversations. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Conversation } from '../../src/domain/conversation.ts';
import type { SystemEvent } from '../../src/domain/message.ts';
import type { MemberRange, Settlement } from '../../src/stores/conversation-store.ts';
import {
  aChange,
  aConversation,
  beginChange,
  createGroup,
  describeDirectories,
  nextId,
  type OpenDirectory,
} from './directory-drivers.ts';

describeDirectories('memberships', (open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  async function settle(group: Conversation, event: SystemEvent, seq: bigint, largeAbove: number): Promise<Settlement> {
    const change = aChange(group, event.userIds[0] as string, event);
    if (event.kind === 'GROUP_CREATED') await createGroup(directory.conversations, group, change);
    else await beginChange(directory.conversations, change);
    return directory.conversations.settleChange(change, seq, largeAbove);
  }

  async function aGroup(count: number, largeAbove: number): Promise<{ group: Conversation; userIds: string[] }> {
    const group = aConversation();
    const userIds = Array.from({ length: count }, () => nextId());
    await settle(group, { kind: 'GROUP_CREATED', userIds }, 1n, largeAbove);
    return { group, userIds };
  }

  const stateOf = async ({ id }: Conversation) => (await directory.conversations.get([id]))[0];

  describe('a settled change', () => {
    it('counts the members it concerned, and leaves its number as the version', async () => {
      const { group, userIds } = await aGroup(3, 10);
      const [owner, second, third] = userIds as [string, string, string];
      expect(await stateOf(group)).toMatchObject({ version: 1n, memberCount: 3, isLarge: false, modeSince: 0n });
      const newcomer = nextId();
      const added = await settle(group, { kind: 'MEMBERS_ADDED', userIds: [second, newcomer, newcomer] }, 5n, 10);
      expect(added).toMatchObject({ previousVersion: 1n, state: { version: 5n, memberCount: 4 } });
      expect(added.stays.map(({ userId, joinedSeq }) => [userId, joinedSeq])).toEqual([
        [second, 0n],
        [newcomer, 4n],
      ]);
      await settle(group, { kind: 'MEMBERS_REMOVED', userIds: [third, nextId()] }, 7n, 10);
      const left = await settle(group, { kind: 'MEMBER_LEFT', userIds: [owner] }, 8n, 10);
      expect(left).toMatchObject({ previousVersion: 7n, state: { version: 8n, memberCount: 2 } });
      expect(new Map(left.stays.map(({ userId, role, leftSeq }) => [userId, [role, leftSeq]]))).toEqual(
        new Map([
          [owner, ['OWNER', 8n]],
          [second, ['OWNER', null]],
        ]),
      );
      expect(await stateOf(group)).toEqual(left.state);
    });

    it('that is repeated answers how things are now', async () => {
      const { group } = await aGroup(2, 10);
      const newcomer = nextId();
      const change = aChange(group, newcomer, { kind: 'MEMBERS_ADDED', userIds: [newcomer] });
      await beginChange(directory.conversations, change);
      await directory.conversations.settleChange(change, 5n, 10);
      await settle(group, { kind: 'MEMBER_LEFT', userIds: [newcomer] }, 6n, 10);
      const repeated = await directory.conversations.settleChange(change, 5n, 1);
      expect(repeated).toMatchObject({
        previousVersion: null,
        state: { version: 6n, memberCount: 2, isLarge: false },
        stays: [{ userId: newcomer, joinedSeq: 4n, leftSeq: 6n }],
      });
    });
  });

  describe('the mode of a group', () => {
    it('changes with the change that crosses the threshold, and with no other', async () => {
      const { group, userIds } = await aGroup(3, 3);
      const modes: unknown[] = [];
      const note = ({ state }: Settlement) => modes.push([state.isLarge, state.modeSince]);
      const [newcomer, late] = [nextId(), nextId()];
      note(await settle(group, { kind: 'MEMBERS_ADDED', userIds: [newcomer] }, 4n, 3));
      note(await settle(group, { kind: 'MEMBERS_ADDED', userIds: [late] }, 6n, 3));
      note(await settle(group, { kind: 'MEMBERS_REMOVED', userIds: [newcomer, late] }, 9n, 3));
      note(await settle(group, { kind: 'MEMBER_LEFT', userIds: [userIds[1] as string] }, 10n, 3));
      expect(modes).toEqual([
        [true, 4n],
        [true, 4n],
        [false, 9n],
        [false, 9n],
      ]);
      await directory.reopen();
      expect(await stateOf(group)).toMatchObject({ isLarge: false, modeSince: 9n });
    });

    it('stays as it is when the threshold differs, until the next change', async () => {
      const { group } = await aGroup(3, 2);
      expect(await stateOf(group)).toMatchObject({ isLarge: true, modeSince: 1n });
      const { state } = await settle(group, { kind: 'MEMBERS_ADDED', userIds: [nextId()] }, 2n, 10);
      expect(state).toMatchObject({ isLarge: false, modeSince: 2n });
    });
  });

  describe('listOnRead', () => {
    const onRead = async (...userIds: string[]) =>
      (await directory.conversations.listOnRead(userIds)).map(({ conversationId, userId }) => [conversationId, userId]);

    it('names the large groups of the users, in which they are or were members', async () => {
      const { group: small, userIds } = await aGroup(2, 2);
      const [owner, member] = userIds as [string, string];
      const large = aConversation();
      await settle(large, { kind: 'GROUP_CREATED', userIds: [member, nextId(), nextId()] }, 1n, 2);
      expect(await onRead(owner, member)).toEqual([[large.id, member]]);
      await settle(large, { kind: 'MEMBER_LEFT', userIds: [member] }, 2n, 2);
      expect(await onRead(member)).toEqual([[large.id, member]]);
      const newcomer = nextId();
      await settle(small, { kind: 'MEMBERS_ADDED', userIds: [newcomer] }, 2n, 2);
      expect(await onRead(owner)).toEqual([[small.id, owner]]);
      expect(await onRead(newcomer)).toEqual([[small.id, newcomer]]);
      expect(await onRead(member)).toEqual([
        [small.id, member],
        [large.id, member],
      ]);
      expect(await onRead()).toEqual([]);
    });

    it('names a membership that has ended, or whose group is small by now, until it is marked as entered', async () => {
      const { group, userIds } = await aGroup(3, 2);
      const [owner, member] = userIds as [string, string];
      const { stays } = await settle(group, { kind: 'MEMBER_LEFT', userIds: [member] }, 2n, 2);
      expect(await onRead(owner, member)).toEqual([
        [group.id, owner],
        [group.id, member],
      ]);
      const [stay] = stays as [(typeof stays)[0]];
      await directory.conversations.markEntered([{ ...stay, leftSeq: 1n }]);
      expect(await onRead(member)).toHaveLength(1);
      await directory.conversations.markEntered([stay]);
      expect(await onRead(member)).toEqual([]);
      const [[ownStay]] = (await directory.conversations.listStaysOf([
        { conversationId: group.id, userId: owner },
      ])) as [[(typeof stays)[0]]];
      await directory.conversations.markEntered([ownStay]);
      expect(await onRead(owner)).toEqual([]);
    });

    it('names those who left with the change that made their group large, and no earlier ones', async () => {
      const { group, userIds } = await aGroup(5, 10);
      const [owner, early, member] = userIds as [string, string, string];
      await settle(group, { kind: 'MEMBER_LEFT', userIds: [early] }, 2n, 10);
      await settle(group, { kind: 'MEMBERS_REMOVED', userIds: [early, member] }, 3n, 2);
      expect(await stateOf(group)).toMatchObject({ isLarge: true, modeSince: 3n });
      expect(await onRead(owner, early, member)).toEqual([
        [group.id, owner],
        [group.id, member],
      ]);
    });

    it('keeps the memberships of a large group, and those of users who came back', async () => {
      const { group, userIds } = await aGroup(4, 2);
      const [owner, member] = userIds as [string, string];
      const [[ownStay]] = (await directory.conversations.listStaysOf([
        { conversationId: group.id, userId: owner },
      ])) as [[Settlement['stays'][0]]];
      await directory.conversations.markEntered([ownStay]);
      expect(await onRead(owner)).toHaveLength(1);
      const { stays } = await settle(group, { kind: 'MEMBER_LEFT', userIds: [member] }, 2n, 2);
      await settle(group, { kind: 'MEMBERS_ADDED', userIds: [member] }, 3n, 2);
      await directory.conversations.markEntered(stays);
      expect(await onRead(member)).toHaveLength(1);
    });
  });

  it('pages through the current members', async () => {
    const { group, userIds } = await aGroup(6, 10);
    const left = [userIds[0], userIds[3]] as string[];
    await settle(group, { kind: 'MEMBERS_REMOVED', userIds: left }, 2n, 10);
    const page = async (range: MemberRange) =>
      (await directory.conversations.pageMembers(group.id, range)).map(({ userId }) => userId);
    expect(await page({ limit: 3 })).toEqual([userIds[1], userIds[2], userIds[4]]);
    expect(await page({ afterId: userIds[2], limit: 1 })).toEqual([userIds[4]]);
    expect(await page({ afterId: userIds[3], limit: 10 })).toEqual([userIds[4], userIds[5]]);
    expect(await page({ afterId: userIds[5], limit: 10 })).toEqual([]);
    expect(await page({ limit: 2, fromEnd: true })).toEqual([userIds[4], userIds[5]]);
    expect(await page({ beforeId: userIds[4], limit: 1, fromEnd: true })).toEqual([userIds[2]]);
    expect(await page({ afterId: userIds[1], beforeId: userIds[5], limit: 10 })).toEqual([userIds[2], userIds[4]]);
    expect(await directory.conversations.pageMembers(nextId(), { limit: 10 })).toEqual([]);
  });

  describe('contacts', () => {
    it('are the two users of a direct conversation once both have sent', async () => {
      const [a, b, c] = [nextId(), nextId(), nextId()];
      const direct = () => aConversation({ kind: 'DIRECT', title: null });
      const { id } = await directory.conversations.openDirect(direct(), [b, a]);
      const { id: other } = await directory.conversations.openDirect(direct(), [a, c]);
      const sent = (conversationId: string, userId: string) =>
        directory.conversations.noteSent({ conversationId, userId });
      expect(await sent(id, a)).toBe(false);
      expect(await sent(id, a)).toBe(false);
      expect(await sent(other, a)).toBe(false);
      expect(await directory.conversations.findContacts(a, [b, c])).toEqual([]);
      expect(await Promise.all([sent(id, b), sent(id, b)])).toEqual(expect.arrayContaining([true, false]));
      for (const [user, contacts] of [
        [a, [b]],
        [b, [a]],
        [c, []],
      ] as const) {
        expect(await directory.conversations.findContacts(user, [a, b, c])).toEqual(contacts);
        expect(await directory.conversations.listContacts(user, 10)).toEqual(contacts);
      }
      await sent(other, c);
      expect(await directory.conversations.listContacts(a, 10)).toEqual([b, c]);
      expect(await directory.conversations.listContacts(a, 1)).toEqual([b]);
      expect(await directory.conversations.findContacts(a, [c])).toEqual([c]);
    });

    it('do not include oneself', async () => {
      const user = nextId();
      const notebook = aConversation({ kind: 'DIRECT', title: null });
      await directory.conversations.openDirect(notebook, [user, user]);
      expect(await directory.conversations.noteSent({ conversationId: notebook.id, userId: user })).toBe(false);
      expect(await directory.conversations.listContacts(user, 10)).toEqual([]);
    });
  });
});
