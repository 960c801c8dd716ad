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
import { DomainError } from '../../domain/errors.ts';
import type { Clock, DeviceId, Millis, UserId } from '../../domain/ids.ts';
import type { Presence } from '../../domain/presence.ts';
import type { Viewer } from '../../domain/user.ts';
import type { Bus } from '../../pubsub/bus.ts';
import { topics } from '../../pubsub/topics.ts';
import type { PresenceStore } from '../../stores/presence-store.ts';
import { createPresenceWatch } from './presence-watch.ts';

export interface PresenceSettings {
  /**
   * At most this long after the last beat the others are told that a user is gone. The lease itself is shorter by what may pass
   * until a socket's beat is counted, and until a sweep notices.
   */
  readonly leaseTtlMs: Millis;
  /** How often it is counted what was heard of live sockets. */
  readonly renewEveryMs: Millis;
  readonly sweepEveryMs: Millis;
}

export const presenceDefaults: PresenceSettings = { leaseTtlMs: 60_000, renewEveryMs: 1_000, sweepEveryMs: 1_000 };

const askedMax = 200;
const sweepMax = 1_000;
const renewBatch = 1_000;

/** A live socket: when its other end was heard of last, be it by answering a ping. */
export interface LiveSocket {
  readonly heardAt: Millis;
}

/** A device with live sockets. Mostly it is one: a list takes a quarter of a set's memory. */
interface Attached {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly sockets: LiveSocket[];
  /** The last beat that its lease accounts for. */
  countedAt: Millis;
}

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

  /** Counts as beats what was heard since it was counted last: who vanished without a word beats no more. */
  async function renewAttached(): Promise<void> {
    if (isRenewing) return;
    isRenewing = true;
    try {
      const heard = [...attached.values()].filter((entry) => heardOf(entry) > entry.countedAt);
      for (let start = 0; start < heard.length; start += renewBatch) {
        // Who logged out while an earlier batch was under way must not come back by a later one.
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
      // A full batch has more behind it: many leave at once when their network does.
      if (gone.length < sweepMax) return;
    }
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
    if (userIds.length > askedMax) throw new DomainError('BAD_USER_INPUT', `At most ${askedMax} users per call.`);
    const others = [...new Set(userIds)].filter((id) => id !== userId);
    return (await visibleOf(userId, others)).add(userId);
  }

  const timers = [
    setInterval(() => renewAttached().catch((error: unknown) => onError(error, 'presence')), renewEveryMs),
    setInterval(() => sweep().catch((error: unknown) => onError(error, 'presence')), sweepEveryMs),
  ];
  for (const timer of timers) timer.unref();

  return {
    /** A heartbeat: the user counts as online until the instant returned. */
    async beat({ userId, deviceId }: Viewer): Promise<Millis> {
      const now = clock();
      await renew([{ userId, deviceId }]);
      return now + leaseMs;
    },

    /** Counts whatever is heard of a live socket as beats until the function returned is called; the lease then lapses by itself. */
    attach({ userId, deviceId }: Viewer, socket: LiveSocket): () => void {
      const known = attached.get(deviceId);
      // A list that begins with its only item has no room for more.
      const entry = known ?? { userId, deviceId, sockets: [socket], countedAt: clock() };
      if (known === undefined) {
        attached.set(deviceId, entry);
        renewSoon([entry]);
      } else {
        known.sockets.push(socket);
      }
      return () => {
        const index = entry.sockets.indexOf(socket);
        // Logging out forgets the device; sockets of the login before must not be taken from those of the next.
        if (attached.get(deviceId) !== entry || index < 0) return;
        const isNews = heardOf(entry) > entry.countedAt;
        entry.sockets.splice(index, 1);
        if (entry.sockets.length > 0) return;
        attached.delete(deviceId);
        if (isNews) renewSoon([entry]);
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

    watch: createPresenceWatch({ bus, visibleOf, allVisible, visibleTo, read, onError }),

    /** Users this process has told online and not yet offline. */
    get onlineCount(): number {
      return online;
    },

    [Symbol.dispose]() {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

/** The last beat of a device over its sockets. */
function heardOf({ sockets }: Attached): Millis {
  let last = 0;
  for (const { heardAt } of sockets) last = Math.max(last, heardAt);
  return last;
}

function unknown(userId: UserId): Presence {
  return { userId, status: 'UNKNOWN', lastSeenAt: null };
}
