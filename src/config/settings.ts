/** Every setting: its name in the environment, its unit and range, its default, and what it is for. */

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
  /** What is wrong with a value, or null. */
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
  PORT: whole(4000, 0, 65_535, 'port', 'Where the server listens; 0 takes a free one.'),
  HOST: text('127.0.0.1', 'address', 'Which network it listens on; `0.0.0.0` for all.'),
  DATA_DIR: text('./data', 'folder', 'Where the embedded stores keep their files.'),
  MONGO_URL: text(null, 'URL', 'Not served by this version: messages are kept in `DATA_DIR`.', notYet),
  MYSQL_URL: text(null, 'URL', 'Not served by this version: the directory is kept in `DATA_DIR`.', notYet),
  REDIS_URL: text(null, 'URL', 'Not served by this version: events and presence stay in the process.', notYet),
  JWT_SECRET: text(
    null,
    'text, 32 bytes or more',
    'Signs access tokens; made and kept in `DATA_DIR` when unset.',
    (value) => (Buffer.byteLength(value) < 32 ? 'must have 32 bytes or more' : null),
  ),
  JWT_JWKS_URL: text(
    null,
    'URL',
    "An identity provider's keys: its tokens are taken, and users made when first seen. Without `JWT_SECRET` they are then the only way in.",
    webUrl,
  ),
  JWT_ISSUER: text(null, 'text', "The `iss` that the identity provider's tokens must have; any when unset."),
  JWT_AUDIENCE: text(
    null,
    'text',
    "The `aud` that the identity provider's tokens must have; any when unset, also those made for its other applications.",
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
  LOG_LEVEL: text('info', logLevels.join(', '), 'What is worth a line.', (value) =>
    logLevels.includes(value) ? null : `must be one of ${logLevels.join(', ')}`,
  ),
  ALLOWED_ORIGINS: text('', 'origins, by commas', 'Other sites whose pages may use this server; `*` for all.', origins),
  TRUST_PROXY: whole(
    0,
    0,
    1,
    'flag',
    "1 behind a proxy that sets `X-Forwarded-For`: the client's address is taken from it.",
  ),
  FAN_OUT_ON_WRITE_MAX_MEMBERS: whole(100, 0, 10_000, 'members', 'Larger groups are fanned out on read.'),
  BACKLOG_MAX: whole(
    1_000,
    1,
    100_000,
    'messages',
    "A group's newest that one sync puts into an inbox; older ones become one truncated entry.",
  ),
  GROUP_MEMBERS_MAX: whole(100_000, 2, 1_000_000, 'members', 'The largest group.'),
  TEXT_MAX_BYTES: whole(16_384, 1, 262_144, 'bytes', 'The longest text of a message, as UTF-8.'),
  PAGE_SIZE_MAX: whole(
    500,
    1,
    1_000,
    'items',
    'The largest page of any list. Below 100 clients must name the size of every page.',
  ),
  REQUEST_MAX_BYTES: whole(262_144, 1_024, 16_777_216, 'bytes', 'An HTTP body, or a WebSocket message.'),
  OPERATIONS_PER_SOCKET_MAX: whole(64, 1, 10_000, 'operations', 'At a time on one WebSocket.'),
  SOCKETS_MAX: whole(100_000, 1, 1_000_000, 'sockets', 'WebSockets of this instance; bounded by open files, too.'),
  SOCKETS_PER_USER_MAX: whole(50, 1, 100_000, 'sockets', 'WebSockets of one user.'),
  SOCKETS_PER_ADDRESS_MAX: whole(
    20_000,
    1,
    1_000_000,
    'sockets',
    'WebSockets from one network address; many users may share one.',
  ),
  ACCESS_TOKEN_TTL_S: whole(900, 5, 86_400, 'seconds', 'How long an access token lasts.'),
  REFRESH_TOKEN_TTL_S: whole(5_184_000, 60, 31_536_000, 'seconds', 'How long a session can be renewed (60 days).'),
  STORE_TIMEOUT_MS: whole(
    5_000,
    100,
    60_000,
    'milliseconds',
    'How long a call to a store may take before it counts as `UNAVAILABLE`.',
  ),
  DRAIN_MS: whole(2_000, 0, 300_000, 'milliseconds', 'Over how long sockets are closed on SIGTERM.'),
  LEASE_TTL_MS: whole(60_000, 1_000, 600_000, 'milliseconds', 'How long a heartbeat keeps a user online.'),
  SWEEP_EVERY_MS: whole(60_000, 100, 3_600_000, 'milliseconds', 'How often unfinished fan-out is looked for.'),
  SWEEP_AGE_MS: whole(300_000, 0, 86_400_000, 'milliseconds', 'How old it must be then.'),
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;

/** The settings as a Markdown table, for the README. */
export function settingsTable(): string {
  const rows = Object.entries<Setting>(settings).map(([name, setting]) => {
    const range = setting.kind === 'number' ? `${setting.min} to ${setting.max} ${setting.unit}` : setting.unit;
    const initial = setting.default === null || setting.default === '' ? '' : `\`${setting.default}\``;
    return `| \`${name}\` | ${initial} | ${range} | ${setting.why} |`;
  });
  return ['| name | default | values | what for |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function notYet(): string {
  return 'is not served by this version; unset it to run embedded';
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
