/** Accounts: registering, logging in and out, and finding users. The entry module of this folder. */
import { LRUCache } from 'lru-cache';
import type { ClientAddress } from '../../domain/client-address.ts';
import { badInput, DomainError } from '../../domain/errors.ts';
import { type Clock, type DeviceId, isId, type Millis, type UserId } from '../../domain/ids.ts';
import type { OnSecurityEvent } from '../../domain/security-event.ts';
import type { User, Viewer } from '../../domain/user.ts';
import type { Bus } from '../../pubsub/bus.ts';
import type { DeviceStore } from '../../stores/device-store.ts';
import type { RateLimit, RateLimiter } from '../../stores/rate-limiter.ts';
import type { UserStore } from '../../stores/user-store.ts';
import { takeOrThrow } from '../rate-limits.ts';
import { createAccessTokens } from './access-tokens.ts';
import type { ExternalTokens } from './external-tokens.ts';
import { checkName, isUsername } from './names.ts';
import type { Passwords } from './passwords.ts';
import { createRefreshTokens } from './refresh-tokens.ts';
import {
  type Credentials,
  createSessions,
  type SessionSettings,
  type SessionTokens,
  sessionEnded,
} from './sessions.ts';
import type { SigningKeys } from './signing-keys.ts';
import { createTokenCheck } from './token-check.ts';

export { createExternalTokens } from './external-tokens.ts';
export { createPasswords } from './passwords.ts';
export { createSigningKeys, loadSecrets } from './signing-keys.ts';

export const registerLimit: RateLimit = { name: 'register', points: 100, windowMs: 60_000 };
export const logInAddressLimit: RateLimit = { name: 'logInAddress', points: 300, windowMs: 60_000 };
export const logInNameLimit: RateLimit = { name: 'logInName', points: 30, windowMs: 60_000 };
export const refreshLimit: RateLimit = { name: 'refresh', points: 300, windowMs: 60_000 };

export interface Session extends SessionTokens {
  readonly user: User;
}

export interface AccountSettings extends SessionSettings {
  readonly accessTokenTtlMs: Millis;
}

export type AccountService = ReturnType<typeof createAccountService>;

