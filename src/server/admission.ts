/** Authentication and rate limits of operations, the same for both transports. */
import type { GraphQLError } from 'graphql';
import type { Millis } from '../domain/ids.ts';
import type { Viewer } from '../domain/user.ts';
import type { RateLimit } from '../stores/rate-limiter.ts';
import { clientError } from './pipeline/client-errors.ts';
import type { ServerPorts } from './ports.ts';

/** Requests of any kind. */
export const userOperations: RateLimit = { name: 'operations', points: 2_000, windowMs: 10_000 };
export const addressOperations: RateLimit = { name: 'addressOperations', points: 10_000, windowMs: 10_000 };
/** Far more than the sign-ins of an address, which have limits of their own. */
export const anonymousOperations: RateLimit = { name: 'anonymousOperations', points: 1_000, windowMs: 60_000 };
/** Handshakes for WebSockets. All users behind one address may reconnect at once after a restart. */
export const handshakes: RateLimit = { name: 'handshakes', points: 3_000, windowMs: 10_000 };
/** Handshakes that one with an invalid token counts for besides itself. */
export const badTokenPoints = 9;
/** Cost that one more operation counts for: a full page of messages is a dozen. */
export const costPerPoint = 2_000;

/** The token in an `Authorization` value; null if there is none, undefined if the value is not a bearer token. */
export function bearerToken(value: unknown): string | null | undefined {
  if (value === undefined || value === null || value === '') return null;
  const match = typeof value === 'string' ? /^Bearer +([^\s]+)\s*$/i.exec(value) : null;
  return match?.[1];
}

/** The token in the payload of `connection_init`, whose keys are header names in any case. */
export function tokenOfPayload(payload: Readonly<Record<string, unknown>> | undefined): string | null | undefined {
  const headers = payload?.headers;
  const places = [
    payload,
    headers !== null && typeof headers === 'object' ? (headers as Record<string, unknown>) : undefined,
  ];
  for (const place of places) {
    for (const [name, value] of Object.entries(place ?? {})) {
      if (name.toLowerCase() === 'authorization') return bearerToken(value);
    }
  }
  return null;
}

type Ports = Pick<ServerPorts, 'rateLimiter' | 'metrics'>;
/** The error of an exceeded limit, or null. Only a limiter outside the process needs a promise. */
type Admission = GraphQLError | null | Promise<GraphQLError | null>;

/** Takes operations from the allowance of an address; the error if that is used up, otherwise null. */
export function takeAddress(ports: Ports, network: string, points = 1): Admission {
  return take(ports, addressOperations, network, points);
}

/**
 * Takes an operation from the allowance of a user. Without a session, clients of one address share a smaller one, which attempts with
 * invalid tokens use up too.
 */
export function takeCaller(ports: Ports, viewer: Viewer | null, network: string, points = 1): Admission {
  return viewer === null
    ? take(ports, anonymousOperations, network, points)
    : take(ports, userOperations, viewer.userId, points);
}

/**
 * Takes more for a large operation, whose cost is known once it is prepared: the limit is on work.
 *
 * @param costBefore - the cost of the earlier operations of a batch
 */
export function takeCost(
  ports: Ports,
  viewer: Viewer | null,
  network: string,
  cost: number,
  costBefore = 0,
): Admission {
  const points = Math.floor((costBefore + cost) / costPerPoint) - Math.floor(costBefore / costPerPoint);
  return points === 0 ? null : takeCaller(ports, viewer, network, points);
}

function take(ports: Ports, limit: RateLimit, key: string, points: number): Admission {
  const answer = ports.rateLimiter.take(limit, key, points);
  if (typeof answer === 'number') return refusal(ports, limit, answer);
  return answer.then((waitMs) => refusal(ports, limit, waitMs));
}

function refusal({ metrics }: Ports, limit: RateLimit, waitMs: Millis): GraphQLError | null {
  if (waitMs <= 0) return null;
  metrics.limitHit(limit.name);
  const retryAfterMs = Math.ceil(waitMs);
  return clientError('RATE_LIMITED', `Rate limit \`${limit.name}\` exceeded; retry in ${retryAfterMs} ms.`, {
    limit: limit.name,
    retryAfterMs,
  });
}

/** The code that a finished operation is counted under. */
export function outcomeOf(errors: readonly { extensions: Record<string, unknown> }[] | undefined): string {
  const code = errors?.[0]?.extensions.code;
  return typeof code === 'string' ? code : 'OK';
}
