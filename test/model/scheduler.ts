/**
 * Decides the order of events. Every wait of the program under test (for an answer, a timer, a hint) is a step, and a seeded random
 * number picks the next step: the same seed plays the same history.
 *
 * While timers are installed, only steps make progress. After each step, its immediate consequences run to their end and belong to
 * that step's owner.
 */
const realSetImmediate = setImmediate;

/** The owner of a step. Steps of a dead owner do not run, except calls that were already passed to a store. */
export interface Owner {
  readonly name: string;
  isDead: boolean;
}

interface Step {
  readonly owner: Owner;
  readonly run: () => void;
  /** Runs even after its owner has died. */
  readonly outlives: boolean;
}

interface Timer extends Step {
  readonly ms: number;
  readonly isInterval: boolean;
}

export class Scheduler {
  readonly random: () => number;
  readonly history: string[] = [];
  /** Counts steps: the only time there is. */
  time = 0;
  private current: Owner = { name: 'world', isDead: false };
  private steps: Step[] = [];
  private timers: Timer[] = [];

  constructor(random: () => number) {
    this.random = random;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }

  pickWeighted<T>(list: readonly T[], weightOf: (one: T) => number): T {
    let left = this.random() * list.reduce((sum, one) => sum + weightOf(one), 0);
    for (const one of list) {
      left -= weightOf(one);
      if (left <= 0) return one;
    }
    return list[list.length - 1] as T;
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  note(what: string): void {
    this.history.push(`${this.time}: ${what}`);
  }

  add(owner: Owner, run: () => void, outlives = false): void {
    this.steps.push({ owner, run, outlives });
  }

  /** Whether anything but intervals is left to happen. */
  get isAtRest(): boolean {
    return this.steps.length === 0 && this.timers.every(({ isInterval }) => isInterval);
  }

  /** Begins something in an owner's name and lets all follow that follows at once. */
  async begin(owner: Owner, call: () => void): Promise<void> {
    this.time += 1;
    await this.run({ owner, run: call, outlives: false });
  }

  /** Runs one step; timers are rarer the longer they take, and intervals run only now and then. */
  async step(): Promise<void> {
    const due = this.timers.filter(({ isInterval }) => !isInterval);
    const intervals = this.timers.filter(({ isInterval }) => isInterval);
    this.time += 1;
    if (intervals.length > 0 && this.chance(0.01)) return this.run(this.pick(intervals));
    if (due.length > 0 && (this.steps.length === 0 || this.chance(0.08))) {
      const timer = this.pickWeighted(due, ({ ms }) => 1 / (ms + 20));
      this.timers.splice(this.timers.indexOf(timer), 1);
      return this.run(timer);
    }
    const index = Math.floor(this.random() * this.steps.length);
    const [step] = this.steps.splice(index, 1);
    if (step !== undefined) await this.run(step);
  }

  /** Runs every interval once. */
  async tick(): Promise<void> {
    for (const timer of this.timers.filter(({ isInterval }) => isInterval)) await this.run(timer);
  }

  /** @param keep - decides for each call under way of the dead whether it still reaches its store, and when */
  bury(owner: Owner, keep: () => 'now' | 'later' | 'never'): void {
    owner.isDead = true;
    this.timers = this.timers.filter((timer) => timer.owner !== owner);
    this.steps = this.steps.filter((step) => {
      if (step.owner !== owner) return true;
      if (!step.outlives) return false;
      const fate = keep();
      if (fate === 'now') step.run();
      return fate === 'later';
    });
  }

  /** Makes every timer a step, until it is disposed of. */
  installTimers(): Disposable {
    const addTimer =
      (isInterval: boolean) =>
      (call: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
        const owner = this.current;
        const timer: Timer = { owner, ms, isInterval, outlives: false, run: () => call(...args) };
        this.timers.push(timer);
        return Object.assign(timer, { unref: () => timer, ref: () => timer });
      };
    const removeTimer = (timer: unknown) => {
      const index = this.timers.indexOf(timer as Timer);
      if (index >= 0) this.timers.splice(index, 1);
    };
    const replacements = {
      setTimeout: addTimer(false),
      setInterval: addTimer(true),
      clearTimeout: removeTimer,
      clearInterval: removeTimer,
      setImmediate: (call: () => void) => this.add(this.current, call),
    };
    const originals = Object.keys(replacements).map((name) => [name, Reflect.get(globalThis, name)] as const);
    for (const [name, replacement] of Object.entries(replacements)) Reflect.set(globalThis, name, replacement);
    return {
      [Symbol.dispose]() {
        for (const [name, original] of originals) Reflect.set(globalThis, name, original);
      },
    };
  }

  private async run(step: Step): Promise<void> {
    if (step.owner.isDead && !step.outlives) return;
    this.current = step.owner;
    step.run();
    await new Promise((resolve) => realSetImmediate(resolve));
  }
}
