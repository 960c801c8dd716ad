/**
 * One WebSocket of a client: its state, and the backlog of its reader.
 *
 * All writes of one turn of the event loop are sent together: an answer and its `complete`, or many events. Above
 * `buffering.maxBytes` the socket is full: events are held back until it has drained, and the server stops reading from it.
 *
 * While it is connected, a socket is in one of these states:
 * - open: it accepts messages, and answers them. While it is full (`fullSince`), nothing is read from it;
 * - ending (`ending`): it accepts no messages any more and shows no events, but its last answers are sent. The registry closes it after
 *   the last of them (`pending`), or at a deadline;
 * - closing: a close frame was sent (`closeCode`), and the client's answer is awaited.
 *
 * The object is both the WebSocket and graphql-ws's socket, because with 100,000 idle sockets every object and closure counts.
 */
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { ClientAddress } from '../domain/client-address.ts';
import type { Millis } from '../domain/ids.ts';
import type { Viewer } from '../domain/user.ts';
import { unknownAddress } from './client-address.ts';

/** Maximum amount of data that waits for a reader. */
export interface Buffering {
  readonly maxBytes: number;
  /** Milliseconds of a monotonic clock. All times of a socket, except the end of its token, are by this clock. */
  readonly now: () => Millis;
}

/** Waits until a full socket has drained. */
export interface Waiter {
  onDrained(): void;
}

/** A resource that is held until the client has taken its answer. */
export interface Releasable {
  release(): void;
}

/** Maximum length of the reason in a close frame; RFC 6455 section 5.5. */
const reasonMaxBytes = 123;
const encoder = new TextEncoder();

/** The close code of a socket, and its meaning in words. */
export interface Ending {
  readonly code: number;
  readonly meaning: string;
}

export class ClientSocket extends WebSocket {
  client: ClientAddress = unknownAddress;
  viewer: Viewer | null = null;
  private buffering: Buffering | null = null;
  private operationCount = 0;
  private pendingCount = 0;
  private messageCount = 0;
  /** Set while it ends in good order; see above. */
  ending: Ending | null = null;
  /** The code in the close frame that was sent; null if there was none. */
  closeCode: number | null = null;
  openedAt = 0;
  /** Set by the first `connection_init`. */
  isInitialised = false;
  /** Time when the socket became full; 0 while it is not full. */
  fullSince = 0;
  /** Whether the client has sent anything since the last ping. */
  isAlive = true;
  /** Time of the client's last sign of life. */
  heardAt = 0;
  detach: (() => void) | null = null;
  /** graphql-ws's handlers for a message and for the close of the socket. */
  handle: ((data: string) => Promise<void>) | null = null;
  closed: ((code: number, reason: string) => Promise<void>) | null = null;
  private waiting: Set<Waiter> | null = null;
  private held: Releasable[] | null = null;
  private isCorked = false;

  /** Takes up a socket after its handshake. */
  accept(client: ClientAddress, buffering: Buffering): void {
    this.client = client;
    this.buffering = buffering;
    this.openedAt = buffering.now();
  }

  /** Number of running operations. */
  get operations(): number {
    return this.operationCount;
  }

  /** Operations that wait for their answer: queries, mutations, and subscriptions that start. */
  get pending(): number {
    return this.pendingCount;
  }

  /** Counts an operation, which then waits for its answer. */
  beginOperation(): void {
    this.operationCount += 1;
    this.pendingCount += 1;
  }

  /** Called when an operation has its answer, or has started as a subscription. */
  answerOperation(): void {
    this.pendingCount -= 1;
  }

  endOperation(): void {
    this.operationCount -= 1;
  }

  /** Counts a message. Returns the number of messages since the last `forgetMessages`. */
  countMessage(): number {
    this.messageCount += 1;
    return this.messageCount;
  }

  forgetMessages(): void {
    this.messageCount = 0;
  }

  /** Sends a ping. Until the next sign of life, `isAlive` is false. */
  askForLife(): void {
    this.isAlive = false;
    if (this.isOpen) this.ping();
  }

  hear(now: number): void {
    this.isAlive = true;
    this.heardAt = now;
  }

  get isOpen(): boolean {
    return this.readyState === WebSocket.OPEN;
  }

  onMessage(handle: (data: string) => Promise<void>): void {
    this.handle = handle;
  }

  /** The stream under the socket, which `ws` keeps private. */
  private get stream(): Socket | undefined {
    return (this as unknown as { _socket?: Socket })._socket;
  }

  override send(data: string): void {
    if (!this.isOpen) return;
    const { stream } = this;
    if (!this.isCorked && stream !== undefined) {
      this.isCorked = true;
      stream.cork();
      process.nextTick(uncork, this, stream);
    }
    super.send(data);
    // All frames count, even pongs and errors: the server also stops reading from a client that sends requests but never reads.
    if (this.fullSince === 0 && this.buffering !== null && this.bufferedAmount > this.buffering.maxBytes) this.fill();
  }

  override close(code?: number, reason?: string | Buffer): void {
    // The first one: `ws` reports 1006 for it if the client leaves without an answer.
    this.closeCode ??= code ?? null;
    super.close(code, typeof reason === 'string' ? cutReason(reason) : reason);
  }

  endTurn(): void {
    this.isCorked = false;
  }

  /** Stops reading until all waiting data has been sent to the client, and then calls the waiters. */
  private fill(): void {
    this.fullSince = this.buffering?.now() ?? 0;
    this.pause();
    this.stream?.once('drain', () => this.onDrain());
  }

  private onDrain(): void {
    this.fullSince = 0;
    this.releaseHeld();
    // This applies to a closing socket too: it ends when the client's close frame is read.
    this.resume();
    if (!this.isOpen) return;
    const { waiting } = this;
    this.waiting = null;
    for (const waiter of waiting ?? []) waiter.onDrained();
  }

  /** Releases something once no data waits to be sent, or the socket is gone. */
  whenDrained(held: Releasable): void {
    if (this.fullSince > 0 && this.readyState !== WebSocket.CLOSED) {
      this.held ??= [];
      this.held.push(held);
    } else {
      held.release();
    }
  }

  /** Releases all of them; for the end of the socket too, which has no drain. */
  releaseHeld(): void {
    const { held } = this;
    this.held = null;
    for (const one of held ?? []) one.release();
  }

  /** Adds a waiter for the drain of the socket. */
  wait(waiter: Waiter): void {
    this.waiting ??= new Set();
    this.waiting.add(waiter);
  }

  /** Removes a waiter. Returns whether it was waiting. */
  waitNoMore(waiter: Waiter): boolean {
    return this.waiting?.delete(waiter) ?? false;
  }
}

function uncork(socket: ClientSocket, stream: Socket): void {
  socket.endTurn();
  stream.uncork();
}

/** Ends a reason that is too long after a whole character: graphql-ws repeats the client's own text in one, and ws would throw. */
function cutReason(reason: string): Buffer {
  const bytes = Buffer.alloc(reasonMaxBytes);
  return bytes.subarray(0, encoder.encodeInto(reason, bytes).written);
}
