/**
 * `fetch` that repeats a request which failed for a passing reason: no connection, no answer in time, too many requests, or a server
 * that is overloaded or restarts. Messages and groups are not stored twice by a repeat, if they have their `clientMessageId` and
 * `clientGroupId`.
 */
import { waitToRetry } from './watchdog.ts';

/** On a connection that died silently, there would be no answer for minutes. */
const answerWithinMs = 15_000;
/** With the pauses below, a restart of a minute is bridged. */
const attemptsMax = 8;
const pauseMaxMs = 30_000;

/** Answers that the same request may not get again: a rate limit, a proxy without its server, a server without its store. */
const passingStatuses = [429, 502, 503, 504];

export function withRetries(fetcher: typeof fetch, pauseMs: number = 500): typeof fetch {
  return async (input, init) => {
    for (let attempt = 1; ; attempt += 1) {
      const isLast = attempt === attemptsMax;
      const signals = [AbortSignal.timeout(answerWithinMs), ...(init?.signal ? [init.signal] : [])];
      let wanted = Math.min(pauseMs * 2 ** (attempt - 1), pauseMaxMs);
      try {
        const response = await fetcher(input, { ...init, signal: AbortSignal.any(signals) });
        if (isLast || !passingStatuses.includes(response.status)) return response;
        wanted = Math.max(wanted, secondsOf(response.headers.get('retry-after')) * 1_000);
      } catch (error) {
        // The caller has given up.
        if (isLast || init?.signal?.aborted) throw error;
      }
      // Many clients that lost the same server come back at different times.
      await waitToRetry(wanted * (0.5 + Math.random()), init?.signal);
      init?.signal?.throwIfAborted();
    }
  };
}

/** Proxies may name a time instead, by their own clock; the pauses grow anyway. */
function secondsOf(retryAfter: string | null): number {
  return Number(retryAfter) || 0;
}
