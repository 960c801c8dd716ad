/** Connects all components: config in, running server out. */
import { randomBytes, randomInt } from 'node:crypto';
import { uptime } from 'node:os';
import type { Config } from './config/config.ts';
import { ByteBudgets } from './domain/byte-budget.ts';
import { type Clock, isId } from './domain/ids.ts';
import { createSnowflakes, workerMax } from './domain/snowflake.ts';
import { createTrustedClock } from './domain/trusted-clock.ts';
import { openDrivers } from './drivers.ts';
import { createFaultLog } from './observability/fault-log.ts';
import { createAvailabilityLog, createHealth } from './observability/health.ts';
import type { Log } from './observability/log.ts';
import { createMetrics } from './observability/metrics.ts';
import { createSecurityLog } from './observability/security-log.ts';
import { topics } from './pubsub/topics.ts';
import { createContext } from './resolvers/context.ts';
import { resolvers } from './resolvers/index.ts';
import { createSchema } from './resolvers/schema.ts';
import { registerGraphiql } from './server/graphiql/graphiql-page.ts';
import { operationLimitDefaults } from './server/pipeline/limits.ts';
import { serverLimitDefaults } from './server/ports.ts';
import { type RunningServer, startServer } from './server/start-server.ts';
import { createWaitingRoom } from './server/waiting-room.ts';
import { openAccountService } from './services/accounts/account-service.ts';
import { createMessaging } from './services/messaging.ts';
import { createPresenceService } from './services/presence/presence-service.ts';
import { countRefusals } from './services/rate-limits.ts';
import { createServerInfo } from './services/server-info.ts';
import type { Services } from './services/services.ts';

const namedMembersMax = 1_000;
const healthTimeoutMs = 2_000;
const healthEveryMs = 5_000;
/** Delay after which an operator's command takes effect on a running server. */
const endingsEveryMs = 1_000;
const purgeEveryMs = 60 * 60 * 1000;
/** Maximum time for which an identity provider's withdrawn key is still accepted. */
const providerKeysEveryMs = 10 * 60 * 1000;

const monotonic: Clock = () => performance.now();

export interface Heliograph extends AsyncDisposable {
  readonly server: RunningServer;
  readonly services: Services;
}

/**
 * @param clock - for tests that set the time
 * @param elapsed - milliseconds of a monotonic clock, for tests that let time pass
 */
