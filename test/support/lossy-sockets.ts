/** Loaded before a program: its server's sockets lose each event that has this text, and send the one before it again. */
import { WebSocket } from 'ws';

const lost = 'line 2 of ben';
const previous = new WeakMap<WebSocket, string>();
const send = WebSocket.prototype.send as (this: WebSocket, data: unknown, options: unknown) => void;

WebSocket.prototype.send = function lossySend(this: WebSocket, data: unknown, options: unknown) {
  const isEvent = typeof data === 'string' && data.includes('"type":"next"');
  const kept = isEvent && data.includes(lost) ? (previous.get(this) ?? data) : data;
  if (isEvent) previous.set(this, kept as string);
  send.call(this, kept, options);
} as WebSocket['send'];
