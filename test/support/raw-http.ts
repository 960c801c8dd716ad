/** Bytes to a server as they stand, where a proper HTTP client would know better. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';

export function openBytes(url: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  return socket;
}

/** Sends bytes and reads until the server closes the connection. */
export async function exchangeBytes(url: string, bytes: string | Buffer): Promise<string> {
  const socket = openBytes(url);
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(parts).toString();
}

/** A raw answer's status, and the code of the error in its body. */
export function readAnswer(answer: string): { status: number; contentType: string | undefined; code: unknown } {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const json = JSON.parse(body) as { errors?: { extensions: { code: unknown } }[] };
  return {
    status: Number(head.split(' ')[1]),
    contentType: /^content-type: ([^;\r]+)/im.exec(head)?.[1],
    code: json.errors?.[0]?.extensions.code,
  };
}

/** The status of a WebSocket handshake: 101 if it is accepted; the socket is then closed at once. */
export async function statusOfUpgrade(wsUrl: string, headers: Record<string, string>): Promise<number> {
  const ws = new WebSocket(wsUrl, 'graphql-transport-ws', { headers });
  ws.on('error', () => {});
  const status = await new Promise<number>((resolve) => {
    ws.once('open', () => resolve(101));
    ws.once('unexpected-response', (_request, { statusCode }: IncomingMessage) => resolve(statusCode ?? 0));
  });
  const closed = new Promise((resolve) => ws.once('close', resolve));
  ws.terminate();
  await closed;
  return status;
}
