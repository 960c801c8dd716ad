/** Whether the process lives, and whether it can do its work now. */
import { inTime } from '../domain/deadline.ts';

/** A part that must answer, under its name in docs/reliability.md. */
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

  /** One question to a part at a time: a part that is stuck is not helped by a queue of them. */
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
    /** The parts that did not answer when they were last asked. */
    degraded: () => degraded,
    /** Looks now; called every few seconds, so that `degraded` is fresh. */
    async look() {
      degraded = await failing();
    },
    drain() {
      isDraining = true;
    },
  };
}
