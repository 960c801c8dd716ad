/** Calls that race on several connections have the outcome of one after the other. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  aChange,
  aConversation,
  at,
  aUser,
  createGroup,
  describeDirectories,
  nextId,
  type OpenDirectory,
} from './directory-drivers.ts';

const rounds = 20;
const countUp = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describeDirectories('races', (open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  async function aStoredUser(): Promise<string> {
    return (await directory.users.create(aUser(), { passwordHash: 'hash', externalSubject: null })).id;
  }
  const aDevice = (userId: string) => ({
    ...{ id: nextId(), userId, name: null, createdAt: at, lastUsedAt: at, revokedAt: null, sessionId: 's' },
  });

  it('leave no session to an account that is disabled meanwhile', async () => {
    for (const _ of countUp(rounds)) {
      const userId = await aStoredUser();
      const devices = [aDevice(userId), aDevice(userId), aDevice(userId)];
      await Promise.all([
        directory.devices.put(devices[0] as never, null),
        directory.accountControl.disable(userId, at + 1),
        directory.devices.put(devices[1] as never, null),
        directory.devices.put(devices[2] as never, null),
      ]);
      const stored = await directory.devices.listByUser(userId);
      expect(stored.filter(({ revokedAt }) => revokedAt === null)).toEqual([]);
    }
  });

  it('let a reader who follows the endings miss none', async () => {
    const userId = await aStoredUser();
    let after = await directory.accountControl.lastEnding();
    const seen: number[] = [];
    const follow = async () => {
      for (const { seq, at: time } of await directory.accountControl.listEndings(after)) {
        after = seq;
        seen.push(time);
      }
    };
    let isOver = false;
    const racing = Promise.all(
      countUp(3 * rounds).map(async (n) => directory.accountControl.signOut(n % 3 === 0 ? null : userId, at + n)),
    ).finally(() => {
      isOver = true;
    });
    while (!isOver) await follow();
    await racing;
    await follow();
    expect(seen.sort((a, b) => a - b)).toEqual(countUp(3 * rounds).map((n) => at + n));
  });

  it('leave each member of a group that becomes large on the list of those who may lack messages', async () => {
    const { conversations } = directory;
    for (const _ of countUp(rounds)) {
      const group = aConversation();
      const members = countUp(3).map(() => nextId());
      const founding = aChange(group, members[0] as string, { kind: 'GROUP_CREATED', userIds: members });
      await createGroup(conversations, group, founding);
      await conversations.settleChange(founding, 1n, 10);
      const stays = (
        await conversations.listStaysOf(members.map((userId) => ({ conversationId: group.id, userId })))
      ).flat();
      const growing = aChange(group, members[0] as string, { kind: 'MEMBERS_ADDED', userIds: [nextId()] });
      await Promise.all([
        conversations.settleChange(growing, 2n, 3),
        ...stays.map((stay) => conversations.markEntered([stay])),
      ]);
      expect((await conversations.listOnRead(members)).map(({ userId }) => userId).sort()).toEqual(members);
    }
  });

  it('make two users contacts once, whoever sends first', async () => {
    const { conversations } = directory;
    for (const _ of countUp(rounds)) {
      const pair: [string, string] = [await aStoredUser(), await aStoredUser()];
      const { id: conversationId } = await conversations.openDirect(aConversation({ kind: 'DIRECT' }), pair);
      const made = await Promise.all(
        [...pair, ...pair].map((userId) => conversations.noteSent({ conversationId, userId })),
      );
      expect(made.filter(Boolean)).toHaveLength(1);
      expect(await conversations.listContacts(pair[0], 5)).toEqual([pair[1]]);
    }
  });

  it('begin one change of a conversation, and settle each once', async () => {
    const { conversations } = directory;
    for (const _ of countUp(rounds)) {
      const group = aConversation();
      const [owner, ...others] = countUp(5).map(() => nextId()) as [string, ...string[]];
      const founding = aChange(group, owner, { kind: 'GROUP_CREATED', userIds: [owner] });
      await createGroup(conversations, group, founding);
      await Promise.all([1, 2, 3].map(() => conversations.settleChange(founding, 1n, 10)));
      const changes = others.map((userId) => aChange(group, owner, { kind: 'MEMBERS_ADDED', userIds: [userId] }));
      const begun = await Promise.all(changes.map((change) => conversations.beginChange(change, 1n, 0)));
      expect(begun.filter((outcome) => outcome === 'begun')).toHaveLength(1);
      const change = changes[begun.indexOf('begun')] as (typeof changes)[number];
      await Promise.all([1, 2, 3].map(() => conversations.settleChange(change, 2n, 10)));
      const [state] = await conversations.get([group.id]);
      expect(state).toMatchObject({ version: 2n, memberCount: 2 });
    }
  });
});
