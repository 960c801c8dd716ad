/** Accounts with a password: registering, logging in, and changing the password. */
import type { ClientAddress } from '../../domain/client-address.ts';
import { badInput, DomainError } from '../../domain/errors.ts';
import { type Clock, type DeviceId, isId, type UserId } from '../../domain/ids.ts';
import type { OnSecurityEvent } from '../../domain/security-event.ts';
import type { User, Viewer } from '../../domain/user.ts';
import type { AccountControl } from '../../stores/account-control.ts';
import type { DeviceStore } from '../../stores/device-store.ts';
import type { RateLimit, RateLimiter } from '../../stores/rate-limiter.ts';
import type { Account, UserStore } from '../../stores/user-store.ts';
import { takeOrThrow } from '../rate-limits.ts';
import type { LogInAttempts } from './log-in-attempts.ts';
import { checkName, isUsername } from './names.ts';
import { type PasswordPolicy, passwordMax } from './password-policy.ts';
import type { Passwords } from './passwords.ts';
import type { Credentials, Sessions, SessionTokens } from './sessions.ts';

export const registerLimit: RateLimit = { name: 'register', points: 100, windowMs: 3_600_000 };
export const logInAddressLimit: RateLimit = { name: 'logInAddress', points: 300, windowMs: 60_000 };

export interface Session extends SessionTokens {
  readonly user: User;
}

export interface RegisterInput {
  readonly username: string;
  readonly password: string;
  readonly displayName?: string | null;
  readonly deviceName?: string | null;
}

export interface LogInInput {
  readonly username: string;
  readonly password: string;
  readonly deviceName?: string | null;
  readonly deviceId?: DeviceId | null;
}

