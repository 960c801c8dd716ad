/** The WebSocket of the signed-in user. It is open for as long as the session lasts, so that the page can show whether it is. */
import { createClient } from 'graphql-ws';
import { pingEveryMs, silenceMaxMs, waitToRetry, watchConnection } from '../../../examples/clients/watchdog.ts';
import { getSession, subscribeSession } from './account.js';
import { socketUrl } from './endpoint.js';

/** Close code of a socket whose token is invalid, has expired or was revoked. */
const tokenEnded = 4403;
const retryMaxMs = 10_000;

/** `none` without a session, `open`, or `lost` while the client tries to connect. */
let state = 'none';
let client = null;
let owner = null;
let stopWatching = () => {};
const listeners = new Set();

export const getConnectionState = () => state;
export const getClient = () => client;

export function subscribeConnection(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function setState(next) {
  state = next;
  for (const listener of listeners) listener();
}

function open(session) {
  let sent = null;
  let refused = null;
  const opened = createClient({
    url: socketUrl,
    lazy: false,
    onNonLazyError: () => {},
    connectionParams: async () => {
      sent = await session.token(refused).catch((error) => {
        if (session.isOver) throw error;
        return session.accessToken;
      });
      return { Authorization: `Bearer ${sent}` };
    },
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => !session.isOver,
    retryWait: (tries) => waitToRetry(Math.min(500 * 2 ** tries, retryMaxMs) * (0.5 + Math.random())),
    keepAlive: pingEveryMs(silenceMaxMs),
    on: {
      connected: () => client === opened && setState('open'),
      closed: ({ code }) => {
        if (code === tokenEnded) refused = sent;
        if (client === opened) setState('lost');
      },
    },
  });
  stopWatching = watchConnection(opened, silenceMaxMs);
  client = opened;
  setState('lost');
}

function follow() {
  const session = getSession();
  if (session === owner) return;
  owner = session;
  stopWatching();
  const left = client;
  client = null;
  if (session === null) setState('none');
  else open(session);
  left?.dispose();
}

subscribeSession(follow);
follow();
