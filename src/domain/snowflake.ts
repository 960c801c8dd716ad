/**
 * Snowflake ids: 41 bits of milliseconds since 2024-01-01, 10 bits of worker, 12 bits of counter.
 * Within one generator ids only grow. If the clock steps back by less than `stepBackMaxMs`, the generator continues from
 * the last time used. If it steps back further, the generator follows it with another worker number, so that the
 * repeated time range cannot repeat an id.
 */
import type { Clock, Millis } from './ids.ts';

export const snowflakeEpochMs = Date.UTC(2024, 0, 1);
export const workerMax = 1023;
const counterMax = 4095;
const stepBackMaxMs = 10_000;

export interface Snowflakes {
  next(): string;
}

/** @param takeWorker - returns a worker number, 0 to 1023, that no other running generator uses; called again after a large step back */
export function createSnowflakes(clock: Clock, takeWorker: () => number): Snowflakes {
  let worker = BigInt(takeWorker());
  let lastMs = 0;
  let counter = 0;
  return {
    next() {
      let now = clock();
      if (now < lastMs) {
        if (lastMs - now > stepBackMaxMs) worker = BigInt(takeWorker());
        else now = lastMs;
      }
      if (now !== lastMs) {
        lastMs = now;
        counter = 0;
      } else if (counter === counterMax) {
        lastMs += 1; // More than 4,096 in one millisecond borrow from the next.
        counter = 0;
      } else {
        counter += 1;
      }
      return ((BigInt(lastMs - snowflakeEpochMs) << 22n) | (worker << 12n) | BigInt(counter)).toString();
    },
  };
}

/** The creation time of an id. */
export function snowflakeTime(id: string): Millis {
  return Number(BigInt(id) >> 22n) + snowflakeEpochMs;
}
