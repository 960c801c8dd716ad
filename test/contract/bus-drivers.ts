/** Every driver of the bus. A new one is proven by adding it here. */
import type { Bus } from '../../src/pubsub/bus.ts';
import { createMemoryBus } from '../../src/pubsub/memory/memory-bus.ts';

export interface OpenBus extends AsyncDisposable {
  readonly bus: Bus;
  /** Errors of receivers, by their reported names. */
  readonly reports: { error: unknown; what: string }[];
}

async function openMemory(): Promise<OpenBus> {
  const reports: OpenBus['reports'] = [];
  const bus = createMemoryBus({ onError: (error, what) => void reports.push({ error, what }) });
  return { bus, reports, [Symbol.asyncDispose]: async () => {} };
}

export const busDrivers: [string, () => Promise<OpenBus>][] = [['memory', openMemory]];
