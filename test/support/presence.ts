/** The presence service over a store and a bus in memory, on a clock the test sets. */
import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { Presence } from '../../src/domain/presence.ts';
import type { Viewer } from '../../src/domain/user.ts';
import type { Bus } from '../../src/pubsub/bus.ts';
import type { EventSink } from '../../src/pubsub/event-source.ts';
import { createMemoryBus } from '../../src/pubsub/memory/memory-bus.ts';
import { topics } from '../../src/pubsub/topics.ts';
import { createPresenceService, type PresenceService } from '../../src/services/presence/presence-service.ts';
import { createMemoryPresenceStore } from '../../src/stores/memory/memory-presence-store.ts';
import type { PresenceStore } from '../../src/stores/presence-store.ts';

export const startedAt = Date.UTC(2026, 4, 17);
export const viewer = (userId: string, deviceId = `${userId}0`): Viewer => ({ userId, deviceId, expiresAt: Infinity });
export const [alice, alicesLaptop, bob] = [viewer('1'), viewer('1', '11'), viewer('2')];

/** The monotonic clock, which the tests fake too. */
export const elapsed = () => performance.now();

/** A live socket, heard of at the instants of the monotonic clock that the test says; all the time when left out. */
export function socketHeard(at: () => number = elapsed): { readonly heardAt: number } {
  return {
    get heardAt() {
      return at();
    },
  };
}

/** A reader whose pace the test sets. */
export class Reader implements EventSink<Presence> {
  readonly got: Presence[] = [];
  error: unknown = null;
  isSlow = false;
  private ready: () => void = () => {};

  push(event: Presence): boolean {
    this.got.push(event);
    return !this.isSlow;
  }
  onReady(callback: () => void): void {
    this.ready = callback;
  }
  fail(error: unknown): void {
    this.error = error;
  }
  end(): void {}
  catchUp(): void {
    this.isSlow = false;
    this.ready();
  }
  get told(): string[] {
    return this.got.map(({ userId, status }) => `${userId} ${status}`);
  }
}

/** The fixture of one test: a service that was started at `startedAt`, and its ports. */
export interface PresenceWorld {
  readonly store: PresenceStore;
  readonly bus: Bus;
  readonly presence: PresenceService;
  /** Reported errors; none may be left at the end of a test. */
  readonly faults: unknown[];
  /** Another service on the same store and bus. */
  start(over?: Partial<Parameters<typeof createPresenceService>[0]>): PresenceService;
  /** Ends the service of the world and starts another. */
  restart(): PresenceService;
  /** Collects a user's presence hints on the bus. */
  listen(userId: string): Promise<Presence[]>;
}

/** Lets time pass on the faked clock. */
export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Opens a world before each test of a file, in which Alice may see 2 and 3, and Bob Alice, and leaves no timer behind. */
export function withPresence(onOpen: (world: PresenceWorld) => void): void {
  const friends = new Map([
    ['1', ['2', '3']],
    ['2', ['1']],
  ]);
  let presence: PresenceService;
  let faults: unknown[];

  beforeEach(() => {
    vi.useFakeTimers({ now: startedAt });
    faults = [];
    const onError = (error: unknown) => void faults.push(error);
    const store = createMemoryPresenceStore({ clock: Date.now, elapsed });
    const bus = createMemoryBus({ onError });
    const start: PresenceWorld['start'] = (over = {}) =>
      createPresenceService({
        store,
        bus,
        clock: Date.now,
        elapsed,
        visibleOf: async (userId, others) => new Set(others.filter((id) => friends.get(userId)?.includes(id))),
        allVisible: async (userId) => friends.get(userId) ?? [],
        onError,
        ...over,
      });
    presence = start();
    onOpen({
      store,
      bus,
      presence,
      faults,
      start,
      restart() {
        presence[Symbol.dispose]();
        presence = start();
        return presence;
      },
      async listen(userId) {
        const told: Presence[] = [];
        await bus.subscribe(topics.presence(userId), (event) => void told.push(event));
        return told;
      },
    });
  });

  afterEach(() => {
    presence[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
    expect(faults).toEqual([]);
  });
}
