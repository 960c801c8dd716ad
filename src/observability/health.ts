/** Whether the process is alive, and whether it can serve requests. */
import { inTime } from '../domain/deadline.ts';

/** A component that must answer, with its name in docs/reliability.md. */
export interface HealthCheck {
  readonly name: string;
  check(): Promise<void>;
}

export type Health = ReturnType<typeof createHealth>;

export function createHealth({
  checks,
  details = {},
  timeoutMs,
  version,
}: {
  checks: readonly HealthCheck[];
  /** Counts that `/readyz` shows under these names. One that is not known in time is left out. */
  details?: Readonly<Record<string, () => Promise<number>>>;
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
      const [failed, known] = await Promise.all([failing(), knownDetails()]);
      degraded = failed;
      const ok = degraded.length === 0 && !isDraining;
      return { ok, body: { status: isDraining ? 'draining' : ok ? 'ready' : 'degraded', degraded, version, ...known } };
    },
    /** The components that failed their last check. */
    degraded: () => degraded,
    /** Checks all components. Called every few seconds to keep `degraded` fresh. */
    async look() {
      degraded = await failing();
    },
    drain() {
      isDraining = true;
    },
  };
}
