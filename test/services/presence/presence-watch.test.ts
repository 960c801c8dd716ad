/** Visibility of presence in queries and subscriptions. */
import { describe, expect, it, vi } from 'vitest';
import { DomainError } from '../../../src/domain/errors.ts';
import type { Bus } from '../../../src/pubsub/bus.ts';
import { topics } from '../../../src/pubsub/topics.ts';
import type { PresenceService } from '../../../src/services/presence/presence-service.ts';
import {
  alice,
  bob,
  type PresenceWorld,
  pass,
  Reader,
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

  describe('when asked for', () => {
    it('answers in order, UNKNOWN for hidden users, and always with the viewer', async () => {
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

    it('is UNKNOWN when the store is unavailable, and a heartbeat fails', async () => {
      const away = new DomainError('UNAVAILABLE', 'No answer.');
      vi.spyOn(world.store, 'get').mockRejectedValue(away);
      vi.spyOn(world.store, 'renew').mockRejectedValue(away);
      expect(await presence.get(alice, ['2', '1'])).toEqual([
        { userId: '2', status: 'UNKNOWN', lastSeenAt: null },
        { userId: '1', status: 'UNKNOWN', lastSeenAt: null },
      ]);
      await expect(presence.beat(alice)).rejects.toBe(away);
      presence.attach(alice, socketHeard());
      await pass(0);
      expect(world.faults.splice(0)).toEqual([away, away]);
    });
  });

  describe('when watched', () => {
    it('reports the current status of each user first, then every change', async () => {
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

    it('covers all users visible to the viewer by default, except the viewer', async () => {
      const reader = new Reader();
      await presence.watch(alice, null).open(reader);
      await presence.beat(alice);
      await presence.beat(bob);
      expect(reader.told).toEqual(['2 OFFLINE', '3 OFFLINE', '2 ONLINE']);
    });

    it('reports a user named twice once', async () => {
      const reader = new Reader();
      await presence.watch(alice, ['2', '2']).open(reader);
      await presence.beat(bob);
      expect(reader.told).toEqual(['2 OFFLINE', '2 ONLINE']);
    });

    it('loses no change during its opening, and reports none twice', async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const get = world.store.get.bind(world.store);
      const reading = vi.spyOn(world.store, 'get').mockImplementationOnce(async (ids) => {
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

    it.each([
      ['named users', ['2'], ['2 UNKNOWN', '2 OFFLINE']],
      ['all users', null, ['2 OFFLINE']],
    ])('misses none of %s who becomes visible during its opening', async (_which, userIds, told) => {
      const visible = new Set<string>();
      const { promise, resolve } = Promise.withResolvers<void>();
      const read = vi.fn(async (_userId: string, others: readonly string[]) => {
        const found = others.filter((id) => visible.has(id));
        await promise;
        return found;
      });
      using service = world.start({
        visibleOf: async (userId, others) => new Set(await read(userId, others)),
        allVisible: (userId) => read(userId, ['2']),
      });
      const reader = new Reader();
      const opening = service.watch(alice, userIds).open(reader);
      await vi.waitFor(() => expect(read).toHaveBeenCalled());
      visible.add('2');
      world.bus.publish(topics.memberships('1'), { conversationId: '9', userIds: ['1', '2'] });
      resolve();
      await opening;
      await vi.waitFor(() => expect(reader.told).toEqual(told));
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
        ...world.bus,
        async subscribe({ name }) {
          if (name === topics.presence('3').name) throw new DomainError('UNAVAILABLE', 'No answer.');
          live += 1;
          return () => {
            live -= 1;
          };
        },
      };
      using service = world.start({ bus: broken });
      await expect(service.watch(alice, ['2', '3']).open(new Reader())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(live).toBe(0);
    });
  });
});
