/**
 * Sessions: signing in on a device, renewing, and signing out.
 *
 * A device is in one of these states:
 * - signed in: it names its current session, and only tokens of this session are valid;
 * - signed out: its session was revoked, by a logout or by the reuse of a refresh token. A login that names the device signs
 *   it in again, with a new session;
 * - forgotten: it was unused for the lifetime of a refresh token, or its user has signed in on too many others since.
 *
 * The refresh token of each generation is
 * - the latest one: exchanging it moves the session on to the next generation;
 * - the previous one, for `refreshReuseMs` after the exchange: it gives the same successor again, so that a lost answer, a
 *   repeated request or a second tab signs nobody out;
 * - used, afterwards: if it is presented again, it has two holders, so its device is signed out.
 *
 * Invariant: the directory advances a session in one step. The loser of a race gets the winner's successor.
 */
import { DomainError } from '../../domain/errors.ts';
import { type Clock, type DeviceId, isId, type Millis, type UserId } from '../../domain/ids.ts';
import type { OnSecurityEvent } from '../../domain/security-event.ts';
import type { DeviceStore, RefreshState } from '../../stores/device-store.ts';
import type { Account } from '../../stores/user-store.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { RefreshTokens } from './refresh-tokens.ts';
import type { TokenCheck } from './token-check.ts';

export interface SessionSettings {
  readonly refreshTokenTtlMs: Millis;
  /** How long a used refresh token gives its successor again; 0 for never. */
  readonly refreshReuseMs: Millis;
  /** How long a session may last after its log-in, however often it is renewed; 0 for no end. */
  readonly sessionMaxMs: Millis;
  readonly devicesPerUserMax: number;
}

/** The part of a session that its client stores. */
export interface SessionTokens {
  readonly accessToken: string;
  readonly accessTokenExpiresAt: Millis;
  readonly refreshToken: string;
  readonly deviceId: DeviceId;
}

/** A user, and the hash that their password was verified against. */
export type Credentials = Pick<Account, 'user' | 'passwordHash'>;

export type Sessions = ReturnType<typeof createSessions>;

export function createSessions(ports: {
  devices: DeviceStore;
  accessTokens: AccessTokens;
  refreshTokens: RefreshTokens;
  tokens: Pick<TokenCheck, 'announceEnd' | 'revoke'>;
  onSecurityEvent: OnSecurityEvent;
  newId: () => string;
  randomToken: () => string;
  clock: Clock;
  settings: SessionSettings;
}) {
  const { devices, accessTokens, refreshTokens, tokens, onSecurityEvent, newId, randomToken, clock } = ports;
  const { refreshTokenTtlMs, refreshReuseMs, sessionMaxMs, devicesPerUserMax } = ports.settings;

  const endOf = (startedAt: Millis) => (sessionMaxMs === 0 ? Number.POSITIVE_INFINITY : startedAt + sessionMaxMs);

  async function tokensFor(
    userId: UserId,
    deviceId: DeviceId,
    sessionId: string,
    { secret, startedAt, generation }: Pick<RefreshState, 'secret' | 'startedAt' | 'generation'>,
  ): Promise<SessionTokens> {
    const { token, expiresAt } = await accessTokens.sign(
      { id: newId(), userId, deviceId, sessionId },
      endOf(startedAt),
    );
    const refreshToken = refreshTokens.make(deviceId, generation, { sessionId, secret });
    return { accessToken: token, accessTokenExpiresAt: expiresAt, refreshToken, deviceId };
  }

  async function keepTo(userId: UserId, max: number): Promise<void> {
    // When the store does not answer, the next log-in makes up for it.
    for (const id of await devices.trim(userId, max).catch(() => [])) tokens.announceEnd(userId, id, true);
  }

  return {
    /**
     * Signs a user in on a new device, or again on one of theirs, which keeps its place in the inbox.
     *
     * @throws DomainError `NOT_FOUND`: the user has no device `knownId`
     * @throws DomainError `UNAUTHENTICATED`: the account was disabled, or its password changed, since the account was read
     */
    async signIn(
      { user, passwordHash }: Credentials,
      name: string | null,
      knownId: DeviceId | null,
    ): Promise<SessionTokens> {
      if (knownId !== null) {
        const known = isId(knownId) ? await devices.get(knownId) : null;
        // Another user's device and an unknown one get the same answer, so that nobody learns which ids exist.
        if (known?.userId !== user.id) throw new DomainError('NOT_FOUND', 'Device not found for this user.');
      }
      const now = clock();
      const id = knownId ?? newId();
      const sessionId = newId();
      const expiresAt = Math.min(now + refreshTokenTtlMs, endOf(now));
      const refresh = { secret: randomToken(), startedAt: now, generation: 1, rotatedAt: now, expiresAt };
      const device = { id, userId: user.id, name, createdAt: now, lastUsedAt: now, revokedAt: null, sessionId };
      const isSignedIn = await devices.put(device, refresh, passwordHash === null ? undefined : { passwordHash });
      if (!isSignedIn) throw sessionEnded();
      if (knownId === null) await keepTo(user.id, devicesPerUserMax);
      else tokens.announceEnd(user.id, id, false);
      return tokensFor(user.id, id, sessionId, refresh);
    },

    /**
     * Exchanges a refresh token for the next tokens of its session.
     *
     * @throws DomainError `UNAUTHENTICATED`: unknown, expired or revoked; or used, and then its device is signed out
     */
    async refresh(refreshToken: string, address: string): Promise<SessionTokens & { userId: UserId }> {
      const claims = refreshTokens.parse(refreshToken);
      if (claims === null || !isId(claims.deviceId)) throw sessionEnded();
      const { deviceId, generation } = claims;
      for (let hasLost = false; ; hasLost = true) {
        const found = await devices.getForRefresh(deviceId);
        if (found === null || found.refresh === null || found.device.sessionId === null) throw sessionEnded();
        const { device, refresh } = found;
        const { userId, sessionId } = device as { userId: UserId; sessionId: string };
        if (!refreshTokens.isGenuine(claims, { sessionId, secret: refresh.secret })) throw sessionEnded();
        if (device.revokedAt !== null || refresh.expiresAt <= clock()) throw sessionEnded();

        if (generation === refresh.generation) {
          const expiresAt = Math.min(clock() + refreshTokenTtlMs, endOf(refresh.startedAt));
          if (expiresAt <= clock()) throw sessionEnded();
          const hasMoved = await devices.rotate({ deviceId, sessionId, generation, at: clock(), expiresAt });
          if (!hasMoved) {
            // Another call was faster, and the device that is read now has its successor. If it has not, the session has ended.
            if (hasLost) throw sessionEnded();
            continue;
          }
          return {
            ...(await tokensFor(userId, deviceId, sessionId, { ...refresh, generation: generation + 1 })),
            userId,
          };
        }
        if (generation === refresh.generation - 1 && clock() - refresh.rotatedAt < refreshReuseMs)
          return { ...(await tokensFor(userId, deviceId, sessionId, refresh)), userId };

        await tokens.revoke(userId, deviceId);
        onSecurityEvent({ name: 'refresh-reused', userId, deviceId, address });
        throw sessionEnded();
      }
    },
  };
}

export function sessionEnded(): DomainError {
  return new DomainError('UNAUTHENTICATED', 'Session has expired or was revoked; log in again.');
}
