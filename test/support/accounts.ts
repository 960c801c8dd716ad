/** The account service over a directory, a clock the test sets, and passwords that cost nothing. */
import { createHash, randomBytes } from 'node:crypto';
import { createMemoryBus } from '../../src/pubsub/memory/memory-bus.ts';
import { type RevocationHint, topics } from '../../src/pubsub/topics.ts';
import { type AccountPorts, createAccountService, type Session } from '../../src/services/accounts/account-service.ts';
import type { Passwords } from '../../src/services/accounts/passwords.ts';
import { createSigningKeys } from '../../src/services/accounts/signing-keys.ts';
import type { Directory } from '../../src/stores/directory.ts';
import { createMemoryAttemptCounter } from '../../src/stores/memory/memory-attempt-counter.ts';
import { createMemoryRateLimiter } from '../../src/stores/memory/memory-rate-limiter.ts';
import { at, nextId } from '../contract/directory-drivers.ts';

export const secret = randomBytes(32);
export const password = 'correct horse';
export const fromAddress = (address: string) => ({ address, network: address });
export const from = fromAddress('127.0.0.1');
export const minute = 60_000;
export const day = 24 * 60 * minute;
export const accountSettings = {
  accessTokenTtlMs: 15 * minute,
  refreshTokenTtlMs: 60 * day,
  refreshReuseMs: 30_000,
  sessionMaxMs: 365 * day,
  devicesPerUserMax: 50,
  registration: 'open' as const,
  userSearch: true,
  pageSizeMax: 500,
};
export const unauthenticated = { code: 'UNAUTHENTICATED', retryable: false };

const failOnError = (error: unknown) => {
  throw error;
};

/** Stands in for argon2, which has a test of its own. */
export const plainPasswords = (): Passwords => ({
  hash: async (text) => plainHash(text),
  verify: async (text, phc) => phc === plainHash(text),
  isOutdated: () => false,
  waiting: 0,
});

/** Readable, but of a length that does not grow with the password, as a real one. */
const plainHash = (text: string) =>
  `hash of ${text.length < 100 ? text : createHash('sha256').update(text).digest('hex')}`;

let names = 0;
export const newName = () => {
  names += 1;
  return `user${names}`;
};

export type { AccountPorts };
/** The parts of a directory that accounts use. */
export type AccountStores = Pick<Directory, 'users' | 'devices' | 'accountControl'>;

export function setUpAccounts(
  { users, devices, accountControl }: AccountStores,
  over: Partial<AccountPorts> = {},
  rateLimitScale = 1_000,
) {
  const time = { now: at };
  const clock = () => time.now;
  const bus = over.bus ?? createMemoryBus({ onError: failOnError });
  const revocations: RevocationHint[] = [];
  void bus.subscribe(topics.revocations, (hint) => revocations.push(hint));
  const accounts = createAccountService({
    users,
    devices,
    accountControl,
    bus,
    rateLimiter: createMemoryRateLimiter({ elapsed: clock, scale: rateLimitScale }),
    attemptCounter: createMemoryAttemptCounter({ elapsed: clock, scale: rateLimitScale }),
    passwords: plainPasswords(),
    onLimit: () => {},
    signingKeys: createSigningKeys([secret]),
    externalTokens: null,
    onSecurityEvent: () => {},
    newId: nextId,
    randomToken: () => randomBytes(32).toString('base64url'),
    clock,
    settings: accountSettings,
    ...over,
  });
  const register = (username = newName()) => accounts.register({ username, password }, from);
  const refresh = ({ refreshToken }: Session) => accounts.refreshSession({ refreshToken }, from);
  const verify = ({ accessToken }: Session) => accounts.verifyToken(accessToken);
  return { accounts, bus, time, clock, revocations, register, refresh, verify };
}

/** Stores whose methods can be replaced. */
export function pick({ users, devices, accountControl }: AccountStores): AccountStores {
  return { users: { ...users }, devices: { ...devices }, accountControl: { ...accountControl } };
}
