/** The ports of the transports to the rest of the server. */
import type { GraphQLSchema } from 'graphql';
import type { ByteBudget, ByteBudgets } from '../domain/byte-budget.ts';
import type { ClientAddress } from '../domain/client-address.ts';
import type { DeviceId } from '../domain/ids.ts';
import type { OnSecurityEvent } from '../domain/security-event.ts';
import type { Viewer } from '../domain/user.ts';
import type { Context } from '../resolvers/context.ts';
import type { RateLimiter } from '../stores/rate-limiter.ts';
import type { TrustedProxies } from './client-address.ts';
import type { OperationLimits } from './pipeline/limits.ts';

export interface ServerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type Transport = 'http' | 'ws';

/** Metrics of the transports. */
export interface ServerMetrics {
  operationDone(labels: { transport: Transport; type: string; code: string }, ms: number): void;
  connectionOpened(): void;
  connectionClosed(): void;
  socketOpened(): void;
  socketClosed(code: number): void;
  subscriptionStarted(field: string): void;
  subscriptionEnded(field: string): void;
  eventSent(field: string): void;
  limitHit(limit: string): void;
  /** A token was malformed, expired, revoked or not signed by a known key. */
  tokenRefused(transport: Transport): void;
  originRefused(transport: Transport): void;
  /** An HTTP request or handshake was answered with an error status. */
  refused(status: number): void;
  slowReader(): void;
}

export interface ServerLimits extends OperationLimits {
  /** Maximum size of an HTTP request's body and of a WebSocket message, in bytes. */
  readonly requestMaxBytes: number;
  readonly operationsPerSocketMax: number;
  /** Operations in one HTTP request; 0 if a request contains one operation only. */
  readonly operationsPerBatchMax: number;
  /** TCP connections of clients, for HTTP and WebSockets together. */
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly socketsMax: number;
  readonly socketsPerUserMax: number;
  readonly socketsPerAddressMax: number;
  /** Sockets whose clients have not signed in, or not yet. */
  readonly socketsWithoutSessionMax: number;
  readonly socketsWithoutSessionPerAddressMax: number;
  readonly subscriptionsPerUserMax: number;
  /** Messages of any kind from one socket. Far above the limit of operations, so that only a flood reaches it. */
  readonly messagesPerSecondMax: number;
  /** Time within which a socket must send `connection_init`. */
  readonly initTimeoutMs: number;
  /** Time after which a socket without a session is closed. */
  readonly withoutSessionMs: number;
  /** Number of waiting bytes above which a socket's reader counts as slow. */
  readonly socketBufferMaxBytes: number;
  /** Time after which a full socket is closed. */
  readonly slowReaderMs: number;
  /** Interval between pings of a socket. An answer keeps the user online, so it is half a lease. */
  readonly pingEveryMs: number;
  /** Time over which sockets are closed during a drain. */
  readonly drainMs: number;
}

export const serverLimitDefaults = {
  messagesPerSecondMax: 5_000,
  initTimeoutMs: 5_000,
  withoutSessionMs: 60_000,
  socketBufferMaxBytes: 1024 * 1024,
  slowReaderMs: 10_000,
} as const;

export interface HealthReport {
  readonly ok: boolean;
  readonly body: object;
}

export interface ServerPorts {
  readonly schema: GraphQLSchema;
  readonly createContext: (from: { viewer: Viewer | null; client: ClientAddress; budget: ByteBudget }) => Context;
  readonly budgets: ByteBudgets;
  /** @throws DomainError `UNAUTHENTICATED` */
  readonly verifyToken: (token: string) => Promise<Viewer>;
  /** Calls the listener with every device whose session is revoked. Resolves when the listener is active. */
  readonly onRevoked: (listener: (deviceId: DeviceId) => void) => Promise<() => void>;
  /**
   * Registers a live socket of a signed-in device. `heardAt` is the time of the client's last sign of life by `elapsed`.
   *
   * @returns a function to call when the socket is gone
   */
  readonly attach: (viewer: Viewer, socket: { readonly heardAt: number }) => () => void;
  readonly rateLimiter: RateLimiter;
  readonly limits: ServerLimits;
  readonly onSecurityEvent: OnSecurityEvent;
  readonly log: ServerLog;
  readonly metrics: ServerMetrics;
  readonly health: {
    live(): HealthReport;
    ready(): Promise<HealthReport>;
    /** The metrics page and its content type. */
    metrics(): Promise<{ contentType: string; body: string }>;
  };
  readonly clock: () => number;
  /** Milliseconds of a monotonic clock, for everything that is measured in this process. */
  readonly elapsed: () => number;
  readonly host: string;
  readonly port: number;
  /** Canonical origins of other sites and apps whose pages may use this server, or `*`. The server's own origin is always allowed. */
  readonly allowedOrigins: readonly string[];
  /** The proxies whose entries in `X-Forwarded-For` are trusted. */
  readonly trustProxy: TrustedProxies;
  /** Path of a module with plugins of Apollo Server. */
  readonly apolloPlugins: string | null;
  /** Whether clients may query the schema. */
  readonly introspection: boolean;
  /** Where the pages for operators are served instead of on `port`; null for nowhere else. */
  readonly operator: { readonly host: string; readonly port: number } | null;
}
