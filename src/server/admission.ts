/** Authentication and rate limits of operations, the same for both transports. */
import type { GraphQLError } from 'graphql';
import type { Viewer } from '../domain/user.ts';
import type { RateLimit } from '../stores/rate-limiter.ts';
import { clientError } from './pipeline/client-errors.ts';
import type { ServerPorts } from './ports.ts';

/** Requests of any kind. */
export const userOperations: RateLimit = { name: 'operations', points: 2_000, windowMs: 10_000 };
export const addressOperations: RateLimit = { name: 'addressOperations', points: 10_000, windowMs: 10_000 };

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

/**
 * Takes an operation from the allowances of the user and the address.
 *
 * @param network - the client's; null if its allowance was already charged before the user was known
 * @returns the error if an allowance is used up, otherwise null
 */
export async function takeOperation(
  { rateLimiter, metrics }: Pick<ServerPorts, 'rateLimiter' | 'metrics'>,
  viewer: Viewer | null,
  network: string | null,
): Promise<GraphQLError | null> {
  const takes: [RateLimit, string][] = network === null ? [] : [[addressOperations, network]];
  if (viewer !== null) takes.push([userOperations, viewer.userId]);
  for (const [limit, key] of takes) {
    const answer = rateLimiter.take(limit, key);
    const waitMs = typeof answer === 'number' ? answer : await answer;
    if (waitMs <= 0) continue;
    metrics.limitHit(limit.name);
    const retryAfterMs = Math.ceil(waitMs);
    return clientError('RATE_LIMITED', `Rate limit \`${limit.name}\` exceeded; retry in ${retryAfterMs} ms.`, {
      limit: limit.name,
      retryAfterMs,
    });
  }
  return null;
}

/** The code that a finished operation is counted under. */
export function outcomeOf(errors: readonly { extensions: Record<string, unknown> }[] | undefined): string {
  const code = errors?.[0]?.extensions.code;
  return typeof code === 'string' ? code : 'OK';
}
