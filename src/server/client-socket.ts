/**
 * One WebSocket of a client: what it may still do, and how far its reader is behind.
 *
 * Writes of one turn of the event loop leave as one: an answer and its `complete`, or many events. Above `buffering.maxBytes` the
 * socket is full: events are held back until it has drained, and nothing more is read from it.
 *
 * It is a WebSocket itself, and what graphql-ws takes for one: beside 100,000 idle sockets every object and closure counts.
 */
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { ClientAddress } from '../domain/client-address.ts';
import type { Millis } from '../domain/ids.ts';
import type { Viewer } from '../domain/user.ts';
import { unknownAddress } from './client-address.ts';

/** How much may wait for a reader. */
export interface Buffering {
  readonly maxBytes: number;
  readonly now: () => Millis;
}

/** Whoever waits until a full socket has drained. */
export interface Waiter {
  onDrained(): void;
}

export class ClientSocket extends WebSocket {
  client: ClientAddress = unknownAddress;
  buffering: Buffering | null = null;
  viewer: Viewer | null = null;
  /** Operations that run on it. */
  operations = 0;
  /** Mutations that are not answered yet. */
  mutations = 0;
  /** Messages that came since the last sweep. */
  messages = 0;
  /** Set when its session has ended: nothing more is taken from it. */
  isEnding = false;
  openedAt = 0;
  /** Set by the first `connection_init`. */
  isInitialised = false;
  /** When the socket became full; 0 while it is not. */
  fullSince = 0;
  /** Whether anything was heard of the client since the last ping. */
  isAlive = true;
  /** When anything was heard of the client last. */
  heardAt = 0;
  detach: (() => void) | null = null;
  /** What graphql-ws does with a message, and when the socket is closed. */
  handle: ((data: string) => Promise<void>) | null = null;
  closed: ((code: number, reason: string) => Promise<void>) | null = null;
  private waiting: Set<Waiter> | null = null;
  private isCorked = false;

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

  /** The stream under the socket, which `ws` keeps to itself. */
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
    // Whatever is sent counts, a pong or an error too: a client that asks and never reads is not read from either.
    if (this.fullSince === 0 && this.buffering !== null && this.bufferedAmount > this.buffering.maxBytes) this.fill();
  }

  endTurn(): void {
    this.isCorked = false;
  }

  /** Reads nothing more until what waits for the client is gone; who waits for that is then called. */
  private fill(): void {
    this.fullSince = this.buffering?.now() ?? 0;
    this.pause();
    this.stream?.once('drain', () => this.onDrain());
  }

  private onDrain(): void {
    this.fullSince = 0;
    // One that is being closed is read again too: the client's answer to the close ends it.
    this.resume();
    if (!this.isOpen) return;
    const { waiting } = this;
    this.waiting = null;
    for (const waiter of waiting ?? []) waiter.onDrained();
  }

  /** Adds one to those who wait until the socket has drained. */
  wait(waiter: Waiter): void {
    this.waiting ??= new Set();
    this.waiting.add(waiter);
  }

  /** Takes one out again; returns whether it waited. */
  waitNoMore(waiter: Waiter): boolean {
    return this.waiting?.delete(waiter) ?? false;
  }
}

function uncork(socket: ClientSocket, stream: Socket): void {
  socket.endTurn();
  stream.uncork();
}
