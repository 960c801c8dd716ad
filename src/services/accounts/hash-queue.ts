/**
 * The queue for work that takes a thread and much memory: few calls run at once, and the others wait in the order of their arrival.
 *
 * Invariants: at most `runningMax` calls run, at most `waitingMax` wait, and of these at most `waitingPerNetworkMax` come from one
 * network, so that one client cannot fill the queue for all others. A call above a bound is refused with OVERLOADED.
 */
import { availableParallelism } from 'node:os';
import { DomainError } from '../../domain/errors.ts';

/** Node's thread pool has four threads by default, which files, DNS and signatures need too. One core is left to the event loop. */
const runningMax = Math.max(1, Math.min(2, availableParallelism() - 1));
const waitingMax = 200;
const waitingPerNetworkMax = 20;

export type HashQueue = ReturnType<typeof createHashQueue>;

/** @param onRefused - called with the name of the limit for each refused call */
export function createHashQueue(onRefused: (limit: string) => void = () => {}) {
  const waiting: { readonly network: string; readonly start: () => void }[] = [];
  let running = 0;

  return {
    /** @throws DomainError `OVERLOADED`: too many calls wait */
    async run<T>(network: string, call: () => Promise<T>): Promise<T> {
      if (running >= runningMax) {
        const ofNetwork = waiting.filter((one) => one.network === network).length;
        if (waiting.length >= waitingMax || ofNetwork >= waitingPerNetworkMax) {
          onRefused(waiting.length >= waitingMax ? 'passwordHashes' : 'passwordHashesPerAddress');
          throw new DomainError('OVERLOADED', 'Too many concurrent sign-ins.');
        }
        await new Promise<void>((start) => waiting.push({ network, start }));
      } else {
        running += 1;
      }
      try {
        return await call();
      } finally {
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next.start();
      }
    },
    /** Number of calls that wait for their turn. */
    get waiting(): number {
      return waiting.length;
    },
  };
}
