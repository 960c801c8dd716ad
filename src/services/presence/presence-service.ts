/**
 * Whether users are reachable. A user is online while one of their devices holds a lease in the store.
 *
 * A device is in one of these states here:
 * - attached: at least one live socket. A renewal extends its lease whenever its sockets were heard from since the last renewal
 *   (`countedAt`); a device that vanished without closing its socket is not renewed;
 * - detached: no live socket. Only heartbeats renew its lease; otherwise it lapses;
 * - released: logged out. Its lease ended at once, and sockets of the old session cannot renew it.
 *
 * Invariant: each change between online and offline is published once, by the instance that the store names.
 */
import { badInput } from '../../domain/errors.ts';
import type { Clock, DeviceId, Millis, UserId } from '../../domain/ids.ts';
import type { Presence } from '../../domain/presence.ts';
import type { Viewer } from '../../domain/user.ts';
import type { Bus } from '../../pubsub/bus.ts';
import { topics } from '../../pubsub/topics.ts';
import type { PresenceStore } from '../../stores/presence-store.ts';
import { createPresenceWatch } from './presence-watch.ts';

export interface PresenceSettings {
  /**
   * Offline is announced at most this long after the last sign of life. The lease itself is shorter by the renewal and sweep
   * intervals.
   */
  readonly leaseTtlMs: Millis;
  /** Interval at which live sockets renew leases. */
  readonly renewEveryMs: Millis;
  readonly sweepEveryMs: Millis;
}

export const presenceDefaults: PresenceSettings = { leaseTtlMs: 60_000, renewEveryMs: 1_000, sweepEveryMs: 1_000 };

/** Users in one call. */
export const presenceUsersMax = 200;
const sweepMax = 1_000;
const renewBatch = 1_000;

/** A live socket, with the time of its client's last sign of life by the monotonic clock, including answers to pings. */
export interface LiveSocket {
  readonly heardAt: Millis;
}

/** A device with live sockets. Usually there is one, and a list takes a quarter of a set's memory. */
interface Attached {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly sockets: LiveSocket[];
  /** The last sign of life that its lease includes, by the monotonic clock. */
  countedAt: Millis;
}

export type PresenceService = ReturnType<typeof createPresenceService>;

