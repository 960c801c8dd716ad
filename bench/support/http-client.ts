/** One kept connection for HTTP, with as little work for a request as possible, so that the measurement covers the server. */
import { connect, type Socket } from 'node:net';

const headEnd = '\r\n\r\n';

export class HttpClient {
  private readonly socket: Socket;
  private received = '';
  private resolve: ((body: string) => void) | null = null;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (data: Buffer) => {
      this.received += data.toString('latin1');
      this.finish();
    });
  }

  static async connect(url: string): Promise<HttpClient> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new HttpClient(socket);
  }

  /** A request as text, which may be sent any number of times. */
  static request(body: object, token: string): string {
    const text = JSON.stringify(body);
    const lines = [
      'POST /graphql HTTP/1.1',
      'Host: 127.0.0.1',
      'Accept: application/graphql-response+json, application/json;q=0.9',
      'Content-Type: application/json',
      `Authorization: Bearer ${token}`,
      `Content-Length: ${Buffer.byteLength(text)}`,
    ];
    return `${lines.join('\r\n')}${headEnd}${text}`;
  }

  /** Resolves with the body of the answer. */
  ask(request: string): Promise<string> {
    return new Promise((resolve) => {
      this.resolve = resolve;
      this.socket.write(request);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private finish(): void {
    const head = this.received.indexOf(headEnd);
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.received)?.[1]);
    const start = head + headEnd.length;
    if (this.received.length < start + length) return;
    const body = this.received.slice(start, start + length);
    this.received = this.received.slice(start + length);
    this.resolve?.(body);
  }
}
