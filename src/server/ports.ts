/** What the transports need from the rest of the server. */
import type { GraphQLSchema } from 'graphql';
import type { ClientAddress } from '../domain/client-address.ts';
import type { DeviceId } from '../domain/ids.ts';
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

/** What an operator wants to count. */
export interface ServerMetrics {
  operationDone(labels: { transport: Transport; type: string; code: string }, ms: number): void;
  socketOpened(): void;
  socketClosed(code: number): void;
  subscriptionStarted(field: string): void;
  subscriptionEnded(field: string): void;
  eventSent(field: string): void;
  limitHit(limit: string): void;
  originRefused(transport: Transport): void;
  slowReader(): void;
}

export interface ServerLimits extends OperationLimits {
  /** Bytes of an HTTP request's body, and of a WebSocket message. */
  readonly requestMaxBytes: number;
  readonly operationsPerSocketMax: number;
  readonly socketsMax: number;
  readonly socketsPerUserMax: number;
  readonly socketsPerAddressMax: number;
  /** Messages of any kind from one socket; far more than operations may come, so that only a flood reaches it. */
  readonly messagesPerSecondMax: number;
  /** How long a socket may take to say `connection_init`. */
  readonly initTimeoutMs: number;
  /** Bytes waiting for a socket above which its reader counts as slow. */
  readonly socketBufferMaxBytes: number;
  /** A socket that stays full so long is closed. */
  readonly slowReaderMs: number;
  /** How often a socket is pinged; an answer keeps its user online, so twice in a lease. */
  readonly pingEveryMs: number;
  /** Over how long sockets are closed when the server drains. */
  readonly drainMs: number;
}

export const serverLimitDefaults = {
  messagesPerSecondMax: 5_000,
  initTimeoutMs: 5_000,
  socketBufferMaxBytes: 1024 * 1024,
  slowReaderMs: 10_000,
} as const;

export interface HealthReport {
  readonly ok: boolean;
  readonly body: object;
}

export interface ServerPorts {
  readonly schema: GraphQLSchema;
  readonly createContext: (from: { viewer: Viewer | null; client: ClientAddress }) => Context;
  /** @throws DomainError `UNAUTHENTICATED` */
  readonly verifyToken: (token: string) => Promise<Viewer>;
  /** Calls the listener with every device whose session ends; resolves when it is in force. */
  readonly onRevoked: (listener: (deviceId: DeviceId) => void) => Promise<() => void>;
  /**
   * Told of a live socket of a signed-in device, which says when its other end was heard of last; what it returns is called when
   * the socket is gone.
   */
  readonly attach: (viewer: Viewer, socket: { readonly heardAt: number }) => () => void;
  readonly rateLimiter: RateLimiter;
  readonly limits: ServerLimits;
  readonly log: ServerLog;
  readonly metrics: ServerMetrics;
  readonly health: {
    live(): HealthReport;
    ready(): Promise<HealthReport>;
    /** The metrics page and its content type. */
    metrics(): Promise<{ contentType: string; body: string }>;
  };
  readonly clock: () => number;
  readonly host: string;
  readonly port: number;
  /** Canonical origins of other sites and apps whose pages may use this server, or `*`; the server's own is always allowed. */
  readonly allowedOrigins: readonly string[];
  /** Whose entries in `X-Forwarded-For` are believed. */
  readonly trustProxy: TrustedProxies;
}