export async function startHeliograph(
  config: Config,
  log: Log,
  version: string,
  clock: Clock = Date.now,
  elapsed: Clock = monotonic,
): Promise<Heliograph> {
  await using stack = new AsyncDisposableStack();
  const metrics = createMetrics(version);
  const onError = createFaultLog({ log, count: metrics.fault, elapsed });

  const budgets = new ByteBudgets(config, metrics.server.limitHit);
  const address = { host: config.host, port: config.port };
  const operator = config.metricsPort === null ? null : { host: config.metricsHost, port: config.metricsPort };
  const waitingRoom = stack.use(createWaitingRoom({ version, address, operator }));
  const onWaiting = async (component: string, error: unknown) => {
    log.warn({ component, reason: (error as Error).message }, 'component cannot be reached; the start waits for it');
    await waitingRoom.name(component);
  };
  const drivers = stack.use(await openDrivers({ config, clock, elapsed, onError, onWaiting }));
  const { messageStore, directory, bus, presenceStore } = drivers;
  const onSecurityEvent = createSecurityLog({ log, count: metrics.securityEvent, elapsed });
  const transportLimiter = countRefusals(drivers.rateLimiter, (limit, key) =>
    // Limits are for a user's id or for a network.
    onSecurityEvent({ name: 'limit-reached', reason: limit, ...(isId(key) ? { userId: key } : { address: key }) }),
  );
  // The transports count their refusals themselves.
  const rateLimiter = countRefusals(transportLimiter, metrics.server.limitHit);

  const trustedClock = createTrustedClock({
    clock,
    elapsed,
    sinceBoot: elapsed === monotonic ? () => uptime() * 1000 : elapsed,
    onStep: (ms) =>
      onError(new Error(`the machine's clock was set ${ms > 0 ? 'forward' : 'back'} by ${Math.abs(ms)} ms`), 'clock'),
  });
  // Only one process writes, so any worker number is valid. A new one at each start prevents repeated ids if the clock repeats a time.
  const snowflakes = createSnowflakes(trustedClock.now, () => randomInt(workerMax + 1));
  const newId = () => snowflakes.next();

  const accounts = openAccountService({
    users: directory.users,
    devices: directory.devices,
    accountControl: directory.accountControl,
    bus,
    rateLimiter,
    attemptCounter: drivers.attemptCounter,
    onLimit: metrics.server.limitHit,
    onSecurityEvent,
    newId,
    randomToken: () => randomBytes(32).toString('base64url'),
    clock,
    elapsed,
    onError,
    settings: config,
  });

  const messaging = stack.use(
    createMessaging({
      messageStore,
      conversations: directory.conversations,
      users: directory.users,
      bus,
      rateLimiter,
      newId,
      clock: trustedClock,
      elapsed,
      isSoleWriter: true,
      onError,
      onSent: metrics.sent,
      onDelivered: metrics.delivered,
      budgets,
      settings: { ...config, namedMembersMax },
    }),
  );
  const { conversations, messages, inbox, receipts, streams } = messaging;
  const presence = stack.use(
    createPresenceService({
      store: presenceStore,
      bus,
      clock,
      elapsed,
      visibleOf: conversations.contactsAmong,
      allVisible: conversations.contacts,
      onError,
      settings: { leaseTtlMs: config.leaseTtlMs },
    }),
  );

  const health = createHealth({
    version,
    timeoutMs: healthTimeoutMs,
    checks: [
      { name: 'message-store', check: messageStore.check },
      { name: 'directory', check: directory.ping },
    ],
    details: { setAside: async () => (await messageStore.stats()).setAside },
    onChange: createAvailabilityLog(log, elapsed),
  });
  const server = createServerInfo({ version, limits: config, degraded: health.degraded, clock });
  const services: Services = {
    accounts,
    conversations,
    messages,
    inbox,
    receipts,
    streams,
    presence,
    server,
  };
  metrics.watch({
    sendQueue: () => messaging.log.queued,
    fanOutPending: async () => (await messaging.log.unfinished()).count,
    inboxLag: async () => {
      const now = trustedClock.now();
      return Math.max(0, now - ((await messaging.log.unfinished()).oldestAt ?? now)) / 1000;
    },
    storePending: () => messageStore.pending,
    storeBacklog: async () => (await messageStore.stats()).backlog,
    storeSetAside: async () => (await messageStore.stats()).setAside,
    online: () => presence.onlineCount,
    answerBytes: () => budgets.held,
    passwordsWaiting: () => accounts.passwordsWaiting,
  });

  // Unfinished work of the last run is completed before the first request, so that no user reads an incomplete inbox.
  metrics.swept(await messaging.resume());
  const stopRevocations = await accounts.watchRevocations();
  stack.defer(stopRevocations);
  // Before a token is cached: the first look skips the endings so far.
  await accounts.followEndings();
  every(stack, healthEveryMs, () => health.look(), onError, 'health');
  every(stack, providerKeysEveryMs, () => accounts.renewProviderKeys(), onError, 'identity-provider');
  every(stack, endingsEveryMs, () => accounts.followEndings(), onError, 'session endings');
  every(stack, purgeEveryMs, () => accounts.purge(), onError, 'device purge');
  // A server that is restarted often may never run for that long.
  accounts.purge().catch((error: unknown) => onError(error, 'device purge'));
  every(stack, config.sweepEveryMs, async () => metrics.swept(await messaging.sweep()), onError, 'fan-out sweep');

  await waitingRoom[Symbol.asyncDispose]();
  const running = await startServer(
    {
      schema: createSchema(resolvers),
      createContext: (from) => createContext(services, from),
      budgets,
      verifyToken: accounts.verifyToken,
      onRevoked: (listener) => bus.subscribe(topics.revocations, ({ deviceId }) => listener(deviceId)),
      attach: presence.attach,
      rateLimiter: transportLimiter,
      onSecurityEvent,
      limits: {
        ...operationLimitDefaults,
        ...serverLimitDefaults,
        ...config,
        messagesPerSecondMax: serverLimitDefaults.messagesPerSecondMax * Math.max(1, config.rateLimitScale),
        pingEveryMs: config.leaseTtlMs / 2,
      },
      log,
      metrics: metrics.server,
      health: { live: health.live, ready: health.ready, metrics: metrics.page },
      clock,
      elapsed,
      host: config.host,
      port: config.port,
      allowedOrigins: config.allowedOrigins,
      trustProxy: config.trustProxy,
      apolloPlugins: config.apolloPlugins,
      introspection: config.introspection,
      operator,
    },
    config.graphiql ? registerGraphiql : null,
  );
  stack.defer(async () => {
    health.drain();
    await running.close();
  });
  const disposal = stack.move();
  return { server: running, services, [Symbol.asyncDispose]: () => disposal.disposeAsync() };
}

function every(
  stack: AsyncDisposableStack,
  ms: number,
  call: () => Promise<unknown>,
  onError: (error: unknown, what: string) => void,
  what: string,
): void {
  const timer = setInterval(() => void call().catch((error: unknown) => onError(error, what)), ms);
  timer.unref();
  stack.defer(() => clearInterval(timer));
}
