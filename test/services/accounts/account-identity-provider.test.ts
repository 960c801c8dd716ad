/** Accounts of users who sign in at an identity provider. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DomainError } from '../../../src/domain/errors.ts';
import type { User, Viewer } from '../../../src/domain/user.ts';
import type { ExternalIdentity } from '../../../src/services/accounts/external-tokens.ts';
import { createSigningKeys } from '../../../src/services/accounts/signing-keys.ts';
import { at, describeDirectories, nextId, type OpenDirectory } from '../../contract/directory-drivers.ts';
import {
  type AccountPorts,
  from,
  minute,
  newName,
  password,
  secret,
  setUpAccounts,
  unauthenticated,
} from '../../support/accounts.ts';

describeDirectories('accounts', (open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  describe('with an identity provider', () => {
    const identity = (over: Partial<ExternalIdentity> = {}): ExternalIdentity => ({
      subject: `https://idp|${nextId()}`,
      suggestedName: newName(),
      displayName: 'Ada',
      deviceKey: 'default',
      issuedAt: at,
      expiresAt: at + 5 * minute,
      ...over,
    });
    /** Tokens that stand for identities without a provider, which has a test of its own. */
    function setUpExternal(over: Partial<AccountPorts> = {}) {
      const identities = new Map<string, ExternalIdentity>();
      const externalTokens = {
        async verify(token: string) {
          const found = identities.get(token);
          if (found === undefined) throw new DomainError('UNAUTHENTICATED', 'Access token is invalid.');
          return found;
        },
        renewKeys: async () => {},
      };
      const parts = setUpAccounts(directory, { externalTokens, signingKeys: null, ...over });
      const tokenOf = (one: ExternalIdentity) => {
        const token = `token ${nextId()}`;
        identities.set(token, one);
        return token;
      };
      return { ...parts, tokenOf, see: (one: ExternalIdentity) => parts.accounts.verifyToken(tokenOf(one)) };
    }

    it('makes a user when one is first seen, and knows them ever after', async () => {
      const { accounts, see } = setUpExternal();
      const ada = identity();
      const viewer = await see(ada);
      expect(viewer.expiresAt).toBe(ada.expiresAt);
      expect((await accounts.getUsers([viewer.userId]))[0]).toMatchObject({
        username: ada.suggestedName,
        displayName: 'Ada',
      });
      expect(await setUpExternal().see({ ...ada, suggestedName: 'renamed' })).toEqual(viewer);
    });

    it('makes one user and one device of first sights that race', async () => {
      const { see } = setUpExternal();
      const ada = identity();
      const viewers = await Promise.all(Array.from({ length: 6 }, () => see(ada)));
      expect(new Set(viewers.map(({ userId }) => userId)).size).toBe(1);
      expect(new Set(viewers.map(({ deviceId }) => deviceId)).size).toBe(1);
    });

    it('distinguishes devices by the provider’s keys', async () => {
      const { see } = setUpExternal();
      const ada = identity();
      const [phone, laptop] = [await see({ ...ada, deviceKey: 'phone' }), await see({ ...ada, deviceKey: 'laptop' })];
      expect(phone.userId).toBe(laptop.userId);
      expect(phone.deviceId).not.toBe(laptop.deviceId);
      expect(await setUpExternal().see({ ...ada, deviceKey: 'phone' })).toEqual(phone);
    });

    it.each([
      ['a name that is taken', 'TAKEN', 'Ada'],
      ['a name with nothing in it to keep', '日本', '日本'],
      ['a name that is too long', 'n'.repeat(300), 'd'.repeat(300)],
      ['a name cut in the middle of a character', 'né', `${'d'.repeat(63)}🌻`],
      ['a name on two lines', 'a\nb', 'two\nlines'],
      ['no name', '', '   '],
    ])('finds a valid username for %s', async (_what, suggestedName, displayName) => {
      const { accounts, see } = setUpExternal();
      const local = setUpAccounts(directory);
      if (suggestedName === 'TAKEN') await local.register('taken').catch(() => {});
      const viewer = await see(identity({ suggestedName, displayName }));
      const [user] = (await accounts.getUsers([viewer.userId])) as [User];
      expect(user.username).toMatch(/^[A-Za-z0-9._-]{3,32}$/);
      expect(user.displayName).toMatch(/^[^\p{Cc}]{1,64}$/u);
      expect(user.displayName.isWellFormed()).toBe(true);
    });

    it('ends a device with its log-out, until the provider signs it in again', async () => {
      const { accounts, revocations, see, tokenOf, time } = setUpExternal();
      const ada = identity();
      const token = tokenOf(ada);
      const viewer = await accounts.verifyToken(token);
      time.now += 5_000;
      await accounts.logOut(viewer);
      expect(revocations).toEqual([{ userId: viewer.userId, deviceId: viewer.deviceId }]);
      await expect(accounts.verifyToken(token)).rejects.toMatchObject(unauthenticated);
      await expect(see({ ...ada, issuedAt: at + 5_000 })).rejects.toMatchObject(unauthenticated);
      await expect(see({ ...ada, issuedAt: 0 })).rejects.toMatchObject(unauthenticated);
      expect(await see({ ...ada, issuedAt: at + 6_000 })).toEqual(viewer);
      // Logged-out sessions do not become valid again, here or on another instance.
      await expect(accounts.verifyToken(token)).rejects.toMatchObject(unauthenticated);
      await expect(setUpExternal().see(ada)).rejects.toMatchObject(unauthenticated);
    });

    it('is the only way in where nothing else is set up', async () => {
      const { accounts } = setUpExternal();
      const forbidden = { code: 'FORBIDDEN' };
      await expect(accounts.register({ username: newName(), password }, from)).rejects.toMatchObject(forbidden);
      await expect(accounts.logIn({ username: newName(), password }, from)).rejects.toMatchObject(forbidden);
      await expect(accounts.refreshSession({ refreshToken: 'x' }, from)).rejects.toMatchObject(forbidden);
      await expect(accounts.verifyToken('unknown')).rejects.toMatchObject(unauthenticated);
    });

    it('goes beside tokens of our own', async () => {
      const { register, verify, see, accounts } = setUpExternal({ signingKeys: createSigningKeys([secret]) });
      const session = await register();
      expect((await verify(session)).userId).toBe(session.user.id);
      const viewer: Viewer = await see(identity());
      expect(viewer.userId).not.toBe(session.user.id);
      await expect(accounts.verifyToken('neither')).rejects.toMatchObject(unauthenticated);
      // Who comes from outside has no password to log in with.
      const [{ username }] = (await accounts.getUsers([viewer.userId])) as [User];
      await expect(accounts.logIn({ username, password }, from)).rejects.toMatchObject(unauthenticated);
    });
  });
});
