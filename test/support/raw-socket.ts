/** A WebSocket that sends arbitrary messages, including those that a correct client would not send. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Answer, Reachable } from './heliograph.ts';

interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

export class RawSocket {
  readonly ws: WebSocket;
  readonly messages: Message[] = [];
  /** The code it was closed with. */
  readonly closed: Promise<number>;
  private nextId = 1;

  private constructor(url: string, headers: Record<string, string>) {
    this.ws = new WebSocket(url, 'graphql-transport-ws', { headers });
    this.ws.on('message', (data) => this.messages.push(JSON.parse(String(data))));
    this.closed = once(this.ws, 'close').then(([code]) => code as number);
  }

  static async open({ wsUrl }: Pick<Reachable, 'wsUrl'>, headers: Record<string, string> = {}): Promise<RawSocket> {
    const socket = new RawSocket(wsUrl, headers);
    await once(socket.ws, 'open');
    return socket;
  }

  send(message: object): void {
    this.ws.send(JSON.stringify(message));
  }

  /** Sends `connection_init`. Returns 'connection_ack', or the close code. */
  async init(payload?: object): Promise<string | number> {
    this.send({ type: 'connection_init', payload });
    return Promise.race([this.closed, this.until(({ type }) => type === 'connection_ack').then(({ type }) => type)]);
  }

  /** The answer of a query or mutation; errors that came before it ran look like those over HTTP. */
  async ask(query: string, variables: object = {}): Promise<Answer> {
    const id = String(this.nextId++);
    this.send({ type: 'subscribe', id, payload: { query, variables } });
    const { type, payload } = await this.until((message) => message.id === id);
    return type === 'error' ? { errors: payload as Answer['errors'] & object } : (payload as Answer);
  }

  async until(isIt: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.messages.find(isIt);
      if (found !== undefined) return found;
      if (this.ws.readyState === WebSocket.CLOSED) throw new Error('closed before the message came');
      await Promise.race([once(this.ws, 'message'), this.closed]);
    }
  }

  async close(): Promise<void> {
    this.ws.close();
    await this.closed;
  }
}

/** A socket that has signed in with a token, or with none. */
export async function connect(
  server: Pick<Reachable, 'wsUrl'>,
  token?: string,
  headers?: Record<string, string>,
): Promise<RawSocket> {
  const socket = await RawSocket.open(server, headers);
  const came = await socket.init(token === undefined ? undefined : { Authorization: `Bearer ${token}` });
  if (came !== 'connection_ack') throw new Error(`closed with ${came}`);
  return socket;
}

/** The server's answer to a socket with a token: 'connection_ack', or the close code. */
export async function tryToConnect(server: Pick<Reachable, 'wsUrl'>, payload?: object): Promise<string | number> {
  const socket = await RawSocket.open(server);
  const came = await socket.init(payload);
  await socket.close();
  return came;
}
