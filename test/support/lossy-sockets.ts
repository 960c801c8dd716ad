/** Loaded before a program: its server's sockets lose each message that has this text, and send the one before it again. */
import { WebSocket } from 'ws';

const lost = 'line 2 of ben';
const previous = new WeakMap<WebSocket, string>();
const send = WebSocket.prototype.send as (this: WebSocket, data: unknown, options: unknown) => void;

WebSocket.prototype.send = function lossySend(this: WebSocket, data: unknown, options: unknown) {
  const isMessage = typeof data === 'string' && data.includes('"__typename":"MessageReceived"');
  const kept = isMessage && data.includes(lost) ? (previous.get(this) ?? data) : data;
  if (isMessage) previous.set(this, kept as string);
  send.call(this, kept, options);
} as WebSocket['send'];
