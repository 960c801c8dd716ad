/**
 * Answers over HTTP that their clients do not read. An answer holds its bytes until it has been read, so its connection is closed when
 * nothing of it is read for a while, or when all of it takes longer than even a slow client needs.
 */
import type { ServerResponse } from 'node:http';
import type { ByteBudget } from '../domain/byte-budget.ts';
import { slowestMs } from './http.ts';
import type { ServerPorts } from './ports.ts';

/** Few different times make few lists of timers. */
const roundMs = 1_000;

/** Gives the bytes back when the answer has been read; at once if its client has gone, for whom the operation still ran to its end. */
export function releaseWhenRead(
  { limits, metrics }: Pick<ServerPorts, 'limits' | 'metrics'>,
  response: ServerResponse,
  budget: ByteBudget,
): void {
  if (response.closed) {
    budget.release();
    return;
  }
  const drop = () => {
    metrics.slowReader();
    response.destroy();
  };
  // Node counts any progress of a write as activity.
  response.setTimeout(limits.slowReaderMs, drop);
  const deadline = setTimeout(drop, Math.ceil(slowestMs(budget.bytes) / roundMs) * roundMs).unref();
  response.once('close', () => {
    clearTimeout(deadline);
    budget.release();
  });
}