export function createPresenceService(ports: {
  store: PresenceStore;
  bus: Bus;
  clock: Clock;
  /** Milliseconds of the monotonic clock that `heardAt` is read from. */
  elapsed: Clock;
  /** Filters users to those whose presence a user may see. */
  visibleOf: (userId: UserId, others: readonly UserId[]) => Promise<Set<UserId>>;
  /** All users whose presence a user may see. */
  allVisible: (userId: UserId, limit: number) => Promise<UserId[]>;
  onError: (error: unknown, what: string) => void;
  settings?: Partial<PresenceSettings>;
}) {
  const { store, bus, clock, elapsed, visibleOf, allVisible, onError } = ports;
  const settings = { ...presenceDefaults, ...ports.settings };
  const sweepEveryMs = Math.min(settings.sweepEveryMs, settings.leaseTtlMs / 10);
  const renewEveryMs = Math.min(settings.renewEveryMs, settings.leaseTtlMs / 10);
  const leaseMs = settings.leaseTtlMs - sweepEveryMs - renewEveryMs;
  const attached = new Map<DeviceId, Attached>();
  let isRenewing = false;
  let online = 0;

  async function renew(devices: readonly { userId: UserId; deviceId: DeviceId }[]): Promise<void> {
    for (const userId of await store.renew(devices, leaseMs)) {
      online += 1;
      bus.publish(topics.presence(userId), { userId, status: 'ONLINE', lastSeenAt: clock() });
    }
  }

  function renewSoon(devices: readonly { userId: UserId; deviceId: DeviceId }[]): void {
    renew(devices).catch((error: unknown) => onError(error, 'presence'));
  }

  /** Renews the leases of devices heard from since the last renewal. A device that vanished is not renewed. */
  async function renewAttached(): Promise<void> {
    if (isRenewing) return;
    isRenewing = true;
    try {
      const heard = [...attached.values()].filter((entry) => heardOf(entry) > entry.countedAt);
      for (let start = 0; start < heard.length; start += renewBatch) {
        // A device that logged out during an earlier batch must not become online again.
        const batch = heard.slice(start, start + renewBatch).filter((entry) => attached.get(entry.deviceId) === entry);
        const countedAt = batch.map(heardOf);
        await renew(batch);
        batch.forEach((entry, index) => {
          entry.countedAt = countedAt[index] ?? 0;
        });
      }
    } finally {
      isRenewing = false;
    }
  }

  function tellOffline(userId: UserId, lastSeenAt: Millis): void {
    online -= 1;
    bus.publish(topics.presence(userId), { userId, status: 'OFFLINE', lastSeenAt });
  }

  async function sweep(): Promise<void> {
    for (;;) {
      const gone = await store.sweep(sweepMax);
      for (const { userId, lastSeenAt } of gone) tellOffline(userId, lastSeenAt);
      // A full batch means that there may be more: many users leave at once when their network fails.
      if (gone.length < sweepMax) return;
    }
  }

  async function read(userIds: readonly UserId[], visible: ReadonlySet<UserId>): Promise<Presence[]> {
    const asked = userIds.filter((id) => visible.has(id));
    let found: Awaited<ReturnType<PresenceStore['get']>>;
    try {
      found = await store.get(asked);
    } catch (error) {
      // Without the store, presence is unknown. The rest of the answer should not fail because of that.
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
    if (userIds.length > presenceUsersMax)
      throw badInput('userIds', `At most ${presenceUsersMax} users per call.`, { max: presenceUsersMax });
    const others = [...new Set(userIds)].filter((id) => id !== userId);
    return (await visibleOf(userId, others)).add(userId);
  }

  const timers = [
    setInterval(() => renewAttached().catch((error: unknown) => onError(error, 'presence')), renewEveryMs),
    setInterval(() => sweep().catch((error: unknown) => onError(error, 'presence')), sweepEveryMs),
  ];
  for (const timer of timers) timer.unref();

  return {
    /** A heartbeat: the user counts as online until the returned time. */
    async beat({ userId, deviceId }: Viewer): Promise<Millis> {
      const now = clock();
      await renew([{ userId, deviceId }]);
      return now + leaseMs;
    },

    /** A live socket's signs of life renew the lease until the returned function is called. The lease then expires by itself. */
    attach({ userId, deviceId }: Viewer, socket: LiveSocket): () => void {
      const known = attached.get(deviceId);
      // A list that is created with its only item allocates no room for more.
      const entry = known ?? { userId, deviceId, sockets: [socket], countedAt: elapsed() };
      if (known === undefined) {
        attached.set(deviceId, entry);
        renewSoon([entry]);
      } else {
        known.sockets.push(socket);
      }
      return () => {
        const index = entry.sockets.indexOf(socket);
        // A logout removes the device. Sockets of the previous login must not be removed from those of the next one.
        if (attached.get(deviceId) !== entry || index < 0) return;
        const isNews = heardOf(entry) > entry.countedAt;
        entry.sockets.splice(index, 1);
        if (entry.sockets.length > 0) return;
        attached.delete(deviceId);
        if (isNews) renewSoon([entry]);
      };
    },

    /** Ends a device's lease at once, at a logout. */
    async release({ userId, deviceId }: Viewer): Promise<void> {
      attached.delete(deviceId);
      if (await store.release(userId, deviceId)) tellOffline(userId, clock());
    },

    /**
     * Current statuses, in the order of the ids; UNKNOWN for users whose presence is hidden from the viewer.
     *
     * @throws DomainError `BAD_USER_INPUT`: too many users
     */
    async get(viewer: Viewer, userIds: readonly UserId[]): Promise<Presence[]> {
      return read(userIds, await visibleTo(viewer, userIds));
    },

    watch: createPresenceWatch({ bus, visibleOf, allVisible, visibleTo, read, onError }),

    /** Number of users that this process has announced as online and not yet as offline. */
    get onlineCount(): number {
      return online;
    },

    [Symbol.dispose]() {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

/** The last sign of life of a device over all its sockets. */
function heardOf({ sockets }: Attached): Millis {
  let last = 0;
  for (const { heardAt } of sockets) last = Math.max(last, heardAt);
  return last;
}

function unknown(userId: UserId): Presence {
  return { userId, status: 'UNKNOWN', lastSeenAt: null };
}
