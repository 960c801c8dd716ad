import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DomainError } from '../../src/domain/errors.ts';
import type { Presence } from '../../src/domain/presence.ts';
import type { Viewer } from '../../src/domain/user.ts';
import type { Bus } from '../../src/pubsub/bus.ts';
import { createMemoryBus } from '../../src/pubsub/memory/memory-bus.ts';
import { topics } from '../../src/pubsub/topics.ts';
import type { EventSink } from '../../src/services/event-stream.ts';
import { createPresenceService, type PresenceService } from '../../src/services/presence-service.ts';
import { createMemoryPresenceStore } from '../../src/stores/memory/memory-presence-store.ts';
import type { PresenceStore } from '../../src/stores/presence-store.ts';

const startedAt = Date.UTC(2026, 4, 17);
const viewer = (userId: string, deviceId = `${userId}0`): Viewer => ({ userId, deviceId, expiresAt: Infinity });
const [alice, alicesLaptop, bob] = [viewer('1'), viewer('1', '11'), viewer('2')];

/** A live socket, heard of at the instants the test says; all the time when left out. */
function socketHeard(at: () => number = Date.now): { readonly heardAt: number } {
  return {
    get heardAt() {
      return at();
    },
  };
}

/** A reader whose pace the test sets. */
class Reader implements EventSink<Presence> {
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

describe('presence', () => {
  let store: PresenceStore;
  let bus: Bus;
  let presence: PresenceService;
  let friends: Map<string, string[]>;
  let faults: unknown[];

  const start = (over: Partial<Parameters<typeof createPresenceService>[0]> = {}) =>
    createPresenceService({
      store,
      bus,
      clock: Date.now,
      visibleOf: async (userId, others) => new Set(others.filter((id) => friends.get(userId)?.includes(id))),
      allVisible: async (userId) => friends.get(userId) ?? [],
      onError: (error) => void faults.push(error),
      ...over,
    });

  /** Collects what is told of a user on the bus. */
  async function listen(userId: string): Promise<Presence[]> {
    const told: Presence[] = [];
    await bus.subscribe(topics.presence(userId), (event) => void told.push(event));
    return told;
  }

  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  beforeEach(() => {
    vi.useFakeTimers({ now: startedAt });
    faults = [];
    friends = new Map([
      ['1', ['2', '3']],
      ['2', ['1']],
    ]);
    store = createMemoryPresenceStore({ clock: Date.now });
    bus = createMemoryBus({ onError: (error) => void faults.push(error) });
    presence = start();
  });

  afterEach(() => {
    presence[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
    expect(faults).toEqual([]);
  });

  describe('of a user with devices', () => {
    it('is told online once, whatever else beats', async () => {
      const told = await listen('1');
      await presence.beat(alice);
      await presence.beat(alicesLaptop);
      await presence.beat(alice);
      presence.attach(alicesLaptop, socketHeard());
      await pass(0);
      expect(told).toEqual([{ userId: '1', status: 'ONLINE', lastSeenAt: startedAt }]);
    });

    it('is told offline once, after the last of two devices, within a minute of its last beat', async () => {
      const told = await listen('1');
      await presence.beat(alice);
      await pass(20_300); // Between two sweeps.
      await presence.beat(alicesLaptop);
      await pass(55_000);
      expect(told.map(({ status }) => status)).toEqual(['ONLINE']);
      await pass(5_000);
      expect(told.at(-1)).toEqual({ userId: '1', status: 'OFFLINE', lastSeenAt: startedAt + 20_300 });
      await pass(300_000);
      expect(told).toHaveLength(2);
    });

    it('lasts until the instant that a beat answers', async () => {
      const until = await presence.beat(alice);
      expect(until).toBeGreaterThan(startedAt + 30_000);
      expect(until).toBeLessThanOrEqual(startedAt + 60_000);
      await pass(until - startedAt - 1);
      expect((await presence.get(alice, ['1']))[0]?.status).toBe('ONLINE');
    });

    it('says nothing when a device comes back within its lease', async () => {
      const told = await listen('1');
      const detach = presence.attach(alice, socketHeard());
      await pass(10_000);
      detach();
      await pass(50_000);
      presence.attach(alice, socketHeard());
      await pass(120_000);
      expect(told.map(({ status }) => status)).toEqual(['ONLINE']);
    });

    it('stays online as long as a socket lives, with no beat at all', async () => {
      const told = await listen('1');
      const detach = presence.attach(alice, socketHeard());
      await pass(600_000);
      expect(told.map(({ status }) => status)).toEqual(['ONLINE']);
      detach();
      await pass(60_000);
      expect(told.at(-1)).toEqual({ userId: '1', status: 'OFFLINE', lastSeenAt: startedAt + 600_000 });
    });

    it('ends within a minute of when a socket that vanished was heard of last', async () => {
      const told = await listen('1');
      let heardAt = startedAt;
      const detach = presence.attach(
        alice,
        socketHeard(() => heardAt),
      );
      await pass(29_990);
      heardAt = Date.now();
      await pass(55_000);
      detach(); // Cut off; that is no beat.
      expect(told.map(({ status }) => status)).toEqual(['ONLINE']);
      await pass(5_000);
      expect(told.map(({ status }) => status)).toEqual(['ONLINE', 'OFFLINE']);
    });

    it('lasts while one ping in half a minute is answered', async () => {
      const told = await listen('1');
      let heardAt = startedAt;
      presence.attach(
        alice,
        socketHeard(() => heardAt),
      );
      for (let round = 0; round < 10; round += 1) {
        await pass(30_000);
        heardAt = Date.now();
      }
      expect(told.map(({ status }) => status)).toEqual(['ONLINE']);
    });

    it('counts what was heard just before a socket closed', async () => {
      const told = await listen('1');
      let heardAt = startedAt;
      const detach = presence.attach(
        alice,
        socketHeard(() => heardAt),
      );
      await pass(50_300);
      heardAt = Date.now();
      detach();
      await pass(55_000);
      expect(told.map(({ status }) => status)).toEqual(['ONLINE']);
      await pass(5_000);
      expect(told.at(-1)).toEqual({ userId: '1', status: 'OFFLINE', lastSeenAt: startedAt + 50_300 });
    });

    it('asks nothing of the store while nothing is heard', async () => {
      presence.attach(
        alice,
        socketHeard(() => startedAt),
      );
      await pass(0);
      const renew = vi.spyOn(store, 'renew');
      await pass(30_000);
      expect(renew).not.toHaveBeenCalled();
    });

    it('lives by the last of several sockets of a device, each of which ends once', async () => {
      const told = await listen('1');
      const [first, second] = [presence.attach(alice, socketHeard()), presence.attach(alice, socketHeard())];
      first();
      first();
      await pass(300_000);
      expect(told).toHaveLength(1);
      second();
      await pass(60_000);
      expect(told).toHaveLength(2);
    });

    it('is told offline by the minute when thousands leave at once', async () => {
      const crowd = Array.from({ length: 5_000 }, (_, index) => viewer(`${index + 100}`));
      for (const one of crowd) presence.attach(one, socketHeard())();
      await pass(0);
      expect(presence.onlineCount).toBe(5_000);
      await pass(60_000);
      expect(presence.onlineCount).toBe(0);
    });
  });

  describe('after a log out', () => {
    it('ends at once with the last device, and not before', async () => {
      const told = await listen('1');
      await presence.beat(alice);
      await presence.beat(alicesLaptop);
      await presence.release(alice);
      expect(told).toHaveLength(1);
      await pass(5_000);
      await presence.release(alicesLaptop);
      expect(told.at(-1)).toEqual({ userId: '1', status: 'OFFLINE', lastSeenAt: startedAt + 5_000 });
      expect(await presence.get(bob, ['1'])).toEqual([told.at(-1)]);
      await pass(120_000);
      expect(told).toHaveLength(2);
    });

    it('is not undone by sockets that have still to close', async () => {
      const told = await listen('1');
      const detach = presence.attach(alice, socketHeard());
      await pass(0);
      await presence.release(alice);
      detach();
      await pass(120_000);
      expect(told.map(({ status }) => status)).toEqual(['ONLINE', 'OFFLINE']);
    });

    it('is not undone by a renewal that was under way', async () => {
      const crowd = Array.from({ length: 1_000 }, (_, index) => viewer(`${index + 100}`));
      for (const one of crowd) presence.attach(one, socketHeard());
      presence.attach(alice, socketHeard()); // The second batch.
      await pass(0);
      const told = await listen('1');
      const { promise, resolve } = Promise.withResolvers<void>();
      const renew = vi.spyOn(store, 'renew').mockImplementationOnce(async () => {
        await promise;
        return [];
      });
      await pass(1_000);
      expect(renew).toHaveBeenCalledTimes(1);
      await presence.release(alice);
      resolve();
      await pass(1_000);
      expect(told.map(({ status }) => status)).toEqual(['OFFLINE']);
    });

    it('leaves the sockets of a new login on the same device alone', async () => {
      const old = presence.attach(alice, socketHeard());
      await pass(0);
      await presence.release(alice);
      presence.attach(alice, socketHeard());
      old();
      await pass(300_000);
      expect((await presence.get(bob, ['1']))[0]?.status).toBe('ONLINE');
    });
  });

  describe('when asked for', () => {
    it('answers in order, UNKNOWN for whom the viewer may not see, and always oneself', async () => {
      await presence.beat(alice);
      await presence.beat(bob);
      expect(await presence.get(alice, ['3', '404', '2', '1', 'nonsense', '2'])).toEqual([
        { userId: '3', status: 'OFFLINE', lastSeenAt: null },
        { userId: '404', status: 'UNKNOWN', lastSeenAt: null },
        { userId: '2', status: 'ONLINE', lastSeenAt: startedAt },
        { userId: '1', status: 'ONLINE', lastSeenAt: startedAt },
        { userId: 'nonsense', status: 'UNKNOWN', lastSeenAt: null },
        { userId: '2', status: 'ONLINE', lastSeenAt: startedAt },
      ]);
      expect(await presence.get(viewer('9'), ['1', '9'])).toEqual([
        { userId: '1', status: 'UNKNOWN', lastSeenAt: null },
        { userId: '9', status: 'OFFLINE', lastSeenAt: null },
      ]);
    });

    it('takes up to 200 users', async () => {
      const ids = Array.from({ length: 200 }, (_, index) => `${index + 1}`);
      expect(await presence.get(alice, ids)).toHaveLength(200);
      await expect(presence.get(alice, [...ids, '201'])).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      await expect(presence.watch(alice, [...ids, '201']).open(new Reader())).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
      });
    });

    it('is UNKNOWN when the store is away, and a beat says so', async () => {
      const away = new DomainError('UNAVAILABLE', 'No answer.');
      vi.spyOn(store, 'get').mockRejectedValue(away);
      vi.spyOn(store, 'renew').mockRejectedValue(away);
      expect(await presence.get(alice, ['2', '1'])).toEqual([
        { userId: '2', status: 'UNKNOWN', lastSeenAt: null },
        { userId: '1', status: 'UNKNOWN', lastSeenAt: null },
      ]);
      await expect(presence.beat(alice)).rejects.toBe(away);
      presence.attach(alice, socketHeard());
      await pass(0);
      expect(faults.splice(0)).toEqual([away, away]);
    });
  });

  describe('when watched', () => {
    it('tells the present status of each first, then every change', async () => {
      await presence.beat(bob);
      const reader = new Reader();
      const close = await presence.watch(alice, ['3', '2', '404']).open(reader);
      expect(reader.told).toEqual(['3 OFFLINE', '2 ONLINE', '404 UNKNOWN']);
      await presence.beat(viewer('3'));
      await presence.release(bob);
      await presence.beat(viewer('404'));
      expect(reader.told.slice(3)).toEqual(['3 ONLINE', '2 OFFLINE']);
      close();
      await presence.beat(bob);
      expect(reader.told).toHaveLength(5);
    });

    it('means everybody the viewer may see when nobody is named, and not the viewer', async () => {
      const reader = new Reader();
      await presence.watch(alice, null).open(reader);
      await presence.beat(alice);
      await presence.beat(bob);
      expect(reader.told).toEqual(['2 OFFLINE', '3 OFFLINE', '2 ONLINE']);
    });

    it('tells a user named twice once', async () => {
      const reader = new Reader();
      await presence.watch(alice, ['2', '2']).open(reader);
      await presence.beat(bob);
      expect(reader.told).toEqual(['2 OFFLINE', '2 ONLINE']);
    });

    it('loses no change that comes while it opens, and tells none twice', async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const get = store.get.bind(store);
      const reading = vi.spyOn(store, 'get').mockImplementationOnce(async (ids) => {
        await promise;
        return get(ids);
      });
      const reader = new Reader();
      const opening = presence.watch(alice, ['2']).open(reader);
      await vi.waitFor(() => expect(reading).toHaveBeenCalled());
      await presence.beat(bob);
      resolve();
      await opening;
      expect(reader.told).toEqual(['2 ONLINE']);
    });

    it('keeps only the latest of each user for a slow reader', async () => {
      const reader = new Reader();
      await presence.watch(alice, ['2', '3']).open(reader);
      reader.isSlow = true;
      await presence.beat(bob); // Is taken, and answered with "slow".
      for (let round = 0; round < 100; round += 1) {
        await presence.release(bob);
        await presence.beat(bob);
        await presence.beat(viewer('3'));
        await presence.release(viewer('3'));
      }
      await presence.release(bob);
      expect(reader.told).toEqual(['2 OFFLINE', '3 OFFLINE', '2 ONLINE']);
      reader.catchUp();
      expect(reader.told.slice(3).sort()).toEqual(['2 OFFLINE', '3 OFFLINE']);
      await presence.beat(bob);
      expect(reader.told.at(-1)).toBe('2 ONLINE');
    });

    it('leaves no subscription behind when the bus fails half-way', async () => {
      let live = 0;
      const broken: Bus = {
        ...bus,
        async subscribe({ name }) {
          if (name === topics.presence('3').name) throw new DomainError('UNAVAILABLE', 'No answer.');
          live += 1;
          return () => {
            live -= 1;
          };
        },
      };
      using service = start({ bus: broken });
      await expect(service.watch(alice, ['2', '3']).open(new Reader())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(live).toBe(0);
    });
  });

  it('goes on with the leases of the service before it', async () => {
    const told = await listen('1');
    await presence.beat(alice);
    presence[Symbol.dispose]();
    presence = start();
    await presence.beat(alice);
    await pass(50_000);
    expect(told.map(({ status }) => status)).toEqual(['ONLINE']);
    await pass(10_000);
    expect(told.map(({ status }) => status)).toEqual(['ONLINE', 'OFFLINE']);
  });
});
