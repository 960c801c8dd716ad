/**
 * Accounts: registering, signing in on devices, renewing and revoking sessions, and finding users.
 *
 * A device is in one of these states:
 * - signed in: it names its current session. Access and refresh tokens name theirs, and only tokens of the current session are valid;
 * - signed out: its session was revoked, by a logout or by the reuse of a refresh token. A login that names the device signs
 *   it in again, with a new session.
 *
 * A refresh token is unused, used or expired. Using it exchanges it for its successor. If a used token is presented again, it has two
 * holders, and its device is signed out.
 */
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ClientAddress } from '../../domain/client-address.ts';
import { DomainError } from '../../domain/errors.ts';
import { type Clock, type DeviceId, isId, type Millis, type UserId } from '../../domain/ids.ts';
import type { OnSecurityEvent } from '../../domain/security-event.ts';
import type { User, Viewer } from '../../domain/user.ts';
import type { Bus } from '../../pubsub/bus.ts';
import { topics } from '../../pubsub/topics.ts';
import type { RateLimit, RateLimiter } from '../../stores/rate-limiter.ts';
import type { UserStore } from '../../stores/user-store.ts';
import { takeOrThrow } from '../rate-limits.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { ExternalTokens } from './external-tokens.ts';
import { checkName, isUsername } from './names.ts';
import type { Passwords } from './passwords.ts';
import { createTokenCheck } from './token-check.ts';

export const registerLimit: RateLimit = { name: 'register', points: 100, windowMs: 60_000 };
export const logInAddressLimit: RateLimit = { name: 'logInAddress', points: 300, windowMs: 60_000 };
export const logInNameLimit: RateLimit = { name: 'logInName', points: 30, windowMs: 60_000 };
export const refreshLimit: RateLimit = { name: 'refresh', points: 300, windowMs: 60_000 };

export interface Session {
  readonly accessToken: string;
  readonly accessTokenExpiresAt: Millis;
  readonly refreshToken: string;
  readonly deviceId: DeviceId;
  readonly user: User;
}

export type AccountService = ReturnType<typeof createAccountService>;

