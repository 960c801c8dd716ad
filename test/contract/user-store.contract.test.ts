import { afterAll, beforeAll, expect, it } from 'vitest';
import { externalSubjectMax, type User } from '../../src/domain/user.ts';
import { webAddressMax } from '../../src/domain/web-address.ts';
import type { UserPlace } from '../../src/stores/user-store.ts';
import {
  aChange,
  aConversation,
  at,
  aUser,
  describeDirectories,
  nextId,
  type OpenDirectory,
} from './directory-drivers.ts';

const local = { passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$dGFn', externalSubject: null };
const outside = (externalSubject: string) => ({ passwordHash: null, externalSubject });

function accountOf(user: User, { passwordHash }: { passwordHash: string | null }) {
  return { user, passwordHash, resetExpiresAt: null, disabledAt: null, signedOutAt: null };
}

describeDirectories('UserStore', (open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  it('keeps the longest texts whole', async () => {
    const user = aUser({ username: 'u'.repeat(32), displayName: '🌻'.repeat(64) });
    const externalSubject = `https://idp.example|${'🌻'.repeat(246)}`;
    expect(externalSubject).toHaveLength(externalSubjectMax);
    const avatarUrl = `https://a.example/${'a'.repeat(webAddressMax - 18)}`;
    await directory.users.create(user, { passwordHash: 'h'.repeat(255), externalSubject });
    await directory.users.updateProfile(user.id, { avatarUrl });
    expect(await directory.users.findAccount({ externalSubject })).toMatchObject({
      user: { username: user.username, displayName: user.displayName, avatarUrl },
      passwordHash: 'h'.repeat(255),
    });
    const device = {
      id: nextId(),
      userId: user.id,
      name: '🌻'.repeat(64),
      createdAt: at,
      lastUsedAt: at,
      revokedAt: null,
    };
    await directory.devices.put({ ...device, sessionId: 's'.repeat(64) }, null);
    expect(await directory.devices.get(device.id)).toMatchObject({ name: device.name, sessionId: 's'.repeat(64) });
    const texts = { title: '🌻'.repeat(100), description: '🌻'.repeat(1_000), avatarUrl };
    const group = aConversation(texts);
    const founding = aChange(group, user.id, { kind: 'GROUP_CREATED', userIds: Array.from({ length: 1_000 }, nextId) });
    await directory.conversations.createGroup(group, founding, 0, '🌻'.repeat(128));
    expect(await directory.conversations.get([group.id])).toMatchObject([{ conversation: texts }]);
    expect(await directory.conversations.findOpenChange(group.id)).toEqual(founding);
  });

  it('gives users back as they were made, in the order asked for', async () => {
    const [a, b] = [aUser(), aUser()];
    expect(await directory.users.create(a, local)).toEqual(a);
    await directory.users.create(b, local);
    expect(await directory.users.get([b.id, nextId(), a.id, b.id])).toEqual([b, null, a, b]);
    expect(await directory.users.get([])).toEqual([]);
  });

  it('distinguishes ids that a float cannot', async () => {
    const [a, b] = [aUser(), aUser()];
    expect(Number(a.id)).toBe(Number(b.id));
    await directory.users.create(a, local);
    expect(await directory.users.get([a.id, b.id])).toEqual([a, null]);
  });

  it('gets more users at once than one statement can bind', async () => {
    const user = await directory.users.create(aUser(), local);
    const ids = [...Array.from({ length: 40_000 }, () => nextId()), user.id];
    const found = await directory.users.get(ids);
    expect(found).toHaveLength(ids.length);
    expect(found.filter((one) => one !== null)).toEqual([user]);
  });

  it('finds users by name without regard to case', async () => {
    const user = await directory.users.create(aUser({ username: 'Ada.Lovelace' }), local);
    expect(await directory.users.findByUsername('aDA.lOVELACE')).toEqual(user);
    expect(await directory.users.findAccount({ username: 'ada.lovelace' })).toEqual(accountOf(user, local));
    expect(await directory.users.findAccount({ id: user.id })).toEqual(accountOf(user, local));
    expect(await directory.users.findByUsername('ada')).toBeNull();
    expect(await directory.users.findAccount({ username: 'ada%' })).toBeNull();
  });

  it('gives a name to one of several racing registrations', async () => {
    const names = ['Grace', 'grace', 'GRACE', 'gRace'];
    const results = await Promise.allSettled(
      names.map((username) => directory.users.create(aUser({ username }), local)),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: 'USERNAME_TAKEN', retryable: false });
    }
  });

  it('leaves nothing of a user whose name was taken', async () => {
    const [first, second] = [aUser({ username: 'hopper' }), aUser({ username: 'HOPPER' })];
    await directory.users.create(first, local);
    await expect(directory.users.create(second, outside('idp|hopper'))).rejects.toMatchObject({
      code: 'USERNAME_TAKEN',
    });
    expect(await directory.users.get([second.id])).toEqual([null]);
    expect(await directory.users.findAccount({ externalSubject: 'idp|hopper' })).toBeNull();
  });

  it('gives an external subject one user when calls race', async () => {
    const drafts = [aUser(), aUser(), aUser()];
    const made = await Promise.all(drafts.map((user) => directory.users.create(user, outside('idp|7'))));
    const [first] = made;
    expect(made).toEqual([first, first, first]);
    const account = accountOf(first as User, { passwordHash: null });
    expect(await directory.users.findAccount({ externalSubject: 'idp|7' })).toEqual(account);
    expect(await directory.users.findAccount({ username: first?.username ?? '' })).toEqual(account);
    const others = drafts.filter(({ id }) => id !== first?.id);
    expect(await directory.users.get(others.map(({ id }) => id))).toEqual([null, null]);
    expect(await directory.users.findAccount({ externalSubject: 'IDP|7' })).toBeNull();
  });

  it("replaces a password's hash, unless it is another one already", async () => {
    const user = await directory.users.create(aUser(), local);
    expect(await directory.users.changePasswordHash(user.id, 'another', 'new')).toBe(false);
    expect(await directory.users.changePasswordHash(user.id, local.passwordHash, 'new')).toBe(true);
    expect(await directory.users.findAccount({ id: user.id })).toEqual(accountOf(user, { passwordHash: 'new' }));
    expect(await directory.users.changePasswordHash(user.id, local.passwordHash, 'newer')).toBe(false);
  });

  it('finds a user by a subject alone, unless several issuers have given it', async () => {
    const user = await directory.users.create(aUser(), outside('https://one|auth0|5'));
    expect(user.externalId).toBe('auth0|5');
    expect(await directory.users.findByExternalId('auth0|5')).toEqual(user);
    expect(await directory.users.findByExternalId('5')).toBeNull();
    await directory.users.create(aUser(), outside('https://two|auth0|5'));
    expect(await directory.users.findByExternalId('auth0|5')).toBeNull();
  });

  it('changes a profile, and finds the user by the new words only', async () => {
    const user = await directory.users.create(aUser({ displayName: 'Quentin Quince' }), local);
    const search = (...words: string[]) => directory.users.search(words, null, 10);
    expect(await search('quin')).toEqual([{ user, word: 'quince' }]);
    expect(await search('qu')).toEqual([{ user, word: 'quentin' }]);
    const changed = { ...user, displayName: 'Xaver', avatarUrl: 'https://files.example/x.png' };
    expect(
      await directory.users.updateProfile(user.id, { avatarUrl: changed.avatarUrl, displayName: 'Xaver' }),
    ).toEqual(changed);
    expect(await directory.users.updateProfile(user.id, {})).toEqual(changed);
    expect(await search('quin')).toEqual([]);
    expect(await search('xav')).toEqual([{ user: changed, word: 'xaver' }]);
    expect(await directory.users.updateProfile(user.id, { avatarUrl: null })).toEqual({ ...changed, avatarUrl: null });
    expect(await directory.users.updateProfile(nextId(), { displayName: 'Nobody' })).toBeNull();
  });

  it('lists the found by word and id, each once, with every word of the search', async () => {
    const make = (displayName: string) => directory.users.create(aUser({ displayName }), local);
    const [a, b, c] = [await make('Wim Wenders'), await make('Wilma Zander'), await make('Wim Zander')];
    const search = async (words: string[], after: UserPlace | null = null, limit = 10) =>
      (await directory.users.search(words, after, limit)).map(({ user }) => user.id);
    expect(await search(['wi'])).toEqual([b.id, a.id, c.id]);
    expect(await search(['w'])).toEqual([a.id, b.id, c.id]);
    expect(await search(['wi', 'zan'])).toEqual([b.id, c.id]);
    expect(await search(['w'], null, 1)).toEqual([a.id]);
    expect(await search(['w'], { word: 'wenders', userId: a.id }, 1)).toEqual([b.id]);
    expect(await search(['wim'], { word: 'wim', userId: a.id })).toEqual([c.id]);
    expect(await search(['wi%'])).toEqual([]);
    const nameless = await directory.users.create(aUser({ username: '---', displayName: '🌻' }), local);
    expect(await directory.users.get([nameless.id])).toEqual([nameless]);
  });

  it('has all of it after it was closed and opened', async () => {
    const user = await directory.users.create(aUser(), local);
    await directory.reopen();
    expect(await directory.users.get([user.id])).toEqual([user]);
    expect(await directory.users.findAccount({ id: user.id })).toEqual(accountOf(user, local));
  });
});
