/**
 * The only file that knows drivers. The scheme of a port's URL setting selects its driver. Without a URL, the port gets the embedded
 * driver, which uses files in `DATA_DIR` or this process. A new driver is a line in one of the tables below.
 */
import type { Config } from './config/config.ts';
import { StartError } from './domain/errors.ts';
import type { Clock } from './domain/ids.ts';
import type { Bus } from './pubsub/bus.ts';
import { createMemoryBus } from './pubsub/memory/memory-bus.ts';
import type { AttemptCounter } from './stores/attempt-counter.ts';
import { openMysqlDirectory } from './stores/directory/mysql-directory.ts';
import { hasDirectoryFile, openSqliteDirectory } from './stores/directory/sqlite-directory.ts';
import type { Directory } from './stores/directory.ts';
import { hasMessageFiles, openSqliteMessageStore } from './stores/journal/sqlite-message-store.ts';
import { createMemoryAttemptCounter } from './stores/memory/memory-attempt-counter.ts';
import { createMemoryPresenceStore } from './stores/memory/memory-presence-store.ts';
import { createMemoryRateLimiter } from './stores/memory/memory-rate-limiter.ts';
import type { MessageStore } from './stores/message-store.ts';
import { openMongoMessageStore } from './stores/mongo/mongo-message-store.ts';
import type { PresenceStore } from './stores/presence-store.ts';
import type { RateLimiter } from './stores/rate-limiter.ts';
import { FolderInUse, openDataFolder } from './stores/sqlite-file/data-folder.ts';
import { folderId } from './stores/sqlite-file/folder-id.ts';

export interface Drivers extends AsyncDisposable {
  readonly messageStore: MessageStore;
  readonly directory: Directory;
  readonly bus: Bus;
  readonly presenceStore: PresenceStore;
  readonly rateLimiter: RateLimiter;
  readonly attemptCounter: AttemptCounter;
}

export interface DriverOptions {
  readonly config: DriverConfig;
  readonly clock: Clock;
  /** Milliseconds of a monotonic clock. */
  readonly elapsed: Clock;
  /** Receives failures that no caller waits for. */
  readonly onError: (error: unknown, what: string) => void;
  /** Called after each attempt in vain to reach the server of a component. If it rejects, the start fails. */
  readonly onWaiting: (component: string, error: unknown) => Promise<void>;
}

export type DriverConfig = Pick<
  Config,
  'mongoUrl' | 'mysqlUrl' | 'mysqlConnectionsMax' | 'redisUrl' | 'dataDir' | 'storeTimeoutMs' | 'rateLimitScale'
>;

type ByScheme<Driver> = Readonly<Record<string, (options: DriverOptions) => Driver>>;
/** Means that there is no URL. A scheme ends with a colon, so no URL has this one. */
const embedded = 'embedded';
/** A URL with several hosts has a scheme too, although it is not a URL to `URL.parse`. */
const schemePattern = /^[a-z][a-z0-9+.-]*:/i;

const messageStores: ByScheme<Promise<MessageStore>> = {
  [embedded]: ({ config: { dataDir, storeTimeoutMs: timeoutMs }, onError }) =>
    openSqliteMessageStore({ dataDir, timeoutMs, onError }),
  'mongodb:': openMongo,
  'mongodb+srv:': openMongo,
};

async function openMongo({ config, clock, elapsed, onError, onWaiting }: DriverOptions): Promise<MessageStore> {
  if (hasMessageFiles(config.dataDir)) {
    throw new StartError(
      `MONGO_URL is set, but DATA_DIR ${config.dataDir} has messages of its own, which would be hidden. Unset it, or choose another folder.`,
    );
  }
  return openMongoMessageStore({
    url: config.mongoUrl ?? '',
    // A directory on a server does not depend on the folder.
    directoryId: config.mysqlUrl === null ? folderId(config.dataDir) : null,
    timeoutMs: config.storeTimeoutMs,
    clock,
    elapsed,
    onError,
    onWaiting: (error) => onWaiting('message-store', error),
  });
}

