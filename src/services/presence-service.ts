/**
 * Who is reachable. A user is online while a device of theirs holds a lease; a heartbeat or a live socket renews it. Coming and
 * going is told once, by whoever the store says noticed it.
 */
import { DomainError } from '../domain/errors.ts';
import type { Clock, DeviceId, Millis, UserId } from '../domain/ids.ts';
import type { Presence } from '../domain/presence.ts';
import type { Viewer } from '../domain/user.ts';
import type { Bus } from '../pubsub/bus.ts';
import { topics } from '../pubsub/topics.ts';
import type { PresenceStore } from '../stores/presence-store.ts';
import type { EventSource } from './event-stream.ts';
import { createHeldEvents } from './held-events.ts';

export interface PresenceSettings {
  readonly leaseTtlMs: Millis;
  /** How often live sockets are counted as beats. */
  readonly renewEveryMs: Millis;
  readonly sweepEveryMs: Millis;
}

export const presenceDefaults: PresenceSettings = { leaseTtlMs: 60_000, renewEveryMs: 30_000, sweepEveryMs: 1_000 };

const askedMax = 200;
const watchedMax = 10_000;
const sweepMax = 1_000;
const renewBatch = 1_000;

export type PresenceService = ReturnType<typeof createPresenceService>;

export function createPresenceService(ports: {
  store: PresenceStore;
  bus: Bus;
  clock: Clock;
  /** Of the users asked for, those whose presence a user may see. */
  visibleOf: (userId: UserId, others: readonly UserId[]) => Promise<Set<UserId>>;
  /** Everybody whose presence a user may see. */
  allVisible: (userId: UserId) => Promise<UserId[]>;
  onError: (error: unknown, what: string) => void;
  settings?: Partial<PresenceSettings>;
}) {
  const { store, bus, clock, visibleOf, allVisible, onError } = ports;
  const settings = { ...presenceDefaults, ...ports.settings };
  /** Devices with live sockets, and how many. */
  const attached = new Map<DeviceId, { userId: UserId; sockets: number }>();
  let online = 0;

  async function renew(devices: readonly { userId: UserId; deviceId: DeviceId }[]): Promise<void> {
    for (const userId of await store.renew(devices, settings.leaseTtlMs)) {
      online += 1;
      bus.publish(topics.presence(userId), { userId, status: 'ONLINE', lastSeenAt: clock() });
    }
  }

  function renewSoon(devices: readonly { userId: UserId; deviceId: DeviceId }[]): void {
    renew(devices).catch((error: unknown) => onError(error, 'presence'));
  }

  async function renewAttached(): Promise<void> {
    const devices = [...attached].map(([deviceId, { userId }]) => ({ userId, deviceId }));
    for (let start = 0; start < devices.length; start += renewBatch)
      await renew(devices.slice(start, start + renewBatch));
  }

  function tellOffline(userId: UserId, lastSeenAt: Millis): void {
    online -= 1;
    bus.publish(topics.presence(userId), { userId, status: 'OFFLINE', lastSeenAt });
  }

  async function sweep(): Promise<void> {
    for (const { userId, lastSeenAt } of await store.sweep(sweepMax)) tellOffline(userId, lastSeenAt);
  }

  async function read(userIds: readonly UserId[], visible: ReadonlySet<UserId>): Promise<Presence[]> {
    const asked = userIds.filter((id) => visible.has(id));
    let found: Awaited<ReturnType<PresenceStore['get']>>;
    try {
      found = await store.get(asked);
    } catch (error) {
      // Away, it cannot be told; nothing else of the answer should suffer from that.
      onError(error, 'presence');
      return userIds.map(unknown);
    }
    const byId = new Map(asked.map((id, index) => [id, found[index]]));
    return userIds.map((userId) => {
      const state = byId.get(userId);
      if (state === undefined) return unknown(userId);
      return { userId, status: state.online ? 'ONLINE' : 'OFFLINE', lastSeenAt: state.lastSeenAt };
    });
  }

  async function visibleTo({ userId }: Viewer, userIds: readonly UserId[]): Promise<Set<UserId>> {
    if (userIds.length > askedMax) throw new DomainError('BAD_USER_INPUT', `At most ${askedMax} users at once.`);
    const others = [...new Set(userIds)].filter((id) => id !== userId);
    return (await visibleOf(userId, others)).add(userId);
  }

  const timers = [
    setInterval(() => renewAttached().catch((error: unknown) => onError(error, 'presence')), settings.renewEveryMs),
    setInterval(() => sweep().catch((error: unknown) => onError(error, 'presence')), settings.sweepEveryMs),
  ];
  for (const timer of timers) timer.unref();

  return {
    /** A heartbeat: the user counts as online until the instant returned. */
    async beat({ userId, deviceId }: Viewer): Promise<Millis> {
      const now = clock();
      await renew([{ userId, deviceId }]);
      return now + settings.leaseTtlMs;
    },

    /** Counts a live socket as beats until the function returned is called; the lease then lapses by itself. */
    attach({ userId, deviceId }: Viewer): () => void {
      const known = attached.get(deviceId);
      if (known === undefined) {
        attached.set(deviceId, { userId, sockets: 1 });
        renewSoon([{ userId, deviceId }]);
      } else {
        known.sockets += 1;
      }
      let isAttached = true;
      return () => {
        const entry = attached.get(deviceId);
        if (!isAttached || entry === undefined) return;
        isAttached = false;
        entry.sockets -= 1;
        if (entry.sockets > 0) return;
        attached.delete(deviceId);
        // The last beat was now, not up to half a lease ago.
        renewSoon([{ userId, deviceId }]);
      };
    },

    /** Gives up a device's lease at once, on logging out. */
    async release({ userId, deviceId }: Viewer): Promise<void> {
      attached.delete(deviceId);
      if (await store.release(userId, deviceId)) tellOffline(userId, clock());
    },

    /**
     * Present statuses, in the order asked for; UNKNOWN for whom the viewer may not see.
     *
     * @throws DomainError `BAD_USER_INPUT`: too many
     */
    async get(viewer: Viewer, userIds: readonly UserId[]): Promise<Presence[]> {
      return read(userIds, await visibleTo(viewer, userIds));
    },

    /** The present status of each, then every change. */
    watch(viewer: Viewer, userIds: readonly UserId[] | null): EventSource<Presence> {
      return {
        async open(sink) {
          const visible =
            userIds === null ? new Set(await allVisible(viewer.userId)) : await visibleTo(viewer, userIds);
          const asked = [...new Set(userIds ?? visible)].slice(0, watchedMax);
          const held = createHeldEvents(sink);
          const told = new Map<UserId, Presence['status']>();
          let isStarted = false;
          const early: Presence[] = [];
          const tell = (presence: Presence) => {
            if (!isStarted) {
              early.push(presence);
              return;
            }
            // Told by the bus and read from the store may be the same news.
            if (told.get(presence.userId) === presence.status) return;
            told.set(presence.userId, presence.status);
            held.push(presence.userId, presence);
          };
          const watched = asked.filter((id) => visible.has(id));
          const stops = await Promise.all(watched.map((id) => bus.subscribe(topics.presence(id), tell)));
          const present = await read(asked, visible);
          isStarted = true;
          for (const presence of [...present, ...early]) tell(presence);
          return () => {
            for (const stop of stops) stop();
          };
        },
      };
    },

    /** Users this process has told online and not yet offline. */
    get onlineCount(): number {
      return online;
    },

    [Symbol.dispose]() {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

function unknown(userId: UserId): Presence {
  return { userId, status: 'UNKNOWN', lastSeenAt: null };
}
