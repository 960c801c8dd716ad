/** Accounts: registering, logging in and out, and finding users. The entry module of this folder. */
import { LRUCache } from 'lru-cache';
import type { ClientAddress } from '../../domain/client-address.ts';
import { DomainError } from '../../domain/errors.ts';
import { type Clock, type DeviceId, isId, type Millis, type UserId } from '../../domain/ids.ts';
import type { OnSecurityEvent } from '../../domain/security-event.ts';
import type { Device, User, Viewer } from '../../domain/user.ts';
import type { Bus } from '../../pubsub/bus.ts';
import type { AccountControl } from '../../stores/account-control.ts';
import type { AttemptCounter } from '../../stores/attempt-counter.ts';
import type { DeviceStore } from '../../stores/device-store.ts';
import type { RateLimit, RateLimiter } from '../../stores/rate-limiter.ts';
import type { UserStore } from '../../stores/user-store.ts';
import { takeOrThrow } from '../rate-limits.ts';
import { createAccessTokens } from './access-tokens.ts';
import { createLogInAttempts } from './log-in-attempts.ts';
import { createPasswordAccounts, type LogInInput, type RegisterInput, type Session } from './password-accounts.ts';
import { createPasswordPolicy } from './password-policy.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import { createProfiles, type ProfileSettings } from './profiles.ts';
import { createRefreshTokens } from './refresh-tokens.ts';
import { createSessionEndings } from './session-endings.ts';
import { createSessions, type SessionSettings, sessionEnded } from './sessions.ts';
import { openSignIns, type SignInSettings, type SignIns } from './sign-ins.ts';
import type { SigningKeys } from './signing-keys.ts';
import { createTokenCheck } from './token-check.ts';

export { type AccountOperator, createAccountOperator } from './account-operator.ts';
export type { Session } from './password-accounts.ts';
export { createPasswords } from './passwords.ts';

export const refreshLimit: RateLimit = { name: 'refresh', points: 300, windowMs: 60_000 };

/** How long names and pictures are kept in memory. */
const profileMaxAgeMs = 30_000;

export interface AccountSettings extends SessionSettings, ProfileSettings {
  readonly accessTokenTtlMs: Millis;
  readonly registration: 'open' | 'closed';
}

export type AccountService = ReturnType<typeof createAccountService>;

export interface AccountPorts extends SignIns {
  readonly users: UserStore;
  readonly devices: DeviceStore;
  readonly accountControl: AccountControl;
  readonly bus: Bus;
  readonly rateLimiter: RateLimiter;
  readonly attemptCounter: AttemptCounter;
  readonly passwords: Passwords;
  readonly onSecurityEvent: OnSecurityEvent;
  /** Called with the name of a limit for each refusal that the rate limiter does not see. */
  readonly onLimit: (limit: string) => void;
  readonly newId: () => string;
  readonly randomToken: () => string;
  readonly clock: Clock;
  readonly settings: AccountSettings;
}

/**
 * The account service with the sign-ins that the settings select. Reads the secrets.
 *
 * @throws StartError: a file of secrets cannot be read, or contains no valid secret
 */
export function openAccountService({
  onError,
  elapsed,
  ...ports
}: Omit<AccountPorts, keyof SignIns | 'passwords'> & {
  /** Milliseconds of a monotonic clock. */
  readonly elapsed: Clock;
  readonly onError: (error: unknown, what: string) => void;
  readonly settings: SignInSettings;
}): AccountService {
  const { settings, clock } = ports;
  const signIns = openSignIns({ settings, clock, elapsed, onError });
  return createAccountService({ ...ports, ...signIns, passwords: createPasswords(ports.onLimit) });
}

