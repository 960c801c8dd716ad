/** Whether the process is alive, and whether it can serve requests. */
import { inTime } from '../domain/deadline.ts';
import type { Clock } from '../domain/ids.ts';
import type { Log } from './log.ts';

/** A component that must answer, with its name in docs/reliability.md. */
export interface HealthCheck {
  readonly name: string;
  check(): Promise<void>;
}

export type Health = ReturnType<typeof createHealth>;

export function createHealth({
  checks,
  details = {},
  onChange = () => {},
  timeoutMs,
  version,
}: {
  checks: readonly HealthCheck[];
  /** Counts that `/readyz` shows under these names. One that is not known in time is left out. */
  details?: Readonly<Record<string, () => Promise<number>>>;
  /** Called when a check finds that a component has become unavailable, or available again. */
  onChange?: (name: string, isAvailable: boolean) => void;
  timeoutMs: number;
  version: string;
}) {
  let isDraining = false;
  let degraded: string[] = [];

  /** At most one check per component at a time: more checks would not help a component that hangs. */
  const asked = new Map<string, Promise<void>>();

  async function ask({ name, check }: HealthCheck): Promise<void> {
    let answer = asked.get(name);
    if (answer === undefined) {
      answer = check().finally(() => asked.delete(name));
      asked.set(name, answer);
    }
    return answer;
  }

  async function look(): Promise<void> {
    const found = await failing();
    const before = degraded;
    degraded = found;
    for (const { name } of checks)
      if (before.includes(name) !== found.includes(name)) onChange(name, before.includes(name));
  }

  async function failing(): Promise<string[]> {
    const outcomes = await Promise.all(
      checks.map(async (part) => {
        try {
          await inTime(ask(part), timeoutMs, () => new Error('late'));
          return null;
        } catch {
          return part.name;
        }
      }),
    );
    return outcomes.filter((name) => name !== null);
  }

  async function knownDetails(): Promise<Record<string, number>> {
    const found = await Promise.allSettled(
      Object.values(details).map((read) => inTime(read(), timeoutMs, () => new Error('late'))),
    );
    const known: Record<string, number> = {};
    Object.keys(details).forEach((name, index) => {
      const outcome = found[index];
      if (outcome?.status === 'fulfilled') known[name] = outcome.value;
    });
    return known;
  }

  return {
    live: () => ({ ok: true, body: { status: 'ok', version } }),
    async ready() {
      const [, known] = await Promise.all([look(), knownDetails()]);
      const ok = degraded.length === 0 && !isDraining;
      return { ok, body: { status: isDraining ? 'draining' : ok ? 'ready' : 'degraded', degraded, version, ...known } };
    },
    /** The components that failed their last check. */
    degraded: () => degraded,
    /** Checks all components. Called every few seconds to keep `degraded` fresh. */
    look,
    drain() {
      isDraining = true;
    },
  };
}

/** Logs when a component becomes unavailable, and when it is available again. */
export function createAvailabilityLog(log: Pick<Log, 'warn' | 'info'>, elapsed: Clock) {
  const since = new Map<string, number>();
  return (name: string, isAvailable: boolean): void => {
    if (isAvailable) {
      const seconds = Math.round((elapsed() - (since.get(name) ?? elapsed())) / 1000);
      log.info({ component: name, seconds }, 'component available again');
    } else {
      since.set(name, elapsed());
      log.warn({ component: name }, 'component unavailable');
    }
  };
}
