import type { Millis } from './ids.ts';

/**
 * Waits for an answer, up to a time limit. A late call continues, and its result is ignored.
 *
 * @param late - creates the error to throw at the limit
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