export function createAccountService(ports: AccountPorts) {
  const { users, devices, rateLimiter, signingKeys, externalTokens, onSecurityEvent } = ports;
  const { clock, settings } = ports;
  // Other instances may change a profile: names are allowed to be this old.
  const knownUsers = new LRUCache<UserId, User>({ max: 20_000, ttl: profileMaxAgeMs });
  const profiles = createProfiles({
    users,
    rateLimiter,
    onChanged: (user) => knownUsers.set(user.id, user),
    settings,
  });
  const accessTokens =
    signingKeys === null ? null : createAccessTokens({ keys: signingKeys, ttlMs: settings.accessTokenTtlMs, clock });
  const { devicesPerUserMax } = settings;
  const tokens = createTokenCheck({ ...ports, accessTokens, devicesPerUserMax });
  const endings = createSessionEndings({ control: ports.accountControl, announceEnd: tokens.announceEnd });
  const local = signingKeys === null || accessTokens === null ? null : createLocal(signingKeys, accessTokens);

  /** What only a server with accounts of its own has. */
  function createLocal(keys: SigningKeys, ownTokens: NonNullable<typeof accessTokens>) {
    const refreshTokens = createRefreshTokens(keys);
    const sessions = createSessions({ ...ports, accessTokens: ownTokens, refreshTokens, tokens });
    const attempts = createLogInAttempts({ counter: ports.attemptCounter, onRefused: ports.onLimit });
    const accounts = createPasswordAccounts({
      ...ports,
      control: ports.accountControl,
      announceEnd: tokens.announceEnd,
      isRegistrationOpen: settings.registration === 'open',
      sessions,
      attempts,
      policy: createPasswordPolicy(),
    });
    return { ...accounts, refresh: sessions.refresh };
  }

  function requireLocal(): NonNullable<typeof local> {
    if (local === null)
      throw new DomainError('FORBIDDEN', 'This server accepts sign-ins only through its identity provider.');
    return local;
  }

  function remember(session: Session): Session {
    knownUsers.set(session.user.id, session.user);
    return session;
  }

  return {
    /** @throws DomainError `FORBIDDEN` if only an identity provider signs users in; otherwise as `PasswordAccounts.register` */
    register: async (input: RegisterInput, from: ClientAddress) => remember(await requireLocal().register(input, from)),

    /** @throws DomainError `FORBIDDEN` if only an identity provider signs users in; otherwise as `PasswordAccounts.logIn` */
    logIn: async (input: LogInInput, from: ClientAddress) => remember(await requireLocal().logIn(input, from)),

    /**
     * Exchanges a refresh token for the next tokens of its session.
     *
     * @throws DomainError `UNAUTHENTICATED`: unknown, expired or revoked; or used, and then its device is signed out
     */
    async refreshSession(
      { refreshToken }: { refreshToken: string },
      { address, network }: ClientAddress,
    ): Promise<Session> {
      const { refresh } = requireLocal();
      await takeOrThrow(rateLimiter, refreshLimit, network);
      const { userId, ...renewed } = await refresh(refreshToken, address);
      const [user] = await this.getUsers([userId]);
      if (user == null) throw sessionEnded();
      return { ...renewed, user };
    },

    async logOut({ userId, deviceId }: Viewer): Promise<void> {
      await tokens.revoke(userId, deviceId);
      onSecurityEvent({ name: 'logged-out', userId, deviceId });
    },

    /** @throws DomainError `FORBIDDEN` if only an identity provider signs users in; otherwise as `PasswordAccounts.changePassword` */
    changePassword: async (
      viewer: Viewer,
      input: { currentPassword: string; newPassword: string },
      from: ClientAddress,
    ): Promise<void> => requireLocal().changePassword(viewer, input, from),

    /** Ends the session of one of the viewer's devices. @throws DomainError `NOT_FOUND` */
    async revokeDevice({ userId }: Viewer, deviceId: DeviceId): Promise<void> {
      const device = isId(deviceId) ? await devices.get(deviceId) : null;
      if (device?.userId !== userId) throw new DomainError('NOT_FOUND', 'Device not found for this user.');
      await tokens.revoke(userId, deviceId);
      onSecurityEvent({ name: 'device-revoked', userId, deviceId });
    },

    verifyToken: tokens.verify,
    /** Takes note of sessions that an operator ended. */
    followEndings: endings.look,
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

    ...profiles,

    /** A signed-in device of the user, or null. */
    async findDevice({ userId }: Pick<Viewer, 'userId'>, id: DeviceId): Promise<Device | null> {
      const device = isId(id) ? await devices.get(id) : null;
      return device?.userId === userId && device.revokedAt === null ? device : null;
    },

    /** The user's signed-in devices, the latest used first. */
    async listDevices({ userId }: Viewer): Promise<Device[]> {
      return (await devices.listByUser(userId)).filter(({ revokedAt }) => revokedAt === null);
    },

    /** Number of passwords that wait to be hashed. */
    get passwordsWaiting(): number {
      return ports.passwords.waiting;
    },

    /** Forgets devices that were unused for the lifetime of a refresh token. */
    purge: () => devices.forgetUnused(clock() - settings.refreshTokenTtlMs),
  };
}
