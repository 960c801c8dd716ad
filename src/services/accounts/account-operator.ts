/** Changes of accounts by an operator, from the command line. A running server takes note within a second. */
import { DomainError } from '../../domain/errors.ts';
import type { Clock, Millis } from '../../domain/ids.ts';
import type { AccountControl } from '../../stores/account-control.ts';
import type { Account, UserStore } from '../../stores/user-store.ts';
import { isUsername } from './names.ts';
import type { Passwords } from './passwords.ts';

/** How long a reset secret may be used. */
export const resetTtlMs: Millis = 60 * 60 * 1000;
const network = 'operator';

export type AccountOperator = ReturnType<typeof createAccountOperator>;

export function createAccountOperator(ports: {
  users: UserStore;
  control: AccountControl;
  passwords: Passwords;
  newId: () => string;
  randomToken: () => string;
  clock: Clock;
}) {
  const { users, control, passwords, newId, randomToken, clock } = ports;

  async function find(username: string): Promise<Account> {
    const account = await users.findAccount({ username });
    if (account === null) throw new DomainError('NOT_FOUND', `There is no user ${username}.`);
    return account;
  }

  async function startReset({ user }: Pick<Account, 'user'>): Promise<string> {
    const secret = randomToken();
    const passwordHash = await passwords.hash(secret, network);
    const at = clock();
    await control.startReset(user.id, { passwordHash, expiresAt: at + resetTtlMs, at });
    return secret;
  }

  return {
    /** Creates a user. @returns the secret for their first login */
    async add(username: string): Promise<string> {
      if (!isUsername(username))
        throw new DomainError(
          'BAD_USER_INPUT',
          'A username has 3 to 32 letters, digits, dots, underscores or hyphens.',
        );
      const draft = { id: newId(), username, displayName: username, createdAt: clock() };
      const passwordHash = await passwords.hash(randomToken(), network);
      const user = await users.create(draft, { passwordHash, externalSubject: null });
      return startReset({ user });
    },

    /** Replaces a user's password by a secret for one login within the hour, and ends their sessions. @returns the secret */
    async reset(username: string): Promise<string> {
      const account = await find(username);
      if (account.passwordHash === null)
        throw new DomainError('FORBIDDEN', `${username} signs in at the identity provider and has no password here.`);
      return startReset(account);
    },

    disable: async (username: string) => control.disable((await find(username)).user.id, clock()),
    enable: async (username: string) => control.enable((await find(username)).user.id),
    signOut: async (username: string) => control.signOut((await find(username)).user.id, clock()),
    signOutEverybody: () => control.signOut(null, clock()),
  };
}
