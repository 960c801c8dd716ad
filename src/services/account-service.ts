/** Who somebody is: registering, signing in on devices, and what a token says. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { DomainError } from '../domain/errors.ts';
import { type Clock, type DeviceId, isId, type Millis, type UserId } from '../domain/ids.ts';
import type { User, Viewer } from '../domain/user.ts';
import type { Bus } from '../pubsub/bus.ts';
import { topics } from '../pubsub/topics.ts';
import type { RateLimit, RateLimiter } from '../stores/rate-limiter.ts';
import type { RefreshToken, UserStore } from '../stores/user-store.ts';
import type { Passwords } from './passwords.ts';
import { takeOrThrow } from './rate-limits.ts';
import type { AccessTokens } from './tokens/access-tokens.ts';
import type { ExternalIdentity, ExternalTokens } from './tokens/external-tokens.ts';

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

/** Where a request comes from. */
export interface Origin {
  readonly address: string;
}

const usernamePattern = /^[A-Za-z0-9._-]{3,32}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controlPattern = /[\u0000-\u001f\u007f]/;
const knownTokensMax = 50_000;

export type AccountService = ReturnType<typeof createAccountService>;

export function createAccountService(ports: {
  users: UserStore;
  bus: Bus;
  rateLimiter: RateLimiter;
  passwords: Passwords;
  /** Null when users come from an identity provider only: there is nothing to register or log in with then. */
  accessTokens: AccessTokens | null;
  externalTokens: ExternalTokens | null;
  newId: () => string;
  randomToken: () => string;
  clock: Clock;
  settings: { readonly refreshTokenTtlMs: Millis };
}) {
  const { users, bus, rateLimiter, passwords, accessTokens, externalTokens, newId, randomToken, clock, settings } =
    ports;
  const knownUsers = new LRUCache<UserId, User>({ max: 100_000 });
  const viewers = new LRUCache<string, Viewer>({ max: knownTokensMax });
  const revokedDevices = new LRUCache<DeviceId, true>({ max: 100_000 });
  const externalDevices = new LRUCache<string, { userId: UserId; deviceId: DeviceId }>({ max: 100_000 });

  function requireLocal(): AccessTokens {
    if (accessTokens === null)
      throw new DomainError('FORBIDDEN', 'Users of this server sign in at their identity provider.');
    return accessTokens;
  }

  async function openSession(user: User, deviceId: DeviceId, familyId: string): Promise<Session> {
    const { token, expiresAt } = await requireLocal().sign(user.id, deviceId);
    const refreshToken = randomToken();
    await users.addRefreshToken({
      hash: hashToken(refreshToken),
      userId: user.id,
      deviceId,
      familyId,
      expiresAt: clock() + settings.refreshTokenTtlMs,
    });
    knownUsers.set(user.id, user);
    return { accessToken: token, accessTokenExpiresAt: expiresAt, refreshToken, deviceId, user };
  }

  async function signInDevice(user: User, name: string | null, deviceId: DeviceId | null): Promise<DeviceId> {
    const device = { id: deviceId ?? newId(), userId: user.id, name, createdAt: clock(), revokedAt: null };
    if (deviceId !== null) {
      const known = isId(deviceId) ? await users.getDevice(deviceId) : null;
      if (known?.userId !== user.id) throw new DomainError('NOT_FOUND', 'There is no such device of this user.');
    }
    await users.putDevice(device);
    revokedDevices.delete(device.id);
    return device.id;
  }

  async function revoke(userId: UserId, deviceId: DeviceId): Promise<void> {
    await users.revokeDevice(deviceId, clock());
    noteRevoked(deviceId);
    bus.publish(topics.revocations, { userId, deviceId });
  }

  function noteRevoked(deviceId: DeviceId): void {
    revokedDevices.set(deviceId, true);
    // Rare, against a look at every token on every request.
    for (const [key, viewer] of viewers.entries()) if (viewer.deviceId === deviceId) viewers.delete(key);
  }

  /** A device whose state cannot be read keeps its valid token: the token says who it is, and it ends soon. */
  async function isRevoked(deviceId: DeviceId): Promise<boolean> {
    if (revokedDevices.has(deviceId)) return true;
    try {
      const device = isId(deviceId) ? await users.getDevice(deviceId) : null;
      return device === null || device.revokedAt !== null;
    } catch {
      return false;
    }
  }

  async function viewerOf(token: string): Promise<Viewer> {
    if (accessTokens !== null) {
      try {
        return await accessTokens.verify(token);
      } catch (error) {
        if (externalTokens === null) throw error;
      }
    }
    if (externalTokens === null) throw new DomainError('UNAUTHENTICATED', 'The access token is not valid.');
    const identity = await externalTokens.verify(token);
    return { ...(await provision(identity)), expiresAt: identity.expiresAt };
  }

  /** The user and device an outside identity stands for, made when it is seen first. */
  async function provision(identity: ExternalIdentity): Promise<{ userId: UserId; deviceId: DeviceId }> {
    const key = `${identity.subject}|${identity.deviceKey}`;
    const known = externalDevices.get(key);
    if (known !== undefined) return known;
    const user = (await users.findByExternalSubject(identity.subject)) ?? (await createExternalUser(identity));
    const deviceId = deviceIdFor(user.id, identity.deviceKey);
    const device = await users.getDevice(deviceId);
    if (device === null) {
      await users.putDevice({ id: deviceId, userId: user.id, name: null, createdAt: clock(), revokedAt: null });
    }
    externalDevices.set(key, { userId: user.id, deviceId });
    return { userId: user.id, deviceId };
  }

  async function createExternalUser({ subject, suggestedName, displayName }: ExternalIdentity): Promise<User> {
    const base = suggestedName.replace(/[^A-Za-z0-9._-]/g, '').slice(0, 24);
    for (let attempt = 0; ; attempt += 1) {
      const id = newId();
      const username = attempt === 0 && base.length >= 3 ? base : `${base}-${id.slice(-6)}`;
      const shown = displayName?.trim().slice(0, 64);
      const user = {
        id,
        username,
        displayName: shown === undefined || shown === '' ? username : shown,
        createdAt: clock(),
      };
      try {
        return await users.create(user, { passwordHash: null, externalSubject: subject });
      } catch (error) {
        if (!(error instanceof DomainError) || error.code !== 'USERNAME_TAKEN' || attempt >= 5) throw error;
      }
    }
  }

  return {
    /** @throws DomainError `BAD_USER_INPUT`, `USERNAME_TAKEN`, `RATE_LIMITED`, `FORBIDDEN` where only an identity provider signs in */
    async register(
      input: { username: string; password: string; displayName?: string | null; deviceName?: string | null },
      { address }: Origin,
    ): Promise<Session> {
      requireLocal();
      await takeOrThrow(rateLimiter, registerLimit, address);
      const { username, password } = input;
      if (!usernamePattern.test(username)) {
        throw bad('username must have 3 to 32 letters, digits, dots, underscores or hyphens.');
      }
      checkPassword(password);
      const displayName = checkName('displayName', input.displayName ?? username);
      const deviceName = input.deviceName == null ? null : checkName('deviceName', input.deviceName);
      // Looked up first, so that a taken name does not cost a hash.
      if ((await users.findByUsername(username)) !== null)
        throw new DomainError('USERNAME_TAKEN', 'This username is taken.');
      const passwordHash = await passwords.hash(password);
      const user = await users.create(
        { id: newId(), username, displayName, createdAt: clock() },
        { passwordHash, externalSubject: null },
      );
      return openSession(user, await signInDevice(user, deviceName, null), newId());
    },

    /** @throws DomainError `UNAUTHENTICATED`: name or password is wrong, without saying which */
    async logIn(
      input: { username: string; password: string; deviceName?: string | null; deviceId?: DeviceId | null },
      { address }: Origin,
    ): Promise<Session> {
      requireLocal();
      await takeOrThrow(rateLimiter, logInAddressLimit, address);
      await takeOrThrow(rateLimiter, logInNameLimit, input.username.slice(0, 64).toLowerCase());
      const deviceName = input.deviceName == null ? null : checkName('deviceName', input.deviceName);
      const login = usernamePattern.test(input.username) ? await users.findLogin(input.username) : null;
      const isRight = await passwords.verify(input.password.slice(0, 256), login?.passwordHash ?? null);
      if (!isRight || login === null || input.password.length > 256) {
        throw new DomainError('UNAUTHENTICATED', 'The username or the password is wrong.');
      }
      return openSession(login.user, await signInDevice(login.user, deviceName, input.deviceId ?? null), newId());
    },

    /**
     * Trades a refresh token for a new session, once.
     *
     * @throws DomainError `UNAUTHENTICATED`: unknown or ended; or used before, and then its device's session is ended too
     */
    async refreshSession({ refreshToken }: { refreshToken: string }, { address }: Origin): Promise<Session> {
      requireLocal();
      await takeOrThrow(rateLimiter, refreshLimit, address);
      const found = await users.useRefreshToken(hashToken(refreshToken), clock());
      if (found === null) throw sessionEnded();
      const { token, outcome } = found;
      if (outcome === 'reused') {
        await revoke(token.userId, token.deviceId);
        throw sessionEnded();
      }
      if (token.expiresAt <= clock()) throw sessionEnded();
      const [[user], device] = await Promise.all([users.get([token.userId]), users.getDevice(token.deviceId)]);
      if (user == null || device === null || device.revokedAt !== null) throw sessionEnded();
      const session = await openSession(user, token.deviceId, (token satisfies RefreshToken).familyId);
      // Between the two another holder may have used the old token again: then nothing of this family may live on.
      if (await isRevoked(token.deviceId)) {
        await users.revokeDevice(token.deviceId, clock());
        throw sessionEnded();
      }
      return session;
    },

    async logOut({ userId, deviceId }: Viewer): Promise<void> {
      await revoke(userId, deviceId);
    },

    /**
     * Who a token speaks for.
     *
     * @throws DomainError `UNAUTHENTICATED`: bad, ended or revoked
     */
    async verifyToken(token: string): Promise<Viewer> {
      const known = viewers.get(token);
      if (known !== undefined && known.expiresAt > clock()) return known;
      const viewer = await viewerOf(token);
      if (await isRevoked(viewer.deviceId)) throw new DomainError('UNAUTHENTICATED', 'This session has ended.');
      viewers.set(token, viewer);
      return viewer;
    },

    /** Takes note of sessions ended on other instances; resolves when it is in force. */
    watchRevocations(): Promise<() => void> {
      return bus.subscribe(topics.revocations, ({ deviceId }) => noteRevoked(deviceId));
    },

    /** Users by id, in the order asked for. */
    async getUsers(ids: readonly UserId[]): Promise<(User | null)[]> {
      const missing = ids.filter((id) => !knownUsers.has(id) && isId(id));
      for (const user of missing.length === 0 ? [] : await users.get(missing)) {
        if (user !== null) knownUsers.set(user.id, user);
      }
      return ids.map((id) => knownUsers.get(id) ?? null);
    },

    /** @throws DomainError `BAD_USER_INPUT` unless one of the two is given; `NOT_FOUND` */
    async findUser({ id, username }: { id?: UserId | null; username?: string | null }): Promise<User> {
      if ((id == null) === (username == null)) throw bad('Ask by id or by username.');
      const [user] =
        id != null ? await this.getUsers([id]) : [await users.findByUsername((username as string).slice(0, 64))];
      if (user == null) throw new DomainError('NOT_FOUND', 'There is no such user.');
      return user;
    },

    /** Forgets refresh tokens that have ended. */
    purge: () => users.purgeRefreshTokens(clock()),
  };
}

function checkPassword(password: string): void {
  if (password.length < 8 || password.length > 256 || !password.isWellFormed()) {
    throw bad('password must have 8 to 256 characters.');
  }
}

function checkName(field: string, text: string): string {
  const name = text.trim();
  if (name.length < 1 || name.length > 64 || !name.isWellFormed() || controlPattern.test(name)) {
    throw bad(`${field} must have 1 to 64 characters on one line.`);
  }
  return name;
}

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** One id for each device of an outside user, the same at every sight: 62 bits of a hash. */
function deviceIdFor(userId: UserId, deviceKey: string): DeviceId {
  const digest = createHash('sha256').update(`${userId}|${deviceKey}`).digest();
  return ((digest.readBigUInt64BE() >> 2n) | 1n).toString();
}

function sessionEnded(): DomainError {
  return new DomainError('UNAUTHENTICATED', 'This session has ended; log in again.');
}

function bad(message: string): DomainError {
  return new DomainError('BAD_USER_INPUT', message);
}
