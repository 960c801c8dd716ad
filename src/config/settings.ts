/**
 * All settings. Each entry declares its name in the environment, its default, its unit and range, and its purpose; the
 * type `Config` and the table in the README follow from it.
 */
import * as v from 'valibot';
import {
  type Description,
  decimal,
  flag,
  mongoUrl,
  mysqlUrl,
  oneOf,
  origins,
  seconds,
  secret,
  secureUrl,
  setting,
  text,
  trustedProxies,
  whole,
} from './values.ts';

export const settings = v.pipe(
  v.object({
    port: setting('PORT', 4000, whole('port', 0, 65_535), 'Port to listen on; 0 selects a free one.'),
    host: setting('HOST', '127.0.0.1', text('address'), 'Network address to listen on; `0.0.0.0` for all.'),
    dataDir: setting('DATA_DIR', './data', text('folder'), 'Folder for the files of the embedded stores.'),
    mongoUrl: setting(
      'MONGO_URL',
      null,
      mongoUrl(),
      'MongoDB replica set or sharded cluster for messages, inboxes and receipts, such as `mongodb://user:password@host/database?tls=true`. If unset, they are stored in `DATA_DIR`.',
    ),
    mysqlUrl: setting(
      'MYSQL_URL',
      null,
      mysqlUrl(),
      'MySQL 8.0.17 or MariaDB 10.6 database, or later, for users, sessions, conversations and members, such as `mysql://user:password@host/database?ssl-mode=VERIFY_IDENTITY`. Needs `JWT_SECRET`. If unset, they are stored in `DATA_DIR`.',
    ),
    mysqlConnectionsMax: setting(
      'MYSQL_CONNECTIONS_MAX',
      10,
      whole('connections', 1, 1_000),
      'Connections to MySQL that this instance opens at most. Calls wait for one within their deadline.',
    ),
    redisUrl: setting(
      'REDIS_URL',
      null,
      text('URL'),
      'Not supported by this version: events and presence stay in the process.',
    ),
    registration: setting(
      'REGISTRATION',
      'open',
      oneOf(['open', 'closed']),
      'Whether users may register themselves. If closed, an operator adds them with `heliograph users add NAME`.',
    ),
    passwordSignIn: setting(
      'PASSWORD_SIGN_IN',
      null,
      flag(),
      'Whether users may register and log in with a password. If unset, they may, except with `JWT_JWKS_URL`.',
    ),
    jwtSecret: setting(
      'JWT_SECRET',
      null,
      secret(32),
      'Signs access tokens and derives refresh tokens. Generated and stored in `DATA_DIR` if unset. A change signs everybody out, unless `JWT_SECRET_PREVIOUS` keeps the earlier one.',
    ),
    jwtSecretPrevious: setting(
      'JWT_SECRET_PREVIOUS',
      null,
      secret(32),
      'The secret before the last change. Its tokens count, and new ones are made with `JWT_SECRET`.',
    ),
    jwtSecretFile: setting(
      'JWT_SECRET_FILE',
      null,
      text('file'),
      'A file with one secret a line, in place of `JWT_SECRET` and `JWT_SECRET_PREVIOUS`. The first one makes new tokens; tokens of all of them count.',
    ),
    jwtJwksUrl: setting(
      'JWT_JWKS_URL',
      null,
      secureUrl(),
      "An identity provider's keys. Its tokens are accepted, and a user is created when their first token is seen. Unless `JWT_SECRET` is set too, they are the only accepted tokens.",
    ),
    jwtIssuer: setting(
      'JWT_ISSUER',
      null,
      text('text, or `*`'),
      "Required `iss` of the identity provider's tokens. Must be set with `JWT_JWKS_URL`; `*` accepts any.",
    ),
    jwtAudience: setting(
      'JWT_AUDIENCE',
      null,
      text('text, or `*`'),
      "Required `aud` of the identity provider's tokens. Must be set with `JWT_JWKS_URL`; `*` accepts tokens for its other applications too.",
    ),
    jwtTyp: setting(
      'JWT_TYP',
      null,
      text('text'),
      "Required `typ` in the header of the identity provider's tokens, such as `at+jwt`. If unset, `JWT`, `at+jwt` and no `typ` are accepted, and ID tokens are refused as far as they can be recognised.",
    ),
    jwtScope: setting(
      'JWT_SCOPE',
      null,
      text('text'),
      "A scope that the identity provider's tokens must contain, in `scope` or `scp`. If unset, scopes are not checked.",
    ),
    rateLimitScale: setting(
      'RATE_LIMIT_SCALE',
      1,
      decimal('factor', 0.01, 1_000_000),
      'Multiplies every rate limit; for load tests.',
    ),
    logLevel: setting(
      'LOG_LEVEL',
      'info',
      oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
      'Lowest level that is logged.',
    ),
    allowedOrigins: setting(
      'ALLOWED_ORIGINS',
      '',
      origins(),
      'Other sites and apps whose pages may use this server, such as `https://app.example.com`, `capacitor://localhost` or `null`; `*` allows all. On a loopback `HOST`, pages of other loopback ports may use it too.',
    ),
    trustProxy: setting(
      'TRUST_PROXY',
      0,
      trustedProxies(),
      'Proxies in front of the server, whose entries in `X-Forwarded-For` are believed: their number, or their addresses and CIDR blocks, or `loopback`, `linklocal`, `uniquelocal`.',
    ),
    graphiql: setting('GRAPHIQL', true, flag(), 'Whether `/graphiql` is served.'),
    introspection: setting(
      'INTROSPECTION',
      true,
      flag(),
      'Whether clients may query the schema. If not, errors suggest no names either; GraphiQL then has no documentation.',
    ),
    apolloPlugins: setting(
      'APOLLO_PLUGINS',
      null,
      text('file'),
      'A module with plugins of Apollo Server, which see operations over HTTP. Its default export is a list of them.',
    ),
    metricsPort: setting(
      'METRICS_PORT',
      null,
      whole('port', 0, 65_535),
      'Port of its own for `/metrics` and `/readyz`, which `PORT` then does not serve; 0 chooses a free one.',
    ),
    metricsHost: setting('METRICS_HOST', '127.0.0.1', text('address'), 'Address that `METRICS_PORT` listens on.'),
    fanOutOnWriteMaxMembers: setting(
      'FAN_OUT_ON_WRITE_MAX_MEMBERS',
      100,
      whole('members', 0, 10_000),
      'A group with more members than this is large: it is fanned out on read, and smaller groups on write. A different value applies to a group from its next change of members.',
    ),
    backlogMax: setting(
      'BACKLOG_MAX',
      1_000,
      whole('messages', 1, 100_000),
      "Number of a group's newest missed messages that one sync adds to an inbox. Older ones become one truncated entry.",
    ),
    groupMembersMax: setting(
      'GROUP_MEMBERS_MAX',
      100_000,
      whole('members', 2, 1_000_000),
      'Maximum number of members of a group.',
    ),
    textMaxBytes: setting(
      'TEXT_MAX_BYTES',
      16_384,
      whole('bytes', 1, 262_144),
      "Maximum length of a message's text, as UTF-8.",
    ),
    pageSizeMax: setting(
      'PAGE_SIZE_MAX',
      500,
      whole('items', 1, 1_000),
      'Maximum page size of any list. If lower than 100, clients must pass a page size everywhere.',
    ),
    requestMaxBytes: setting(
      'REQUEST_MAX_BYTES',
      262_144,
      whole('bytes', 1_024, 16_777_216),
      'Maximum size of an HTTP body or a WebSocket message.',
    ),
    answerMaxBytes: setting(
      'ANSWER_MAX_BYTES',
      25_165_824,
      whole('bytes', 1_048_576, 1_073_741_824),
      'Bytes that one operation may hold: the rows that it reads, and its answer. The default answers a page of 500 of the longest texts.',
    ),
    answersMaxBytes: setting(
      'ANSWERS_MAX_BYTES',
      134_217_728,
      whole('bytes', 2_097_152, 17_179_869_184),
      'Bytes that all operations of this instance may hold together, at least twice `ANSWER_MAX_BYTES`. Keep it below half of the memory of the process.',
    ),
    operationsPerBatchMax: setting(
      'OPERATIONS_PER_BATCH_MAX',
      0,
      whole('operations', 0, 100),
      'Maximum number of operations in one HTTP request, as a list (`allowBatchedHttpRequests` of Apollo Server); 0 refuses lists.',
    ),
    operationsPerSocketMax: setting(
      'OPERATIONS_PER_SOCKET_MAX',
      64,
      whole('operations', 1, 10_000),
      'Operations running at once on one WebSocket.',
    ),
    connectionsMax: setting(
      'CONNECTIONS_MAX',
      105_000,
      whole('connections', 1, 1_000_000),
      'TCP connections of clients, for HTTP and WebSockets together: keep it above `SOCKETS_MAX`. The limit on open files must allow them.',
    ),
    connectionsPerAddressMax: setting(
      'CONNECTIONS_PER_ADDRESS_MAX',
      22_000,
      whole('connections', 1, 1_000_000),
      'The same from one network address. Behind trusted proxies: requests in progress and WebSockets of one client address.',
    ),
    socketsMax: setting('SOCKETS_MAX', 100_000, whole('sockets', 1, 1_000_000), 'WebSockets of this instance.'),
    socketsPerUserMax: setting('SOCKETS_PER_USER_MAX', 50, whole('sockets', 1, 100_000), 'WebSockets of one user.'),
    socketsPerAddressMax: setting(
      'SOCKETS_PER_ADDRESS_MAX',
      20_000,
      whole('sockets', 1, 1_000_000),
      'WebSockets from one network address. Many users may share an address.',
    ),
    socketsWithoutSessionMax: setting(
      'SOCKETS_WITHOUT_SESSION_MAX',
      10_000,
      whole('sockets', 1, 1_000_000),
      'WebSockets of this instance whose clients have not signed in, or not yet.',
    ),
    socketsWithoutSessionPerAddressMax: setting(
      'SOCKETS_WITHOUT_SESSION_PER_ADDRESS_MAX',
      2_000,
      whole('sockets', 1, 1_000_000),
      'The same from one network address. All users behind an address may reconnect at once.',
    ),
    subscriptionsPerUserMax: setting(
      'SUBSCRIPTIONS_PER_USER_MAX',
      200,
      whole('subscriptions', 1, 100_000),
      'Running subscriptions of one user. Each of them costs processor time for every message to the user.',
    ),
    accessTokenTtlMs: setting('ACCESS_TOKEN_TTL_S', 900, seconds(5, 86_400), 'Lifetime of an access token.'),
    refreshTokenTtlMs: setting(
      'REFRESH_TOKEN_TTL_S',
      5_184_000,
      seconds(60, 31_536_000),
      'Lifetime of a refresh token. A device that is unused for so long is signed out and forgotten. The default is 60 days.',
    ),
    refreshReuseMs: setting(
      'REFRESH_REUSE_S',
      30,
      seconds(0, 3_600),
      'Time for which a used refresh token gives the same successor again. Later, its reuse signs the device out. 0: every reuse does.',
    ),
    sessionMaxMs: setting(
      'SESSION_MAX_S',
      31_536_000,
      seconds(0, 315_360_000),
      'Time after which a session ends, however often it was renewed, and the user logs in again. The default is 365 days; 0: no end.',
    ),
    userSearch: setting(
      'USER_SEARCH',
      true,
      flag(),
      'Whether users can search for users by their names. They can always find a user by an exact name or id.',
    ),
    devicesPerUserMax: setting(
      'DEVICES_PER_USER_MAX',
      50,
      whole('devices', 1, 1_000),
      'Devices of one user. A further one takes the place of the one that was unused for longest.',
    ),
    storeTimeoutMs: setting(
      'STORE_TIMEOUT_MS',
      5_000,
      whole('milliseconds', 100, 30_000),
      'Time after which a call to a store fails with `UNAVAILABLE`.',
    ),
    drainMs: setting(
      'DRAIN_MS',
      2_000,
      whole('milliseconds', 0, 300_000),
      'Time over which sockets are closed after SIGTERM.',
    ),
    leaseTtlMs: setting(
      'LEASE_TTL_MS',
      60_000,
      whole('milliseconds', 1_000, 600_000),
      'Time for which a heartbeat keeps a user online.',
    ),
    sweepEveryMs: setting(
      'SWEEP_EVERY_MS',
      60_000,
      whole('milliseconds', 100, 3_600_000),
      'Interval between sweeps for unfinished fan-out.',
    ),
    sweepAgeMs: setting(
      'SWEEP_AGE_MS',
      300_000,
      whole('milliseconds', 0, 86_400_000),
      'How long after a sweep first found it unfinished fan-out is taken up by a sweep.',
    ),
  }),
  v.forward(
    v.partialCheck(
      [['jwtSecretPrevious'], ['jwtSecret']],
      ({ jwtSecretPrevious, jwtSecret }) => jwtSecretPrevious === null || jwtSecret !== null,
      'needs JWT_SECRET',
    ),
    ['jwtSecretPrevious'],
  ),
  v.forward(
    v.partialCheck(
      [['textMaxBytes'], ['requestMaxBytes']],
      ({ textMaxBytes, requestMaxBytes }) => textMaxBytes <= requestMaxBytes,
      'is more than REQUEST_MAX_BYTES: such a text could not be sent',
    ),
    ['textMaxBytes'],
  ),
  v.forward(
    v.partialCheck(
      [['jwtSecretFile'], ['jwtSecret']],
      ({ jwtSecretFile, jwtSecret }) => jwtSecretFile === null || jwtSecret === null,
      'and JWT_SECRET exclude each other',
    ),
    ['jwtSecretFile'],
  ),
  // Every instance on the database signs and checks tokens.
  v.forward(
    v.partialCheck(
      [['jwtSecret'], ['jwtSecretFile'], ['jwtJwksUrl'], ['passwordSignIn'], ['mysqlUrl']],
      ({ jwtSecret, jwtSecretFile, jwtJwksUrl, passwordSignIn, mysqlUrl }) =>
        mysqlUrl === null ||
        jwtSecret !== null ||
        jwtSecretFile !== null ||
        (jwtJwksUrl !== null && passwordSignIn !== true),
      'must be set if MYSQL_URL is, to the same secret for all instances: at least 32 random characters',
    ),
    ['jwtSecret'],
  ),
  // A forgotten secret must not open a way past the identity provider.
  v.forward(
    v.partialCheck(
      [['passwordSignIn'], ['jwtJwksUrl'], ['jwtSecret']],
      ({ passwordSignIn, jwtJwksUrl, jwtSecret }) =>
        passwordSignIn !== null || jwtJwksUrl === null || jwtSecret === null,
      'must be set if JWT_SECRET and JWT_JWKS_URL are: true lets users sign in with a password too',
    ),
    ['passwordSignIn'],
  ),
  // Keys alone do not identify the audience of a token: a large provider uses the same keys for all its customers' applications.
  v.forward(
    v.partialCheck(
      [['jwtIssuer'], ['jwtJwksUrl']],
      ({ jwtIssuer, jwtJwksUrl }) => (jwtIssuer === null) === (jwtJwksUrl === null),
      'and JWT_JWKS_URL must be set together',
    ),
    ['jwtIssuer'],
  ),
  v.forward(
    v.partialCheck(
      [['jwtAudience'], ['jwtJwksUrl']],
      ({ jwtAudience, jwtJwksUrl }) => (jwtAudience === null) === (jwtJwksUrl === null),
      'and JWT_JWKS_URL must be set together',
    ),
    ['jwtAudience'],
  ),
);

/** In the order of their declaration. */
export const descriptions: readonly Description[] = Object.values(settings.entries).map((entry) =>
  v.getMetadata(entry),
);
