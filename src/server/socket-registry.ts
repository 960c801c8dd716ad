/**
 * The open sockets of this instance, how many each user and each address has, and the end of each.
 *
 * A socket is open from `add` to `remove`, and counts for its address all that time; from `signIn` on it counts for its user, too.
 * Once closed from here it is closing: not closed again, and terminated if its client has not answered by the deadline. A session
 * that ends while a mutation is still to be answered marks its sockets, and whoever answers the last one ends them. Draining is
 * for good.
 *
 * One sweep looks after all sockets: a timer for each would be kept as long as the socket.
 */
import { closeCodes } from '../domain/errors.ts';
import type { DeviceId, Millis, UserId } from '../domain/ids.ts';
import type { Viewer } from '../domain/user.ts';
import type { ClientSocket } from './client-socket.ts';
import type { ServerPorts } from './ports.ts';

const drainSliceMs = 100;
const sweepEveryMs = 1_000;
const terminateAfterMs = 5_000;

interface Ending {
  readonly code: number;
  readonly meaning: string;
}

export type SocketRegistry = ReturnType<typeof createSocketRegistry>;

export function createSocketRegistry({ limits, metrics, clock }: Pick<ServerPorts, 'limits' | 'metrics' | 'clock'>) {
  const sockets = new Set<ClientSocket>();
  const perAddress = new Map<string, number>();
  const perUser = new Map<UserId, number>();
  /** Until when each waits for its client. */
  const closing = new Map<ClientSocket, Millis>();
  let isDraining = false;
  let nextPing = clock() + limits.pingEveryMs;

  function close(socket: ClientSocket, { code, meaning }: Ending): void {
    if (!sockets.has(socket)) return;
    socket.close(code, meaning);
    closing.set(socket, clock() + terminateAfterMs);
  }

  /** Closes a socket whose session is over; a log-out that came over the socket itself is answered first. */
  function endSession(socket: ClientSocket): void {
    socket.isEnding = true;
    if (socket.mutations === 0) close(socket, closeCodes.forbidden);
  }

  /** How a socket has to end by now; null when it may stay. */
  function endingOf(socket: ClientSocket, now: Millis): Ending | null {
    if (!socket.isInitialised && now - socket.openedAt >= limits.initTimeoutMs) return closeCodes.initTimeout;
    if (socket.viewer !== null && socket.viewer.expiresAt <= now) return closeCodes.forbidden;
    if (socket.fullSince > 0 && now - socket.fullSince > limits.slowReaderMs) {
      metrics.slowReader();
      return closeCodes.tryAgainLater;
    }
    return null;
  }

  /** Ends what has run out: tokens, full sockets, and sockets nobody is at the other end of. */
  function sweep(): void {
    const now = clock();
    const isPing = now >= nextPing;
    if (isPing) nextPing = now + limits.pingEveryMs;
    for (const socket of sockets) {
      const ending = closing.has(socket) ? null : endingOf(socket, now);
      if (ending !== null) close(socket, ending);
      socket.messages = 0;
      if (!isPing) continue;
      if (!socket.isAlive) {
        socket.terminate();
      } else {
        socket.isAlive = false;
        if (socket.isOpen) socket.ping();
      }
    }
    for (const [socket, deadline] of closing) if (deadline <= now) socket.terminate();
  }

  const sweeper = setInterval(sweep, Math.min(sweepEveryMs, limits.pingEveryMs / 5));
  sweeper.unref();

  return {
    /** The limit that keeps another socket of this network out; null when there is room. */
    limitReached(network: string): 'draining' | 'sockets' | 'socketsPerAddress' | null {
      if (isDraining) return 'draining';
      if (sockets.size >= limits.socketsMax) return 'sockets';
      return (perAddress.get(network) ?? 0) >= limits.socketsPerAddressMax ? 'socketsPerAddress' : null;
    },

    add(socket: ClientSocket): void {
      sockets.add(socket);
      count(perAddress, socket.client.network, 1);
    },

    remove(socket: ClientSocket): void {
      sockets.delete(socket);
      closing.delete(socket);
      count(perAddress, socket.client.network, -1);
      if (socket.viewer !== null) count(perUser, socket.viewer.userId, -1);
    },

    /** Says whose a socket is; returns false when the user has as many as may be. */
    signIn(socket: ClientSocket, viewer: Viewer): boolean {
      if ((perUser.get(viewer.userId) ?? 0) >= limits.socketsPerUserMax) return false;
      socket.viewer = viewer;
      count(perUser, viewer.userId, 1);
      return true;
    },

    close,
    endSession,

    endDevice(deviceId: DeviceId): void {
      for (const socket of sockets) if (socket.viewer?.deviceId === deviceId) endSession(socket);
    },

    get size(): number {
      return sockets.size;
    },

    /** Sends every client elsewhere, a slice at a time, so that they do not all come back at once. */
    async drain(): Promise<void> {
      isDraining = true;
      const slices = Math.max(1, Math.floor(limits.drainMs / drainSliceMs));
      const perSlice = Math.ceil(sockets.size / slices);
      while (sockets.size > closing.size) {
        const next = [...sockets].filter((socket) => !closing.has(socket)).slice(0, Math.max(1, perSlice));
        for (const socket of next) close(socket, closeCodes.serviceRestart);
        await new Promise((resolve) => setTimeout(resolve, Math.min(drainSliceMs, limits.drainMs)));
      }
      const deadline = clock() + Math.min(terminateAfterMs, 2_000);
      while (sockets.size > 0 && clock() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
      for (const socket of sockets) socket.terminate();
      clearInterval(sweeper);
    },
  };
}

function count<Key>(counts: Map<Key, number>, key: Key, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next > 0) counts.set(key, next);
  else counts.delete(key);
}
