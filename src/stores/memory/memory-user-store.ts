/** Users in maps, for tests that are not about storage. All data ends with the process. */
import { DomainError } from '../../domain/errors.ts';
import { compareIds, type UserId } from '../../domain/ids.ts';
import { wordsOf } from '../../domain/name-words.ts';
import { externalIdOf, foldUsername, type User } from '../../domain/user.ts';
import type { Account, FoundUser, UserPlace, UserStore } from '../user-store.ts';

/** @param accounts - shared with a store of the devices */
export function createMemoryUserStore(accounts = new Map<UserId, Account>()): UserStore {
  const idByName = new Map<string, UserId>();
  const idBySubject = new Map<string, UserId>();

  const accountOf = (id: UserId | undefined) => (id === undefined ? undefined : accounts.get(id)) ?? null;
  const userOf = (id: UserId | undefined) => accountOf(id)?.user ?? null;

  return {
    async create(newUser, { passwordHash, externalSubject }) {
      const known = externalSubject === null ? null : userOf(idBySubject.get(externalSubject));
      if (known !== null) return known;
      const user: User = { ...newUser, avatarUrl: null, externalId: externalIdOf(externalSubject) };
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

    async findByExternalId(externalId) {
      const found = [...accounts.values()].filter(({ user }) => user.externalId === externalId);
      return found.length === 1 ? (found[0]?.user ?? null) : null;
    },

    async updateProfile(id, { displayName, avatarUrl }) {
      const account = accountOf(id);
      if (account === null) return null;
      const { user } = account;
      const changed: User = {
        ...user,
        displayName: displayName ?? user.displayName,
        avatarUrl: avatarUrl === undefined ? user.avatarUrl : avatarUrl,
      };
      accounts.set(id, { ...account, user: changed });
      return changed;
    },

    async search([firstWord = '', ...others], after, limit) {
      const found = [...accounts.values()].flatMap(({ user }): FoundUser[] => {
        const words = wordsOf([user.username, user.displayName]).sort(byCodePoints);
        const word = words.find((one) => one.startsWith(firstWord));
        const hasOthers = others.every((other) => words.some((one) => one.startsWith(other)));
        return word === undefined || !hasOthers ? [] : [{ user, word }];
      });
      const place = ({ user, word }: FoundUser): UserPlace => ({ word, userId: user.id });
      const sorted = found.sort((a, b) => byPlace(place(a), place(b)));
      return sorted.filter((one) => after === null || byPlace(place(one), after) > 0).slice(0, limit);
    },

    async changePasswordHash(id, from, to) {
      const account = accountOf(id);
      if (account?.passwordHash !== from) return false;
      accounts.set(id, { ...account, passwordHash: to });
      return true;
    },
  };
}

function byPlace(a: UserPlace, b: UserPlace): number {
  return byCodePoints(a.word, b.word) || compareIds(a.userId, b.userId);
}

/** As a database compares text by its bytes. */
function byCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
