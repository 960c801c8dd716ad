/** Every setting: its name in the environment, its unit and range, its default and its purpose. */

interface NumberSetting {
  readonly kind: 'number';
  readonly min: number;
  readonly max: number;
  readonly isWhole: boolean;
  readonly default: number;
  readonly unit: string;
  readonly why: string;
}

interface TextSetting {
  readonly kind: 'text';
  readonly default: string | null;
  /** The problem with a value, or null. */
  readonly check?: (value: string) => string | null;
  readonly unit: string;
  readonly why: string;
}

export type Setting = NumberSetting | TextSetting;

const whole = (value: number, min: number, max: number, unit: string, why: string): NumberSetting => ({
  kind: 'number',
  isWhole: true,
  default: value,
  min,
  max,
  unit,
  why,
});

const text = (value: string | null, unit: string, why: string, check?: TextSetting['check']): TextSetting => ({
  kind: 'text',
  default: value,
  unit,
  why,
  ...(check === undefined ? {} : { check }),
});

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

export const settings = {
  PORT: whole(4000, 0, 65_535, 'port', 'Port to listen on; 0 selects a free one.'),
  HOST: text('127.0.0.1', 'address', 'Network address to listen on; `0.0.0.0` for all.'),
  DATA_DIR: text('./data', 'folder', 'Folder for the files of the embedded stores.'),
  MONGO_URL: text(null, 'URL', 'Not supported by this version: messages are stored in `DATA_DIR`.'),
  MYSQL_URL: text(null, 'URL', 'Not supported by this version: the directory is stored in `DATA_DIR`.'),
  REDIS_URL: text(null, 'URL', 'Not supported by this version: events and presence stay in the process.'),
  JWT_SECRET: text(
    null,
    'text, 32 bytes or more',
    'Signs access tokens. Generated and stored in `DATA_DIR` if unset.',
    (value) => (Buffer.byteLength(value) < 32 ? 'must have 32 bytes or more' : null),
  ),
  JWT_JWKS_URL: text(
    null,
    'URL',
    "An identity provider's keys. Its tokens are accepted, and a user is created when their first token is seen. Unless `JWT_SECRET` is set too, they are the only accepted tokens.",
    webUrl,
  ),
  JWT_ISSUER: text(null, 'text', "Required `iss` of the identity provider's tokens. Any value is accepted if unset."),
  JWT_AUDIENCE: text(
    null,
    'text',
    "Required `aud` of the identity provider's tokens. If unset, tokens for its other applications are accepted too.",
  ),
  RATE_LIMIT_SCALE: {
    kind: 'number',
    isWhole: false,
    default: 1,
    min: 0.01,
    max: 1_000_000,
    unit: 'factor',
    why: 'Multiplies every rate limit; for load tests.',
  },
  LOG_LEVEL: text('info', logLevels.join(', '), 'Lowest level that is logged.', (value) =>
    logLevels.includes(value) ? null : `must be one of ${logLevels.join(', ')}`,
  ),
  ALLOWED_ORIGINS: text(
    '',
    'origins, by commas',
    'Other sites whose pages may use this server; `*` allows all.',
    origins,
  ),
  TRUST_PROXY: whole(
    0,
    0,
    1,
    'flag',
    "1 behind a proxy that sets `X-Forwarded-For`: the client's address is read from that header.",
  ),
  FAN_OUT_ON_WRITE_MAX_MEMBERS: whole(
    100,
    0,
    10_000,
    'members',
    'Groups of at most this many members are fanned out on write, larger ones on read.',
  ),
  BACKLOG_MAX: whole(
    1_000,
    1,
    100_000,
    'messages',
    "Number of a group's newest missed messages that one sync adds to an inbox. Older ones become one truncated entry.",
  ),
  GROUP_MEMBERS_MAX: whole(100_000, 2, 1_000_000, 'members', 'Maximum number of members of a group.'),
  TEXT_MAX_BYTES: whole(16_384, 1, 262_144, 'bytes', "Maximum length of a message's text, as UTF-8."),
  PAGE_SIZE_MAX: whole(
    500,
    1,
    1_000,
    'items',
    'Maximum page size of any list. If lower than 100, clients must pass a page size everywhere.',
  ),
  REQUEST_MAX_BYTES: whole(262_144, 1_024, 16_777_216, 'bytes', 'Maximum size of an HTTP body or a WebSocket message.'),
  OPERATIONS_PER_SOCKET_MAX: whole(64, 1, 10_000, 'operations', 'Operations running at once on one WebSocket.'),
  SOCKETS_MAX: whole(
    100_000,
    1,
    1_000_000,
    'sockets',
    'WebSockets of this instance. The limit on open files must allow them too.',
  ),
  SOCKETS_PER_USER_MAX: whole(50, 1, 100_000, 'sockets', 'WebSockets of one user.'),
  SOCKETS_PER_ADDRESS_MAX: whole(
    20_000,
    1,
    1_000_000,
    'sockets',
    'WebSockets from one network address. Many users may share an address.',
  ),
  ACCESS_TOKEN_TTL_S: whole(900, 5, 86_400, 'seconds', 'Lifetime of an access token.'),
  REFRESH_TOKEN_TTL_S: whole(
    5_184_000,
    60,
    31_536_000,
    'seconds',
    'Lifetime of a refresh token. The default is 60 days.',
  ),
  STORE_TIMEOUT_MS: whole(
    5_000,
    100,
    60_000,
    'milliseconds',
    'Time after which a call to a store fails with `UNAVAILABLE`.',
  ),
  DRAIN_MS: whole(2_000, 0, 300_000, 'milliseconds', 'Time over which sockets are closed after SIGTERM.'),
  LEASE_TTL_MS: whole(60_000, 1_000, 600_000, 'milliseconds', 'Time for which a heartbeat keeps a user online.'),
  SWEEP_EVERY_MS: whole(60_000, 100, 3_600_000, 'milliseconds', 'Interval between sweeps for unfinished fan-out.'),
  SWEEP_AGE_MS: whole(
    300_000,
    0,
    86_400_000,
    'milliseconds',
    'How old unfinished fan-out must be before a sweep takes it up.',
  ),
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;

/** The settings as a Markdown table, for the README. */
export function settingsTable(): string {
  const rows = Object.entries<Setting>(settings).map(([name, setting]) => {
    const range = setting.kind === 'number' ? `${setting.min} to ${setting.max} ${setting.unit}` : setting.unit;
    const initial = setting.default === null || setting.default === '' ? '' : `\`${setting.default}\``;
    return `| \`${name}\` | ${initial} | ${range} | ${setting.why} |`;
  });
  return ['| name | default | values | purpose |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function webUrl(value: string): string | null {
  const url = URL.parse(value);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:')
    ? null
    : 'must be an http or https URL';
}

function origins(value: string): string | null {
  const isOrigin = (one: string) => one === '*' || URL.parse(one)?.origin === one;
  return value === '' || value.split(',').every((one) => isOrigin(one.trim()))
    ? null
    : 'must be origins such as https://app.example.com';
}