export function createPasswordAccounts(ports: {
  users: UserStore;
  devices: DeviceStore;
  sessions: Sessions;
  rateLimiter: RateLimiter;
  attempts: LogInAttempts;
  passwords: Passwords;
  policy: PasswordPolicy;
  onSecurityEvent: OnSecurityEvent;
  newId: () => string;
  clock: Clock;
  control: AccountControl;
  announceEnd: (userId: UserId, deviceId: DeviceId, isRevoked: boolean) => void;
  isRegistrationOpen: boolean;
}) {
  const { control, announceEnd, isRegistrationOpen } = ports;
  const { users, devices, sessions, rateLimiter, attempts, passwords, policy, onSecurityEvent, newId, clock } = ports;

  async function signIn(account: Credentials, name: string | null, knownId: DeviceId | null): Promise<Session> {
    return { ...(await sessions.signIn(account, name, knownId)), user: account.user };
  }

  /** The device of an account that a log-in names, if it is one. */
  async function knownDevice(account: Account | null, deviceId: DeviceId | null): Promise<DeviceId | null> {
    if (account === null || deviceId === null || !isId(deviceId)) return null;
    return (await devices.get(deviceId))?.userId === account.user.id ? deviceId : null;
  }

  /** Makes the hash again when its parameters are outdated. A failure changes nothing, so the next log-in tries again. */
  async function renewHash({ user, passwordHash }: Account, password: string, network: string): Promise<void> {
    if (passwordHash === null || !passwords.isOutdated(passwordHash)) return;
    await users.changePasswordHash(user.id, passwordHash, await passwords.hash(password, network));
  }

  function refused(reason: string, { user }: Account, address: string, message: string): DomainError {
    onSecurityEvent({ name: 'log-in-failed', reason, userId: user.id, address });
    return new DomainError('UNAUTHENTICATED', message);
  }

  return {
    /** @throws DomainError `BAD_USER_INPUT`, `USERNAME_TAKEN`, `RATE_LIMITED`, `OVERLOADED`; `FORBIDDEN` if registration is closed */
    async register(input: RegisterInput, { address, network }: ClientAddress): Promise<Session> {
      if (!isRegistrationOpen)
        throw new DomainError('FORBIDDEN', 'Registration is closed; ask the operator of this server for an account.');
      await takeOrThrow(rateLimiter, registerLimit, network);
      const { username, password } = input;
      if (!isUsername(username))
        throw badInput('username', 'username must have 3 to 32 letters, digits, dots, underscores or hyphens.');
      const displayName = checkName('displayName', input.displayName ?? username);
      const deviceName = input.deviceName == null ? null : checkName('deviceName', input.deviceName);
      await policy.check('password', password, [username, displayName]);
      // Checked first, so that a taken name does not cost a hash.
      if ((await users.findByUsername(username)) !== null)
        throw new DomainError('USERNAME_TAKEN', 'Username is taken.');
      const passwordHash = await passwords.hash(password, network);
      const user = await users.create(
        { id: newId(), username, displayName, createdAt: clock() },
        { passwordHash, externalSubject: null },
      );
      const session = await signIn({ user, passwordHash }, deviceName, null);
      onSecurityEvent({ name: 'user-registered', userId: user.id, deviceId: session.deviceId, address });
      return session;
    },

    /**
     * Signs in on a new device, or again on the named one, whose previous session is then revoked.
     *
     * @throws DomainError `UNAUTHENTICATED`: the name or the password is wrong; the error does not reveal which
     * @throws DomainError `NOT_FOUND`: the user has no device `deviceId`
     * @throws DomainError `RATE_LIMITED`, `OVERLOADED`
     */
    async logIn(input: LogInInput, { address, network }: ClientAddress): Promise<Session> {
      await takeOrThrow(rateLimiter, logInAddressLimit, network);
      const { username, password, deviceId = null } = input;
      const deviceName = input.deviceName == null ? null : checkName('deviceName', input.deviceName);
      const account = isUsername(username) ? await users.findAccount({ username }) : null;
      const attempt = await attempts.begin({ username, network, deviceId: await knownDevice(account, deviceId) });
      const isRight = await passwords
        .verify(password.slice(0, 2 * passwordMax), account?.passwordHash ?? null, network)
        .catch(async (error: unknown) => {
          await attempt.takeBack();
          throw error;
        });
      if (!isRight || account === null || password.length > 2 * passwordMax) {
        const reason = account === null ? 'unknown-user' : 'wrong-password';
        onSecurityEvent({ name: 'log-in-failed', reason, userId: account?.user.id, address });
        throw new DomainError('UNAUTHENTICATED', 'Username or password is wrong.');
      }
      await attempt.succeed();
      // Only a client with the right password learns of these two.
      if (account.disabledAt !== null) throw refused('account-disabled', account, address, 'Account is disabled.');
      const { resetExpiresAt } = account;
      if (
        resetExpiresAt !== null &&
        !(resetExpiresAt > clock() && (await control.useReset(account.user.id, resetExpiresAt)))
      )
        throw refused('reset-expired', account, address, 'Reset secret was used or has expired; ask for another one.');
      const session = await signIn(account, deviceName, deviceId);
      await renewHash(account, password, network).catch(() => {});
      const event = { userId: account.user.id, deviceId: session.deviceId, address };
      onSecurityEvent({ ...event, name: 'logged-in' });
      if (deviceId === null) onSecurityEvent({ ...event, name: 'device-added' });
      return session;
    },

    /**
     * Replaces the viewer's password, or the reset secret in its place, and ends the sessions of their other devices.
     *
     * @throws DomainError `UNAUTHENTICATED`: `currentPassword` is wrong
     * @throws DomainError `BAD_USER_INPUT`, `RATE_LIMITED`, `OVERLOADED`; `FORBIDDEN` for users of an identity provider
     */
    async changePassword(
      { userId, deviceId }: Viewer,
      { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
      { address, network }: ClientAddress,
    ): Promise<void> {
      const account = await users.findAccount({ id: userId });
      if (account === null || account.passwordHash === null)
        throw new DomainError('FORBIDDEN', 'This user has no password on this server.');
      const { username, displayName } = account.user;
      await policy.check('newPassword', newPassword, [username, displayName]);
      const attempt = await attempts.begin({ username, network, deviceId });
      const isRight = await passwords.verify(currentPassword.slice(0, 2 * passwordMax), account.passwordHash, network);
      if (!isRight) throw refused('wrong-password', account, address, 'Current password is wrong.');
      await attempt.succeed();
      const to = await passwords.hash(newPassword, network);
      const change = { from: account.passwordHash, to, keptId: deviceId, at: clock() };
      const others = (await devices.listByUser(userId)).filter(({ id }) => id !== deviceId);
      const ended = await control.changePassword(userId, change).catch((error: unknown) => {
        // It may be changed all the same, and the same call again is then refused.
        for (const { id } of others) announceEnd(userId, id, true);
        throw error;
      });
      if (ended === null) throw new DomainError('UNAUTHENTICATED', 'Current password is wrong.');
      for (const id of ended) announceEnd(userId, id, true);
      onSecurityEvent({ name: 'password-changed', userId, deviceId, address });
    },
  };
}