export function createAccountService(ports: {
  users: UserStore;
  devices: DeviceStore;
  bus: Bus;
  rateLimiter: RateLimiter;
  passwords: Passwords;
  /** Null if only an identity provider signs users in; registering and logging in are then not possible. */
  signingKeys: SigningKeys | null;
  externalTokens: ExternalTokens | null;
  onSecurityEvent: OnSecurityEvent;
  newId: () => string;
  randomToken: () => string;
  clock: Clock;
  settings: AccountSettings;
}) {
  const { users, devices, rateLimiter, passwords, signingKeys, externalTokens, onSecurityEvent } = ports;
  const { newId, clock, settings } = ports;
  const knownUsers = new LRUCache<UserId, User>({ max: 20_000 });
  const accessTokens =
    signingKeys === null ? null : createAccessTokens({ keys: signingKeys, ttlMs: settings.accessTokenTtlMs, clock });
  const { devicesPerUserMax } = settings;
  const tokens = createTokenCheck({ ...ports, accessTokens, devicesPerUserMax });
  const sessions =
    signingKeys === null || accessTokens === null
      ? null
      : createSessions({ ...ports, accessTokens, refreshTokens: createRefreshTokens(signingKeys), tokens });

  function requireSessions(): NonNullable<typeof sessions> {
    if (sessions === null)
      throw new DomainError('FORBIDDEN', 'This server accepts sign-ins only through its identity provider.');
    return sessions;
  }

  async function signIn(account: Credentials, name: string | null, knownId: DeviceId | null): Promise<Session> {
    const opened = await requireSessions().signIn(account, name, knownId);
    knownUsers.set(account.user.id, account.user);
    return { ...opened, user: account.user };
  }

  return {
    /** @throws DomainError `BAD_USER_INPUT`, `USERNAME_TAKEN`, `RATE_LIMITED`, `FORBIDDEN` if only an identity provider signs users in */
    async register(
      input: { username: string; password: string; displayName?: string | null; deviceName?: string | null },
      { address, network }: ClientAddress,
    ): Promise<Session> {
      requireSessions();
      await takeOrThrow(rateLimiter, registerLimit, network);
      const { username, password } = input;
      if (!isUsername(username)) {
        throw badInput('username', 'username must have 3 to 32 letters, digits, dots, underscores or hyphens.');
      }
      checkPassword(password);
      const displayName = checkName('displayName', input.displayName ?? username);
      const deviceName = input.deviceName == null ? null : checkName('deviceName', input.deviceName);
      // Checked first, so that a taken name does not cost a hash.
      if ((await users.findByUsername(username)) !== null)
        throw new DomainError('USERNAME_TAKEN', 'Username is taken.');
      const passwordHash = await passwords.hash(password);
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
     */
    async logIn(
      input: { username: string; password: string; deviceName?: string | null; deviceId?: DeviceId | null },
      { address, network }: ClientAddress,
    ): Promise<Session> {
      requireSessions();
      await takeOrThrow(rateLimiter, logInAddressLimit, network);
      await takeOrThrow(rateLimiter, logInNameLimit, input.username.slice(0, 64).toLowerCase());
      const deviceName = input.deviceName == null ? null : checkName('deviceName', input.deviceName);
      const login = isUsername(input.username) ? await users.findAccount({ username: input.username }) : null;
      const isRight = await passwords.verify(input.password.slice(0, 256), login?.passwordHash ?? null);
      if (!isRight || login === null || input.password.length > 256) {
        const reason = login === null ? 'unknown-user' : 'wrong-password';
        onSecurityEvent({ name: 'log-in-failed', reason, userId: login?.user.id, address });
        throw new DomainError('UNAUTHENTICATED', 'Username or password is wrong.');
      }
      const session = await signIn(login, deviceName, input.deviceId ?? null);
      const event = { userId: login.user.id, deviceId: session.deviceId, address };
      onSecurityEvent({ ...event, name: 'logged-in' });
      if (input.deviceId == null) onSecurityEvent({ ...event, name: 'device-added' });
      return session;
    },

    /**
     * Exchanges a refresh token for the next tokens of its session.
     *
     * @throws DomainError `UNAUTHENTICATED`: unknown, expired or revoked; or used, and then its device is signed out
     */
    async refreshSession(
      { refreshToken }: { refreshToken: string },
      { address, network }: ClientAddress,
    ): Promise<Session> {
      const { refresh } = requireSessions();
      await takeOrThrow(rateLimiter, refreshLimit, network);
      const { userId, ...renewed } = await refresh(refreshToken, address);
      const [user] = await this.getUsers([userId]);
      if (user == null) throw sessionEnded();
      return { ...renewed, user };
    },

    async logOut({ userId, deviceId }: Viewer): Promise<void> {
      await devices.revoke(deviceId, clock());
      tokens.announceEnd(userId, deviceId, true);
      onSecurityEvent({ name: 'logged-out', userId, deviceId });
    },

    verifyToken: tokens.verify,
    /** Reads the identity provider's keys again. A failure is reported, not thrown. */
    renewProviderKeys: async () => externalTokens?.renewKeys(),
    watchRevocations: tokens.watchRevocations,

    /** Users by id, in the order of the ids. */
    async getUsers(ids: readonly UserId[]): Promise<(User | null)[]> {
      const missing = ids.filter((id) => !knownUsers.has(id) && isId(id));
      for (const user of missing.length === 0 ? [] : await users.get(missing)) {
        if (user !== null) knownUsers.set(user.id, user);
      }
      return ids.map((id) => knownUsers.get(id) ?? null);
    },

    /** A user by a name of any case, or null. */
    findByUsername: (username: string): Promise<User | null> => users.findByUsername(username.slice(0, 64)),

    /** Forgets devices that were unused for the lifetime of a refresh token. */
    purge: () => devices.forgetUnused(clock() - settings.refreshTokenTtlMs),
  };
}

function checkPassword(password: string): void {
  if (password.length < 8 || password.length > 256 || !password.isWellFormed()) {
    throw badInput('password', 'password must have 8 to 256 characters.');
  }
}
