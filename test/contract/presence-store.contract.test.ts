import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryPresenceStore } from '../../src/stores/memory/memory-presence-store.ts';
import type { PresenceStore } from '../../src/stores/presence-store.ts';

/** Every driver, with the time of the store's own clock in the test's hand. A new one is proven by adding it here. */
interface OpenPresenceStore {
  readonly store: PresenceStore;
  now(): number;
  /** Lets time pass. */
  advance(ms: number): void;
  /** Sets the wall clock, without time passing. */
  setWallClock(ms: number): void;
}

const drivers: [string, () => OpenPresenceStore][] = [
  [
    'memory',
    () => {
      let now = Date.UTC(2026, 4, 17);
      let passed = 0;
      const store = createMemoryPresenceStore({ clock: () => now, elapsed: () => passed });
      return {
        store,
        now: () => now,
        advance(ms) {
          now += ms;
          passed += ms;
        },
        setWallClock(ms) {
          now += ms;
        },
      };
    },
  ],
];

const ttlMs = 60_000;
const phone = { userId: '1', deviceId: '11' };
const laptop = { userId: '1', deviceId: '12' };
const other = { userId: '2', deviceId: '21' };

describe.each(drivers)('PresenceStore on %s', (_driver, open) => {
  let driver: OpenPresenceStore;
  let store: PresenceStore;
  beforeEach(() => {
    driver = open();
    store = driver.store;
  });

  it('reports a user as online once, regardless of later renewals', async () => {
    expect(await store.renew([phone], ttlMs)).toEqual(['1']);
    expect(await store.renew([phone], ttlMs)).toEqual([]);
    expect(await store.renew([laptop, other], ttlMs)).toEqual(['2']);
  });

  it('reports a user with two devices in one batch once', async () => {
    expect(await store.renew([phone, laptop], ttlMs)).toEqual(['1']);
  });

  it('reports a user to one of several racing renewals', async () => {
    const answers = await Promise.all([phone, laptop, phone].map((device) => store.renew([device], ttlMs)));
    expect(answers.flat()).toEqual(['1']);
  });

  it('answers in the order of the ids, with null for unknown users', async () => {
    await store.renew([phone], ttlMs);
    const at = driver.now();
    expect(await store.get(['2', '1', '2'])).toEqual([
      { online: false, lastSeenAt: null },
      { online: true, lastSeenAt: at },
      { online: false, lastSeenAt: null },
    ]);
    expect(await store.get([])).toEqual([]);
  });

  it('sweeps a user once, when the last lease has lapsed', async () => {
    await store.renew([phone], ttlMs);
    driver.advance(20_000);
    await store.renew([laptop], ttlMs);
    const lastSeenAt = driver.now();
    driver.advance(ttlMs - 20_000);
    expect(await store.sweep(10)).toEqual([]);
    expect((await store.get(['1']))[0]?.online).toBe(true);
    driver.advance(20_000);
    expect(await store.sweep(10)).toEqual([{ userId: '1', lastSeenAt }]);
    expect(await store.sweep(10)).toEqual([]);
    expect(await store.get(['1'])).toEqual([{ online: false, lastSeenAt }]);
  });

  it('does not sweep a lease before its end', async () => {
    await store.renew([phone], ttlMs);
    driver.advance(ttlMs - 1);
    expect(await store.sweep(10)).toEqual([]);
    driver.advance(1);
    expect(await store.sweep(10)).toHaveLength(1);
  });

  it.each([-1, 1])('ends a lease in its time when the wall clock is set by %i hour', async (hours) => {
    await store.renew([phone], ttlMs);
    driver.setWallClock(hours * 60 * 60_000);
    expect(await store.sweep(10)).toEqual([]);
    await store.renew([other], ttlMs);
    driver.advance(ttlMs - 1);
    expect(await store.sweep(10)).toEqual([]);
    driver.advance(1);
    expect((await store.sweep(10)).map(({ userId }) => userId)).toEqual(['1', '2']);
  });

  it('keeps users who renewed in time, even after the end of their first lease', async () => {
    await store.renew([phone, other], ttlMs);
    driver.advance(30_000);
    await store.renew([phone], ttlMs);
    driver.advance(30_000);
    expect((await store.sweep(10)).map(({ userId }) => userId)).toEqual(['2']);
    driver.advance(30_000);
    expect((await store.sweep(10)).map(({ userId }) => userId)).toEqual(['1']);
  });

  it('gives each user to one of several sweepers, and no more than asked for at a time', async () => {
    const crowd = Array.from({ length: 25 }, (_, index) => ({
      userId: `${index + 100}`,
      deviceId: `${index + 1_000}`,
    }));
    await store.renew(crowd, ttlMs);
    driver.advance(ttlMs);
    const sweeps = await Promise.all([store.sweep(10), store.sweep(10), store.sweep(10)]);
    expect(sweeps.map((swept) => swept.length)).toEqual([10, 10, 5]);
    expect(new Set(sweeps.flat().map(({ userId }) => userId)).size).toBe(25);
  });

  it('reports a user as online again after a sweep', async () => {
    await store.renew([phone], ttlMs);
    driver.advance(ttlMs);
    await store.sweep(10);
    expect(await store.renew([phone], ttlMs)).toEqual(['1']);
  });

  it('does not report a user who returns before the sweep', async () => {
    await store.renew([phone], ttlMs);
    driver.advance(ttlMs);
    expect(await store.renew([phone], ttlMs)).toEqual([]);
    expect(await store.sweep(10)).toEqual([]);
  });

  it('releases a device at once, and reports the release of the last one only', async () => {
    await store.renew([phone, laptop], ttlMs);
    expect(await store.release('1', '11')).toBe(false);
    expect((await store.get(['1']))[0]?.online).toBe(true);
    driver.advance(1_000);
    expect(await store.release('1', '12')).toBe(true);
    expect(await store.get(['1'])).toEqual([{ online: false, lastSeenAt: driver.now() }]);
  });

  it('releases nothing twice, and leaves nothing to the sweep', async () => {
    await store.renew([phone], ttlMs);
    expect(await store.release('1', '11')).toBe(true);
    expect(await store.release('1', '11')).toBe(false);
    expect(await store.release('9', '99')).toBe(false);
    driver.advance(ttlMs);
    expect(await store.sweep(10)).toEqual([]);
    expect((await store.get(['9']))[0]?.lastSeenAt).toBeNull();
  });
});
