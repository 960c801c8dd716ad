/**
 * Presence as live events: the current status of each user that a viewer may see, then every change.
 *
 * For one subscription, a user is in one of these states:
 * - hidden: not in `visible`. Its status is UNKNOWN, and a change of the viewer's conversations can make it visible;
 * - being read: its topic is subscribed, and changes wait in `early` until the store has answered;
 * - followed: each change is pushed, unless it repeats the last status that was sent (`told`).
 *
 * Invariants: a user's topic is subscribed before its status is read, and the viewer's topic of memberships before it is read which users
 * are visible, so no change between the two is missed.
 */
import type { UserId } from '../../domain/ids.ts';
import type { Presence } from '../../domain/presence.ts';
import type { Viewer } from '../../domain/user.ts';
import type { Bus } from '../../pubsub/bus.ts';
import type { EventSource } from '../../pubsub/event-source.ts';
import { topics } from '../../pubsub/topics.ts';
import { createLatestEvents } from '../latest-events.ts';

/** Maximum number of users that one subscription follows; further users are ignored. */
const watchedMax = 1_000;

export function createPresenceWatch(ports: {
  bus: Bus;
  /** Filters users to those whose presence a user may see. */
  visibleOf: (userId: UserId, others: readonly UserId[]) => Promise<Set<UserId>>;
  /** Users whose presence a user may see; at most `limit`. */
  allVisible: (userId: UserId, limit: number) => Promise<UserId[]>;
  /** Filters users to those whose presence a viewer may see, including the viewer; refuses too many users. */
  visibleTo: (viewer: Viewer, userIds: readonly UserId[]) => Promise<Set<UserId>>;
  read: (userIds: readonly UserId[], visible: ReadonlySet<UserId>) => Promise<Presence[]>;
  onError: (error: unknown, what: string) => void;
}) {
  const { bus, visibleOf, allVisible, visibleTo, read, onError } = ports;

  /**
   * The current status of each user, then every change. A user whose presence is hidden from the viewer is UNKNOWN until both
   * have sent a message in their direct conversation. Without `userIds`, users who become visible later are included.
   */
  return function watch(viewer: Viewer, userIds: readonly UserId[] | null): EventSource<Presence> {
    return {
      async open(sink) {
        const visible = new Set<UserId>();
        const asked = new Set(userIds?.slice(0, watchedMax));
        /** Users of hints that came before `visible` was read; null from then on. */
        let hinted: Set<UserId> | null = new Set();
        const latest = createLatestEvents(sink);
        const told = new Map<UserId, Presence['status']>();
        const stops: (() => void)[] = [];
        let isClosed = false;
        const close = () => {
          isClosed = true;
          for (const stop of stops.splice(0)) stop();
        };

        function tell(presence: Presence): void {
          // The bus and the store may report the same change.
          if (told.get(presence.userId) === presence.status) return;
          told.set(presence.userId, presence.status);
          latest.push(presence.userId, presence);
        }

        /** Pushes the current statuses, then changes. Changes that arrive while the store is read are pushed after it. */
        async function follow(ids: readonly UserId[]): Promise<void> {
          let early: Presence[] | null = [];
          const onChange = (presence: Presence) => {
            if (early === null) tell(presence);
            else early.push(presence);
          };
          const watched = ids.filter((id) => visible.has(id));
          const opened = await Promise.allSettled(watched.map((id) => bus.subscribe(topics.presence(id), onChange)));
          for (const one of opened) if (one.status === 'fulfilled') stops.push(one.value);
          const failed = opened.find((one) => one.status === 'rejected');
          const present = failed === undefined ? await read(ids, visible) : [];
          if (isClosed) close();
          if (failed !== undefined) throw failed.reason;
          const changes = early;
          early = null;
          if (!isClosed) for (const presence of [...present, ...changes]) tell(presence);
        }

        async function review(others: readonly UserId[]): Promise<void> {
          const hidden = others.filter((id) => id !== viewer.userId && !visible.has(id));
          const wanted = userIds === null ? hidden : hidden.filter((id) => asked.has(id));
          if (wanted.length === 0 || visible.size >= watchedMax) return;
          const came = [...(await visibleOf(viewer.userId, wanted))].filter((id) => !visible.has(id));
          for (const id of came) visible.add(id);
          await follow(came);
        }

        function reviewSoon(others: readonly UserId[]): void {
          review(others).catch((error: unknown) => onError(error, 'presence'));
        }

        try {
          // Subscribed first, so that no user becomes visible unnoticed.
          stops.push(
            await bus.subscribe(topics.memberships(viewer.userId), ({ userIds: others }) => {
              // A direct conversation has at most two members, so larger changes are irrelevant.
              if (others.length > 2 || isClosed) return;
              if (hinted === null) reviewSoon(others);
              else for (const id of others) hinted.add(id);
            }),
          );
          const found =
            userIds === null ? await allVisible(viewer.userId, watchedMax) : await visibleTo(viewer, userIds);
          for (const id of found) visible.add(id);
          const doubted = [...hinted];
          hinted = null;
          await follow([...(userIds === null ? visible : asked)]);
          if (doubted.length > 0) reviewSoon(doubted);
        } catch (error) {
          close();
          throw error;
        }
        return close;
      },
    };
  };
}
