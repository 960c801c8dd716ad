/** Presence: the events that keep a user online, and those that end it. */
import { describe, expect, it, vi } from 'vitest';
import type { PresenceService } from '../../../src/services/presence/presence-service.ts';
import {
  alice,
  alicesLaptop,
  bob,
  elapsed,
  type PresenceWorld,
  pass,
  socketHeard,
  startedAt,
  viewer,
  withPresence,
} from '../../support/presence.ts';

describe('presence', () => {
  let world: PresenceWorld;
  let presence: PresenceService;
  withPresence((opened) => {
    world = opened;
    ({ presence } = opened);
  });

  describe('of a user with devices', () => {
    it('is announced online once, regardless of further heartbeats', async () => {
      const told = await world.listen('1');
      await presence.beat(alice);
      await presence.beat(alicesLaptop);
      await presence.beat(alice);
      presence.attach(alicesLaptop, socketHeard());
      await pass(0);
      expect(told).toEqual([{ userId: '1', status: 'ONLINE', lastSeenAt: startedAt }]);
    });

    it('is announced offline once, after the last of two devices, within a minute of its last heartbeat', async () => {
      const told = await world.listen('1');
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

    it('lasts until the time that a heartbeat returns', async () => {
      const until = await presence.beat(alice);
      expect(until).toBeGreaterThan(startedAt + 30_000);
      expect(until).toBeLessThanOrEqual(startedAt + 60_000);
      await pass(until - startedAt - 1);
      expect((await presence.get(alice, ['1']))[0]?.status).toBe('ONLINE');
    });

    it('announces nothing when a device reconnects within its lease', async () => {
      const told = await world.listen('1');
      const detach = presence.attach(alice, socketHeard());
      await pass(10_000);
      detach();
      await pass(50_000);
      presence.attach(alice, socketHeard());
      await pass(120_000);
      expect(told.map(({ status }) => status)).toEqual(['ONLINE']);
    });

    it('stays online as long as a socket lives, without heartbeats', async () => {
      const told = await world.listen('1');
      const detach = presence.attach(alice, socketHeard());
      await pass(600_000);
      expect(told.map(({ status }) => status)).toEqual(['ONLINE']);
      detach();
      await pass(60_000);
      expect(told.at(-1)).toEqual({ userId: '1', status: 'OFFLINE', lastSeenAt: startedAt + 600_000 });
    });

    it.each([-1, 1])('lasts as long as its socket lives when the wall clock is set by %i hour', async (hours) => {
      const told = await world.listen('1');
      presence.attach(alice, socketHeard());
      await pass(10_000);
      vi.setSystemTime(Date.now() + hours * 60 * 60_000);
      await pass(600_000);
      expect(told.map(({ status }) => status)).toEqual(['ONLINE']);
    });

    it('ends within a minute of when a socket that vanished was heard of last', async () => {
      const told = await world.listen('1');
      let heardAt = elapsed();
      const detach = presence.attach(
        alice,
        socketHeard(() => heardAt),
      );
      await pass(29_990);
      heardAt = elapsed();
      await pass(55_000);
      detach(); // A lost connection is not a sign of life.
      expect(told.map(({ status }) => status)).toEqual(['ONLINE']);
      await pass(5_000);
      expect(told.map(({ status }) => status)).toEqual(['ONLINE', 'OFFLINE']);
    });

    it('lasts while one ping in half a minute is answered', async () => {
      const told = await world.listen('1');
      let heardAt = elapsed();
      presence.attach(
        alice,
        socketHeard(() => heardAt),
      );
      for (let round = 0; round < 10; round += 1) {
        await pass(30_000);
        heardAt = elapsed();
      }
      expect(told.map(({ status }) => status)).toEqual(['ONLINE']);
    });

    it('counts signs of life just before a socket closed', async () => {
      const told = await world.listen('1');
      let heardAt = elapsed();
      const detach = presence.attach(
        alice,
        socketHeard(() => heardAt),
      );
      await pass(50_300);
      heardAt = elapsed();
      detach();
      await pass(55_000);
      expect(told.map(({ status }) => status)).toEqual(['ONLINE']);
      await pass(5_000);
      expect(told.at(-1)).toEqual({ userId: '1', status: 'OFFLINE', lastSeenAt: startedAt + 50_300 });
    });

    it('asks nothing of the store while nothing is heard', async () => {
      presence.attach(
        alice,
        socketHeard(() => 0),
      );
      await pass(0);
      const renew = vi.spyOn(world.store, 'renew');
      await pass(30_000);
      expect(renew).not.toHaveBeenCalled();
    });

    it('lives by the last of several sockets of a device, each of which ends once', async () => {
      const told = await world.listen('1');
      const [first, second] = [presence.attach(alice, socketHeard()), presence.attach(alice, socketHeard())];
      first();
      first();
      await pass(300_000);
      expect(told).toHaveLength(1);
      second();
      await pass(60_000);
      expect(told).toHaveLength(2);
    });

    it('is announced offline within the minute when thousands leave at once', async () => {
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
      const told = await world.listen('1');
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
      const told = await world.listen('1');
      const detach = presence.attach(alice, socketHeard());
      await pass(0);
      await presence.release(alice);
      detach();
      await pass(120_000);
      expect(told.map(({ status }) => status)).toEqual(['ONLINE', 'OFFLINE']);
    });

    it('is not undone by a renewal in progress', async () => {
      const crowd = Array.from({ length: 1_000 }, (_, index) => viewer(`${index + 100}`));
      for (const one of crowd) presence.attach(one, socketHeard());
      presence.attach(alice, socketHeard()); // The second batch.
      await pass(0);
      const told = await world.listen('1');
      const { promise, resolve } = Promise.withResolvers<void>();
      const renew = vi.spyOn(world.store, 'renew').mockImplementationOnce(async () => {
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

  it('continues with the leases of the previous service', async () => {
    const told = await world.listen('1');
    await presence.beat(alice);
    presence = world.restart();
    await presence.beat(alice);
    await pass(50_000);
    expect(told.map(({ status }) => status)).toEqual(['ONLINE']);
    await pass(10_000);
    expect(told.map(({ status }) => status)).toEqual(['ONLINE', 'OFFLINE']);
  });
});
