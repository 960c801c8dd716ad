/** Users in maps, for tests that are not about storage. All data ends with the process. */
import { DomainError } from '../../domain/errors.ts';
import type { UserId } from '../../domain/ids.ts';
import { foldUsername } from '../../domain/user.ts';
import type { Account, UserStore } from '../user-store.ts';

/** @param accounts - shared with a store of the devices */
export function createMemoryUserStore(accounts = new Map<UserId, Account>()): UserStore {
  const idByName = new Map<string, UserId>();
  const idBySubject = new Map<string, UserId>();

  const accountOf = (id: UserId | undefined) => (id === undefined ? undefined : accounts.get(id)) ?? null;
  const userOf = (id: UserId | undefined) => accountOf(id)?.user ?? null;

  return {
    async create(user, { passwordHash, externalSubject }) {
      const known = externalSubject === null ? null : userOf(idBySubject.get(externalSubject));
      if (known !== null) return known;
      const key = foldUsername(user.username);
      if (idByName.has(key)) throw new DomainError('USERNAME_TAKEN', 'Username is taken.');
      idByName.set(key, user.id);
      if (externalSubject !== null) idBySubject.set(externalSubject, user.id);
      accounts.set(user.id, { user, passwordHash, resetExpiresAt: null, disabledAt: null, signedOutAt: null });
      return user;
    },

    get: async (ids) => ids.map((id) => userOf(id)),
    findByUsername: async (username) => userOf(idByName.get(foldUsername(username))),

    async findAccount(by) {
      if ('id' in by) return accountOf(by.id);
      return accountOf(
        'username' in by ? idByName.get(foldUsername(by.username)) : idBySubject.get(by.externalSubject),
      );
    },

    async changePasswordHash(id, from, to) {
      const account = accountOf(id);
      if (account?.passwordHash !== from) return false;
      accounts.set(id, { ...account, passwordHash: to });
      return true;
    },
  };
}
