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
  timeoutMs,
  version,
}: {
  checks: readonly HealthCheck[];
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

  return {
    live: () => ({ ok: true, body: { status: 'ok', version } }),
    async ready() {
      degraded = await failing();
      const ok = degraded.length === 0 && !isDraining;
      return { ok, body: { status: isDraining ? 'draining' : ok ? 'ready' : 'degraded', degraded, version } };
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
