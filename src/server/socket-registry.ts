/**
 * The open sockets of this instance, their numbers per user and per address, and their closing.
 *
 * A socket is open from `add` to `remove`, and counts for its address during that time. From `signIn` on it also counts for its user.
 * A socket that ends in good order (a drain, or the end of its session) is ending until its last operation has been answered, or until
 * a deadline; it accepts nothing more in that time. Then, or at once for other reasons, it is closing: it is not closed again, and is
 * terminated if its client has not answered by the deadline. Draining cannot be undone.
 *
 * One sweep checks all sockets, because a timer per socket would be kept as long as the socket.
 */
import { closeCodes } from '../domain/errors.ts';
import type { DeviceId, Millis, UserId } from '../domain/ids.ts';
import type { Viewer } from '../domain/user.ts';
import type { ClientSocket, Ending } from './client-socket.ts';
import { createCounts } from './counts.ts';
import type { ServerPorts } from './ports.ts';

const drainSliceMs = 100;
const checkEveryMs = 20;
const sweepEveryMs = 1_000;
/** How long the end of a socket waits for answers. */
const answerWithinMs = 5_000;
/** How long a closed socket waits for its client's close frame, and during a drain. */
const terminateAfterMs = 5_000;
const terminateDrainedAfterMs = 2_000;

export type SocketLimit =
  | 'draining'
  | 'sockets'
  | 'socketsPerAddress'
  | 'socketsWithoutSession'
  | 'socketsWithoutSessionPerAddress';

export type SocketRegistry = ReturnType<typeof createSocketRegistry>;

export function createSocketRegistry(ports: Pick<ServerPorts, 'limits' | 'metrics' | 'clock' | 'elapsed'>) {
  const { limits, metrics, clock, elapsed } = ports;
  const sockets = new Set<ClientSocket>();
  const perAddress = createCounts<string>(limits.socketsPerAddressMax);
  const perUser = createCounts<UserId>(limits.socketsPerUserMax);
  /** Those whose clients have not signed in, or not yet. */
  const withoutSession = createCounts<string>(limits.socketsWithoutSessionPerAddressMax);
  /** The deadline of each closing socket for its client's answer. */
  const closing = new Map<ClientSocket, Millis>();
  /** The deadline of each ending socket for its last answer. */
  const ending = new Map<ClientSocket, Millis>();
  let isDraining = false;
  let nextPing = elapsed() + limits.pingEveryMs;

  function close(socket: ClientSocket, { code, meaning }: Ending): void {
    if (!sockets.has(socket) || closing.has(socket)) return;
    ending.delete(socket);
    socket.close(code, meaning);
    closing.set(socket, elapsed() + terminateAfterMs);
  }

  /** Closes a socket in good order: its operations are answered first. */
  function end(socket: ClientSocket, reason: Ending): void {
    if (!sockets.has(socket) || socket.ending !== null) return;
    socket.ending = reason;
    ending.set(socket, elapsed() + answerWithinMs);
    proceed(socket);
  }

  /** Closes an ending socket after its last answer. */
  function proceed(socket: ClientSocket): void {
    if (socket.ending !== null && socket.pending === 0) close(socket, socket.ending);
  }

  /** The reason why a socket must be closed at once; null if it may stay open. */
  function faultOf(socket: ClientSocket, now: Millis): Ending | null {
    if (!socket.isInitialised && now - socket.openedAt >= limits.initTimeoutMs) return closeCodes.initTimeout;
    if (socket.fullSince > 0 && now - socket.fullSince > limits.slowReaderMs) {
      metrics.slowReader();
      return closeCodes.tryAgainLater;
    }
    return null;
  }

  /** Whether a socket has had its time: its token has expired, or it has been open for a while without one. */
  function isSessionOver({ viewer, openedAt }: ClientSocket, now: Millis): boolean {
    return viewer === null ? now - openedAt >= limits.withoutSessionMs : viewer.expiresAt <= clock();
  }

  /** Closes sockets with expired tokens, sockets that stay full, and sockets whose clients no longer answer. */
  function sweep(): void {
    const now = elapsed();
    const isPing = now >= nextPing;
    if (isPing) nextPing = now + limits.pingEveryMs;
    for (const socket of sockets) {
      const fault = closing.has(socket) ? null : faultOf(socket, now);
      if (fault !== null) close(socket, fault);
      else if (isSessionOver(socket, now)) end(socket, closeCodes.forbidden);
      socket.forgetMessages();
      if (!isPing) continue;
      if (!socket.isAlive) {
        socket.terminate();
      } else {
        socket.askForLife();
      }
    }
    for (const [socket, deadline] of ending)
      if (deadline <= now) close(socket, socket.ending ?? closeCodes.tryAgainLater);
    for (const [socket, deadline] of closing) if (deadline <= now) socket.terminate();
  }

  const sweeper = setInterval(sweep, Math.min(sweepEveryMs, limits.pingEveryMs / 5));
  sweeper.unref();

  return {
    /** The limit that prevents another socket of this network; null if another one is allowed. */
    limitReached(network: string): SocketLimit | null {
      if (isDraining) return 'draining';
      if (sockets.size >= limits.socketsMax) return 'sockets';
      if (withoutSession.total >= limits.socketsWithoutSessionMax) return 'socketsWithoutSession';
      if (withoutSession.isFull(network)) return 'socketsWithoutSessionPerAddress';
      return perAddress.isFull(network) ? 'socketsPerAddress' : null;
    },

    add(socket: ClientSocket): void {
      sockets.add(socket);
      perAddress.add(socket.client.network);
      withoutSession.add(socket.client.network);
    },

    remove(socket: ClientSocket): void {
      sockets.delete(socket);
      ending.delete(socket);
      closing.delete(socket);
      perAddress.release(socket.client.network);
      if (socket.viewer === null) withoutSession.release(socket.client.network);
      else perUser.release(socket.viewer.userId);
    },

    /** Assigns a socket to its user. Returns false if the user already has the maximum number of sockets. */
    signIn(socket: ClientSocket, viewer: Viewer): boolean {
      if (!perUser.take(viewer.userId)) return false;
      socket.viewer = viewer;
      withoutSession.release(socket.client.network);
      return true;
    },

    close,
    proceed,

    endDevice(deviceId: DeviceId): void {
      for (const socket of sockets) if (socket.viewer?.deviceId === deviceId) end(socket, closeCodes.forbidden);
    },

    get size(): number {
      return sockets.size;
    },

    /** Ends all sockets in batches, so that their clients do not all reconnect at once; at most `answerWithinMs` after the last. */
    async drain(): Promise<void> {
      isDraining = true;
      const slices = Math.max(1, Math.floor(limits.drainMs / drainSliceMs));
      const perSlice = Math.max(1, Math.ceil(sockets.size / slices));
      for (;;) {
        const open = [...sockets].filter((socket) => socket.ending === null && !closing.has(socket));
        if (open.length === 0) break;
        for (const socket of open.slice(0, perSlice)) end(socket, closeCodes.serviceRestart);
        await sleep(Math.min(drainSliceMs, limits.drainMs));
      }
      const answered = await until(() => ending.size === 0, answerWithinMs);
      if (!answered) for (const [socket] of ending) close(socket, closeCodes.serviceRestart);
      await until(() => sockets.size === 0, terminateDrainedAfterMs);
      for (const socket of sockets) socket.terminate();
      clearInterval(sweeper);
    },
  };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for a condition, by a clock that nobody sets; returns whether it came true in time. */
async function until(isDone: () => boolean, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (!isDone() && performance.now() < deadline) await sleep(checkEveryMs);
  return isDone();
}
