import type { GraphQLError } from 'graphql';
import type { ErrorCode } from '../domain/errors.ts';

/** Errors after which the same request may succeed: HTTP has statuses that proxies and client libraries retry. */
const statuses: Partial<Record<ErrorCode, number>> = {
  RATE_LIMITED: 429,
  OVERLOADED: 503,
  UNAVAILABLE: 503,
  INTERNAL_SERVER_ERROR: 500,
};

export interface AnswerStatus {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** The status for errors before anything ran, where the media type allows another one than 200; null for the usual 400. */
export function statusOf([error]: readonly GraphQLError[]): AnswerStatus | null {
  const status = statuses[error?.extensions.code as ErrorCode];
  if (status === undefined) return null;
  const { retryAfterMs } = error?.extensions ?? {};
  const headers = typeof retryAfterMs === 'number' ? retryAfter(retryAfterMs) : {};
  return { status, headers };
}

/** In whole seconds, and never too soon. */
export function retryAfter(ms: number): { 'retry-after': string } {
  return { 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))) };
}