const directories: ByScheme<Promise<Directory>> = {
  [embedded]: ({ config: { dataDir, storeTimeoutMs: timeoutMs }, onError }) =>
    openSqliteDirectory({ dataDir, timeoutMs, onError }),
  'mysql:': openMysql,
  'mariadb:': openMysql,
};

async function openMysql({ config, onError, onWaiting }: DriverOptions): Promise<Directory> {
  if (hasDirectoryFile(config.dataDir)) {
    throw new StartError(
      `MYSQL_URL is set, but DATA_DIR ${config.dataDir} has users of its own, who would be hidden. Unset it, or choose another folder.`,
    );
  }
  return openMysqlDirectory({
    url: config.mysqlUrl ?? '',
    timeoutMs: config.storeTimeoutMs,
    connectionsMax: config.mysqlConnectionsMax,
    onError,
    onWaiting: (reason) => onWaiting('directory', reason),
  });
}

/** State that instances share besides the stores. */
const sharedState: ByScheme<Pick<Drivers, 'bus' | 'presenceStore' | 'rateLimiter' | 'attemptCounter'>> = {
  [embedded]: ({ config: { rateLimitScale: scale }, clock, elapsed, onError }) => ({
    bus: createMemoryBus({ onError }),
    presenceStore: createMemoryPresenceStore({ clock, elapsed }),
    rateLimiter: createMemoryRateLimiter({ elapsed, scale }),
    attemptCounter: createMemoryAttemptCounter({ elapsed, scale }),
  }),
};

/** @throws StartError: a URL is not supported, or a driver cannot be opened */
export async function openDrivers(options: DriverOptions): Promise<Drivers> {
  const { mongoUrl, mysqlUrl, redisUrl, dataDir } = options.config;
  const problems: string[] = [];

  function choose<Driver>(setting: string, url: string | null, drivers: ByScheme<Driver>) {
    const scheme = url === null ? embedded : (schemePattern.exec(url)?.[0].toLowerCase() ?? '');
    const open = drivers[scheme];
    // The URL itself stays out of the message: it may hold a password.
    if (open === undefined)
      problems.push(`${setting} ${scheme === '' ? 'is not a URL' : `does not support ${scheme}`}`);
    return open as (options: DriverOptions) => Driver;
  }

  const openMessages = choose('MONGO_URL', mongoUrl, messageStores);
  const openDirectory = choose('MYSQL_URL', mysqlUrl, directories);
  const openShared = choose('REDIS_URL', redisUrl, sharedState);
  if (problems.length > 0) {
    throw new StartError(`${problems.join('; ')}. Unset it to run embedded, on files in DATA_DIR.`);
  }
  await using stack = new AsyncDisposableStack();
  stack.use(openDataFolder(dataDir, options.onError));
  const directory = stack.use(await openDirectory(options));
  const messageStore = stack.use(await openMessages(options));
  const shared = openShared(options);
  const opened = stack.move();
  return { messageStore, directory, ...shared, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/**
 * The directory for an operator's command, which may run beside a server on the same data.
 *
 * @throws StartError: a URL is not supported, or the directory cannot be opened
 */
export async function openDirectoryOnly(options: Pick<DriverOptions, 'config' | 'onError'>): Promise<Directory> {
  const { mysqlUrl, mysqlConnectionsMax, dataDir, storeTimeoutMs: timeoutMs } = options.config;
  if (mysqlUrl !== null) {
    return openMysqlDirectory({
      url: mysqlUrl,
      timeoutMs,
      connectionsMax: mysqlConnectionsMax,
      onError: options.onError,
      onWaiting: async ({ message }) => {
        throw new StartError(`The directory cannot be opened: ${message}.`);
      },
      isShared: true,
    });
  }
  await using stack = new AsyncDisposableStack();
  let isShared = false;
  try {
    stack.use(openDataFolder(dataDir, options.onError));
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
    isShared = true;
  }
  const directory = stack.use(await openSqliteDirectory({ dataDir, timeoutMs, onError: options.onError, isShared }));
  const opened = stack.move();
  return { ...directory, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
