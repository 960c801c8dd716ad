/**
 * The open sockets of this instance, their numbers per user and per address, and their closing.
 *
 * A socket is open from `add` to `remove`, and counts for its address during that time. From `signIn` on it also counts for its user.
 * After the registry has closed it, it is closing: it is not closed again, and is terminated if its client has not answered by the
 * deadline. If a session ends while mutations wait for answers, its sockets are marked, and end after the last answer. Draining
 * cannot be undone.
 *
 * One sweep checks all sockets, because a timer per socket would be kept as long as the socket.
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
  /** The deadline of each closing socket for its client's answer. */
  const closing = new Map<ClientSocket, Millis>();
  let isDraining = false;
  let nextPing = clock() + limits.pingEveryMs;

  function close(socket: ClientSocket, { code, meaning }: Ending): void {
    if (!sockets.has(socket)) return;
    socket.close(code, meaning);
    closing.set(socket, clock() + terminateAfterMs);
  }

  /** Closes a socket whose session has ended. A logout that arrived over the socket itself is answered first. */
  function endSession(socket: ClientSocket): void {
    socket.isEnding = true;
    if (socket.mutations === 0) close(socket, closeCodes.forbidden);
  }

  /** The reason why a socket must end now; null if it may stay open. */
  function endingOf(socket: ClientSocket, now: Millis): Ending | null {
    if (!socket.isInitialised && now - socket.openedAt >= limits.initTimeoutMs) return closeCodes.initTimeout;
    if (socket.viewer !== null && socket.viewer.expiresAt <= now) return closeCodes.forbidden;
    if (socket.fullSince > 0 && now - socket.fullSince > limits.slowReaderMs) {
      metrics.slowReader();
      return closeCodes.tryAgainLater;
    }
    return null;
  }

  /** Closes sockets with expired tokens, sockets that stay full, and sockets whose clients no longer answer. */
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
    /** The limit that prevents another socket of this network; null if another one is allowed. */
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

    /** Assigns a socket to its user. Returns false if the user already has the maximum number of sockets. */
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

    /** Closes all sockets in batches, so that their clients do not all reconnect at once. */
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
