import type { Millis } from './ids.ts';

/**
 * Waits for an answer, but not for ever. What is late goes on, and nobody hears of it.
 *
 * @param late - makes what is thrown when the time is over
 */
export async function inTime<T>(answer: Promise<T>, ms: Millis, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([answer, over]);
  } finally {
    clearTimeout(timer);
  }
}
