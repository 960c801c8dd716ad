/** Reads the environment once, checks all of it, and freezes what it found. */
import { type Setting, type SettingName, settings } from './settings.ts';

export interface Config {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly mongoUrl: string | null;
  readonly mysqlUrl: string | null;
  readonly redisUrl: string | null;
  readonly jwtSecret: string | null;
  readonly jwtJwksUrl: string | null;
  readonly jwtIssuer: string | null;
  readonly jwtAudience: string | null;
  readonly rateLimitScale: number;
  readonly logLevel: string;
  readonly allowedOrigins: readonly string[];
  readonly trustProxy: boolean;
  readonly fanOutOnWriteMaxMembers: number;
  readonly backlogMax: number;
  readonly groupMembersMax: number;
  readonly textMaxBytes: number;
  readonly pageSizeMax: number;
  readonly requestMaxBytes: number;
  readonly operationsPerSocketMax: number;
  readonly socketsMax: number;
  readonly socketsPerUserMax: number;
  readonly socketsPerAddressMax: number;
  readonly accessTokenTtlMs: number;
  readonly refreshTokenTtlMs: number;
  readonly storeTimeoutMs: number;
  readonly drainMs: number;
  readonly leaseTtlMs: number;
  readonly sweepEveryMs: number;
  readonly sweepAgeMs: number;
  /** Whether npm stands between the server and whoever started it; npm says so itself. */
  readonly startedByNpm: boolean;
}

/** All that is wrong with the environment. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The settings are not right:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * @param env - texts by name, as in `process.env`; an empty text counts as unset
 * @throws ConfigError naming every problem at once
 */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const problems: string[] = [];

  function read(name: SettingName): string | number | null {
    const setting: Setting = settings[name];
    const given = env[name]?.trim();
    if (given === undefined || given === '') return setting.default;
    const problem = setting.kind === 'number' ? problemWithNumber(setting, given) : (setting.check?.(given) ?? null);
    if (problem !== null) problems.push(`${name} ${problem}`);
    return setting.kind === 'number' ? Number(given) : given;
  }

  const number = (name: SettingName) => read(name) as number;
  const text = (name: SettingName) => read(name) as string;
  const optional = (name: SettingName) => read(name) as string | null;

  const config: Config = {
    port: number('PORT'),
    host: text('HOST'),
    dataDir: text('DATA_DIR'),
    mongoUrl: optional('MONGO_URL'),
    mysqlUrl: optional('MYSQL_URL'),
    redisUrl: optional('REDIS_URL'),
    jwtSecret: optional('JWT_SECRET'),
    jwtJwksUrl: optional('JWT_JWKS_URL'),
    jwtIssuer: optional('JWT_ISSUER'),
    jwtAudience: optional('JWT_AUDIENCE'),
    rateLimitScale: number('RATE_LIMIT_SCALE'),
    logLevel: text('LOG_LEVEL'),
    allowedOrigins: Object.freeze(
      text('ALLOWED_ORIGINS')
        .split(',')
        .map((origin) => origin.trim())
        .filter((origin) => origin !== ''),
    ),
    trustProxy: number('TRUST_PROXY') === 1,
    fanOutOnWriteMaxMembers: number('FAN_OUT_ON_WRITE_MAX_MEMBERS'),
    backlogMax: number('BACKLOG_MAX'),
    groupMembersMax: number('GROUP_MEMBERS_MAX'),
    textMaxBytes: number('TEXT_MAX_BYTES'),
    pageSizeMax: number('PAGE_SIZE_MAX'),
    requestMaxBytes: number('REQUEST_MAX_BYTES'),
    operationsPerSocketMax: number('OPERATIONS_PER_SOCKET_MAX'),
    socketsMax: number('SOCKETS_MAX'),
    socketsPerUserMax: number('SOCKETS_PER_USER_MAX'),
    socketsPerAddressMax: number('SOCKETS_PER_ADDRESS_MAX'),
    accessTokenTtlMs: number('ACCESS_TOKEN_TTL_S') * 1000,
    refreshTokenTtlMs: number('REFRESH_TOKEN_TTL_S') * 1000,
    storeTimeoutMs: number('STORE_TIMEOUT_MS'),
    drainMs: number('DRAIN_MS'),
    leaseTtlMs: number('LEASE_TTL_MS'),
    sweepEveryMs: number('SWEEP_EVERY_MS'),
    sweepAgeMs: number('SWEEP_AGE_MS'),
    startedByNpm: env.npm_lifecycle_event !== undefined,
  };
  // Unheard, they would leave the impression that tokens are checked against them.
  for (const name of ['JWT_ISSUER', 'JWT_AUDIENCE'] as const)
    if (read(name) !== null && config.jwtJwksUrl === null) problems.push(`${name} needs JWT_JWKS_URL`);
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}

function problemWithNumber(
  { min, max, isWhole, unit }: Extract<Setting, { kind: 'number' }>,
  given: string,
): string | null {
  const value = Number(given);
  if (!Number.isFinite(value) || (isWhole && !Number.isInteger(value)))
    return `is not a ${isWhole ? 'whole ' : ''}number: ${given}`;
  return value < min || value > max ? `must be ${min} to ${max} (${unit}): ${given}` : null;
}
