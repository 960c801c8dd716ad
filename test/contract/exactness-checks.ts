/**
 * Texts that are almost equal, and numbers beyond the 53 bits of a float, each in a check of its own: a database that is set up wrong
 * fails some of them.
 */
import { expect } from 'vitest';
import type { Directory } from '../../src/stores/directory.ts';
import { aChange, aConversation, at, aUser, nextId } from './directory-drivers.ts';

/** The numbers around it are the same float. */
const large = 2n ** 62n;

async function userNamed(directory: Directory, username: string, externalSubject: string | null = null) {
  return directory.users.create(aUser({ username }), { passwordHash: null, externalSubject });
}

/** Everything that makes a difference, and nothing that does not: case, accent, width, a trailing space. */
const different = ['Case', 'case', 'cäse', 'case ', 'ｃase', 'cas\u0065\u0301', 'straße', 'strasse'];

export const exactnessChecks: readonly (readonly [name: string, check: (directory: Directory) => Promise<void>])[] = [
  [
    'usernames that differ in an accent belong to different users',
    async (directory) => {
      const users = [];
      for (const name of ['jose', 'josé', 'strasse', 'straße']) users.push(await userNamed(directory, name));
      const found = await Promise.all(users.map(({ username }) => directory.users.findByUsername(username)));
      expect(found.map((user) => user?.id)).toEqual(users.map(({ id }) => id));
      expect(await directory.users.findByUsername('josè')).toBeNull();
    },
  ],
  [
    'subjects of an identity provider that differ in any character belong to different users',
    async (directory) => {
      const subjects = different.map((text) => `https://idp.example|${text}`);
      const ids: string[] = [];
      for (const [index, subject] of subjects.entries())
        ids.push((await userNamed(directory, `subject-${index}-${nextId().slice(-6)}`, subject)).id);
      expect(new Set(ids).size).toBe(subjects.length);
      const found = await Promise.all(
        subjects.map((externalSubject) => directory.users.findAccount({ externalSubject })),
      );
      expect(found.map((account) => account?.user.id)).toEqual(ids);
      expect((await directory.users.findByExternalId('CASE'))?.id).toBeUndefined();
      expect((await directory.users.findByExternalId('case '))?.id).toBe(ids[3]);
    },
  ],
  [
    "client ids of a user's groups that differ in any character name different groups",
    async (directory) => {
      const creatorId = nextId();
      const ids: string[] = [];
      for (const clientGroupId of different) {
        const group = aConversation();
        const founding = aChange(group, creatorId, { kind: 'GROUP_CREATED', userIds: [creatorId] });
        ids.push((await directory.conversations.createGroup(group, founding, 0, clientGroupId)).id);
      }
      expect(new Set(ids).size).toBe(different.length);
    },
  ],
  [
    'a password hash is replaced only if it is the same in every character',
    async (directory) => {
      const { id } = await directory.users.create(aUser(), { passwordHash: 'aBc', externalSubject: null });
      expect(await directory.users.changePasswordHash(id, 'abc', 'x')).toBe(false);
      expect(await directory.users.changePasswordHash(id, 'aBc ', 'x')).toBe(false);
      expect(await directory.users.changePasswordHash(id, 'aBc', 'x')).toBe(true);
    },
  ],
  [
    'found names are in the order of code points',
    async (directory) => {
      // Gothic letters: beyond 16 bits, which some collations take for one and the same.
      const names = ['order\u{10331}', 'order\u{10330}', 'ordera'];
      for (const name of names)
        await directory.users.create(aUser({ displayName: name }), { passwordHash: null, externalSubject: null });
      const found = await directory.users.search(['order'], null, 10);
      expect(found.map(({ word }) => word)).toEqual(['ordera', 'order\u{10330}', 'order\u{10331}']);
    },
  ],
  [
    'ids and numbers that are one float are different, wherever they are stored',
    async (directory) => {
      const { conversations } = directory;
      const [owner, other, third] = [nextId(), nextId(), nextId()];
      const group = aConversation();
      const founding = aChange(group, owner, { kind: 'GROUP_CREATED', userIds: [owner, other] });
      await conversations.createGroup(group, founding, 0, null);
      await conversations.settleChange(founding, large + 1n, 100);
      const added = aChange(group, owner, { kind: 'MEMBERS_ADDED', userIds: [third] });
      expect(await conversations.beginChange(added, large, 0)).toBe('stale');
      expect(await conversations.beginChange(added, large + 1n, 0)).toBe('begun');
      expect(await conversations.settleChange(added, large + 1n, 100)).toMatchObject({ previousVersion: null });
      const settled = await conversations.settleChange(added, large + 2n, 100);
      expect(settled).toMatchObject({ previousVersion: large + 1n, state: { version: large + 2n, memberCount: 3 } });
      const leaving = aChange(group, other, { kind: 'MEMBER_LEFT', userIds: [other] });
      await conversations.settleChange(leaving, large + 3n, 100);
      expect(await conversations.listStays(group.id, large + 3n)).toMatchObject([
        { userId: owner, joinedSeq: large, leftSeq: null },
        { userId: other, joinedSeq: large, leftSeq: large + 3n },
        { userId: third, joinedSeq: large + 1n, leftSeq: null },
      ]);
      expect(await conversations.listStays(group.id, large + 4n)).toHaveLength(2);
      const keys = [owner, other, third, nextId()].map((userId) => ({ conversationId: group.id, userId }));
      expect((await conversations.listStaysOf(keys)).map((stays) => stays.map(({ userId }) => userId))).toEqual([
        [owner],
        [other],
        [third],
        [],
      ]);
      expect(
        (await conversations.pageMembers(group.id, { afterId: owner, limit: 5 })).map(({ userId }) => userId),
      ).toEqual([third]);
    },
  ],
  [
    'users and devices whose ids are one float are different',
    async (directory) => {
      const [a, b] = [aUser(), aUser()];
      for (const user of [a, b]) await directory.users.create(user, { passwordHash: null, externalSubject: null });
      expect((await directory.users.get([b.id, a.id])).map((user) => user?.username)).toEqual([b.username, a.username]);
      const device = { name: null, createdAt: at, lastUsedAt: at, revokedAt: null, sessionId: 's' };
      const [first, second] = [nextId(), nextId()];
      await directory.devices.put({ ...device, id: first, userId: a.id }, null);
      await directory.devices.put({ ...device, id: second, userId: b.id }, null);
      await directory.devices.revoke(first, at + 1);
      expect((await directory.devices.get(second))?.revokedAt).toBeNull();
      expect((await directory.devices.listByUser(a.id)).map(({ id }) => id)).toEqual([first]);
      expect(await directory.devices.revokeOthers(b.id, first, at + 2)).toEqual([second]);
    },
  ],
];
