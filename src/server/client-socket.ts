/**
 * One WebSocket of a client: what it may still do, and how far its reader is behind.
 *
 * Writes of one turn of the event loop leave as one: an answer and its `complete`, or many events. Above `bufferMaxBytes` the
 * socket is full: events are held back until it has drained, and nothing more is read from it.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Viewer } from '../domain/user.ts';

export class ClientSocket {
  readonly ws: WebSocket;
  readonly address: string;
  viewer: Viewer | null = null;
  operations = 0;
  /** Mutations that are not answered yet. */
  mutations = 0;
  /** Set when its session has ended: nothing more is taken from it. */
  isEnding = false;
  /** When the socket became full; 0 while it is not. */
  fullSince = 0;
  /** Whether anything was heard of the client since the last ping. */
  isAlive = true;
  /** When anything was heard of the client last. */
  heardAt = 0;
  /** Called when a full socket has drained. */
  waiting: Set<() => void> | null = null;
  detach: (() => void) | null = null;
  private isCorked = false;

  constructor(ws: WebSocket, address: string) {
    this.ws = ws;
    this.address = address;
  }

  hear(now: number): void {
    this.isAlive = true;
    this.heardAt = now;
  }

  get isOpen(): boolean {
    return this.ws.readyState === this.ws.OPEN;
  }

  /** The stream under the socket, which `ws` keeps to itself. */
  private get stream(): Socket | undefined {
    return (this.ws as unknown as { _socket?: Socket })._socket;
  }

  send(data: string | Buffer): void {
    if (!this.isOpen) return;
    const { stream } = this;
    if (!this.isCorked && stream !== undefined) {
      this.isCorked = true;
      stream.cork();
      process.nextTick(uncork, this, stream);
    }
    this.ws.send(data, { binary: false });
  }

  endTurn(): void {
    this.isCorked = false;
  }

  /** Whether more waits for the reader than may. Then `waiting` is called once it does not any more. */
  checkFull(bufferMaxBytes: number, now: number): boolean {
    if (this.fullSince > 0) return true;
    if (this.ws.bufferedAmount <= bufferMaxBytes) return false;
    this.fullSince = now;
    this.ws.pause();
    this.stream?.once('drain', () => this.onDrain());
    return true;
  }

  private onDrain(): void {
    this.fullSince = 0;
    // One that is being closed is read again too: the client's answer to the close ends it.
    this.ws.resume();
    if (!this.isOpen) return;
    const waiting = this.waiting;
    this.waiting = null;
    for (const call of waiting ?? []) call();
  }

  whenDrained(call: () => void): void {
    this.waiting ??= new Set();
    this.waiting.add(call);
  }
}

function uncork(socket: ClientSocket, stream: Socket): void {
  socket.endTurn();
  stream.uncork();
}