export function createAccountService(ports: {
  users: UserStore;
  bus: Bus;
  rateLimiter: RateLimiter;
  passwords: Passwords;
  /** Null if only an identity provider signs users in; registering and logging in are then not possible. */
  accessTokens: AccessTokens | null;
  externalTokens: ExternalTokens | null;
  onSecurityEvent: OnSecurityEvent;
  newId: () => string;
  randomToken: () => string;
  clock: Clock;
  settings: { readonly refreshTokenTtlMs: Millis };
}) {
  const { users, bus, rateLimiter, passwords, accessTokens, externalTokens, onSecurityEvent } = ports;
  const { newId, randomToken, clock, settings } = ports;
  const knownUsers = new LRUCache<UserId, User>({ max: 20_000 });
  const tokens = createTokenCheck({ users, bus, accessTokens, externalTokens, newId, clock });

  function requireLocal(): AccessTokens {
    if (accessTokens === null)
      throw new DomainError('FORBIDDEN', 'This server accepts sign-ins only through its identity provider.');
    return accessTokens;
  }

  async function openSession(user: User, deviceId: DeviceId, sessionId: string): Promise<Session> {
    const { token, expiresAt } = await requireLocal().sign({ id: newId(), userId: user.id, deviceId, sessionId });
    const refreshToken = randomToken();
    await users.addRefreshToken({
      hash: hashToken(refreshToken),
      userId: user.id,
      deviceId,
      familyId: sessionId,
      expiresAt: clock() + settings.refreshTokenTtlMs,
    });
    knownUsers.set(user.id, user);
    return { accessToken: token, accessTokenExpiresAt: expiresAt, refreshToken, deviceId, user };
  }

  /** Signs a user in on a new device, or again on one of theirs, which keeps its inbox position. */
  async function signIn(user: User, name: string | null, knownId: DeviceId | null): Promise<Session> {
    if (knownId !== null) {
      const known = isId(knownId) ? await users.getDevice(knownId) : null;
      // Another user's device and an unknown device get the same answer, so that it does not reveal existing ids.
      if (known?.userId !== user.id) throw new DomainError('NOT_FOUND', 'Device not found for this user.');
    }
    const sessionId = newId();
    const id = knownId ?? newId();
    await users.putDevice({ id, userId: user.id, name, createdAt: clock(), revokedAt: null, sessionId });
    if (knownId !== null) endEarlierSession(user.id, id);
    return openSession(user, id, sessionId);
  }

  async function revoke(userId: UserId, deviceId: DeviceId): Promise<void> {
    await users.revokeDevice(deviceId, clock());
    tokens.noteChanged(deviceId, true);
    bus.publish(topics.revocations, { userId, deviceId });
  }

  /** Ends an earlier session of the device: its cached tokens and its sockets. */
  function endEarlierSession(userId: UserId, deviceId: DeviceId): void {
    bus.publish(topics.revocations, { userId, deviceId });
    tokens.noteChanged(deviceId, false);
  }

  return {
    /** @throws DomainError `BAD_USER_INPUT`, `USERNAME_TAKEN`, `RATE_LIMITED`, `FORBIDDEN` if only an identity provider signs users in */
    async register(
      input: { username: string; password: string; displayName?: string | null; deviceName?: string | null },
      { address, network }: ClientAddress,
    ): Promise<Session> {
      requireLocal();
      await takeOrThrow(rateLimiter, registerLimit, network);
      const { username, password } = input;
      if (!isUsername(username)) {
        throw bad('username must have 3 to 32 letters, digits, dots, underscores or hyphens.');
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
      const session = await signIn(user, deviceName, null);
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
      requireLocal();
      await takeOrThrow(rateLimiter, logInAddressLimit, network);
      await takeOrThrow(rateLimiter, logInNameLimit, input.username.slice(0, 64).toLowerCase());
      const deviceName = input.deviceName == null ? null : checkName('deviceName', input.deviceName);
      const login = isUsername(input.username) ? await users.findLogin(input.username) : null;
      const isRight = await passwords.verify(input.password.slice(0, 256), login?.passwordHash ?? null);
      if (!isRight || login === null || input.password.length > 256) {
        const reason = login === null ? 'unknown-user' : 'wrong-password';
        onSecurityEvent({ name: 'log-in-failed', reason, userId: login?.user.id, address });
        throw new DomainError('UNAUTHENTICATED', 'Username or password is wrong.');
      }
      const session = await signIn(login.user, deviceName, input.deviceId ?? null);
      const event = { userId: login.user.id, deviceId: session.deviceId, address };
      onSecurityEvent({ ...event, name: 'logged-in' });
      if (input.deviceId == null) onSecurityEvent({ ...event, name: 'device-added' });
      return session;
    },

    /**
     * Exchanges a refresh token for a new session, once.
     *
     * @throws DomainError `UNAUTHENTICATED`: the token is unknown, expired or revoked; or it was used before, which revokes its device's session
     */
    async refreshSession(
      { refreshToken }: { refreshToken: string },
      { address, network }: ClientAddress,
    ): Promise<Session> {
      requireLocal();
      await takeOrThrow(rateLimiter, refreshLimit, network);
      const found = await users.useRefreshToken(hashToken(refreshToken), clock());
      if (found === null) throw sessionEnded();
      const { token, outcome } = found;
      const [[user], device] = await Promise.all([users.get([token.userId]), users.getDevice(token.deviceId)]);
      const isInForce = device !== null && device.revokedAt === null && device.sessionId === token.familyId;
      if (user == null || !isInForce) throw sessionEnded();
      if (outcome === 'reused') {
        await revoke(token.userId, token.deviceId);
        onSecurityEvent({ name: 'refresh-reused', userId: token.userId, deviceId: token.deviceId, address });
        throw sessionEnded();
      }
      if (token.expiresAt <= clock()) throw sessionEnded();
      const session = await openSession(user, token.deviceId, token.familyId);
      // In the meantime another holder may have used the old token again. Then the whole token family must be revoked.
      const after = await users.getDevice(token.deviceId);
      if (after?.revokedAt !== null || after.sessionId !== token.familyId) {
        if (after?.sessionId === token.familyId) await users.revokeDevice(token.deviceId, clock());
        throw sessionEnded();
      }
      return session;
    },

    async logOut({ userId, deviceId }: Viewer): Promise<void> {
      await revoke(userId, deviceId);
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

    /** @throws DomainError `BAD_USER_INPUT` unless one of the two is given; `NOT_FOUND` */
    async findUser({ id, username }: { id?: UserId | null; username?: string | null }): Promise<User> {
      if ((id == null) === (username == null)) throw bad('Exactly one of id and username is required.');
      const [user] =
        id != null ? await this.getUsers([id]) : [await users.findByUsername((username as string).slice(0, 64))];
      if (user == null) throw new DomainError('NOT_FOUND', 'User not found.');
      return user;
    },

    /** Deletes expired refresh tokens. */
    purge: () => users.purgeRefreshTokens(clock()),
  };
}

function checkPassword(password: string): void {
  if (password.length < 8 || password.length > 256 || !password.isWellFormed()) {
    throw bad('password must have 8 to 256 characters.');
  }
}

function hashToken(token: string): string {
  return hash('sha256', token);
}

function sessionEnded(): DomainError {
  return new DomainError('UNAUTHENTICATED', 'Session has expired or was revoked; log in again.');
}

function bad(message: string): DomainError {
  return new DomainError('BAD_USER_INPUT', message);
}
