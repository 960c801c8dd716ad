/**
 * Writes failures of background tasks into the log. A store that is slow or unavailable fails thousands of tasks in the same way: each
 * failure is counted, but equal ones of a component make one line a minute, and different ones a limited number. The first line of the
 * next minute says how many lines were left out.
 */
import type { Clock, Millis } from '../domain/ids.ts';
import type { Log } from './log.ts';

const windowMs: Millis = 60_000;
/** Different failures of one component that are logged in a minute. */
const linesMax = 20;

interface Window {
  readonly since: Millis;
  readonly shown: Set<string>;
  omitted: number;
}

/**
 * @param elapsed - milliseconds of a monotonic clock
 * @returns receives a failure and the component that detected it
 */
export function createFaultLog({
  log,
  count,
  elapsed,
}: {
  log: Pick<Log, 'error'>;
  count: (what: string) => void;
  elapsed: Clock;
}): (error: unknown, what: string) => void {
  /** By component, of which there are few. */
  const windows = new Map<string, Window>();

  return (error, what) => {
    count(what);
    const now = elapsed();
    let window = windows.get(what);
    let omitted = 0;
    if (window === undefined || now - window.since >= windowMs) {
      omitted = window?.omitted ?? 0;
      window = { since: now, shown: new Set(), omitted: 0 };
      windows.set(what, window);
    }
    const kind = kindOf(error);
    if (window.shown.has(kind) || window.shown.size >= linesMax) {
      window.omitted += 1;
      return;
    }
    window.shown.add(kind);
    log.error({ err: error, what, ...(omitted === 0 ? {} : { omitted }) }, 'background task failed');
  };
}

/** The kind of a failure: its name and the first line of its message. Some libraries put a stack into the rest. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.name} ${error.message.split('\n', 1)[0]}`;
}
