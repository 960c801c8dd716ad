/**
 * A graphql-ws client that reconnects automatically after any loss of its connection. Its streams then resume after their last
 * message, also when the server could not start or continue them for a while. Apollo Client and urql use it unchanged.
 */
import { type Client, type ClientOptions, createClient } from 'graphql-ws';
import { createRepeatFilter } from './repeats.ts';
import { createResubscriber, isSubscription } from './resubscribe.ts';
import type { Session } from './session.ts';
import { pingEveryMs, silenceMaxMs, waitToRetry, watchConnection } from './watchdog.ts';

/** Close code of a socket whose token is invalid, has expired or was revoked. */
const tokenEnded = 4403;

/** This device's position in its user's inbox, where a stream starts. Store it where it outlives the page. */
export interface Place {
  lastSeq: string;
}

export interface SocketOptions extends Partial<ClientOptions> {
  /** How long a connection may be silent before it counts as dead. */
  readonly silenceMs?: number;
}

export function createSocketClient(session: Session, place: Place, settings: SocketOptions = {}): Client {
  const { silenceMs = silenceMaxMs, retryWait = waitLonger, ...options } = settings;
  /** The token of the last connection, and the last one that the server refused. */
  let sent: string | null = null;
  let refused: string | null = null;
  const client = createClient({
    url: `${session.url.replace('http', 'ws')}/graphql`,
    // Runs on every connect. An error here ends the streams, so a token that cannot be renewed now is sent again: the server refuses
    // it, and the client tries again after a pause.
    connectionParams: async () => {
      sent = await session.token(refused).catch((error: unknown) => {
        if (session.isOver) throw error;
        return session.accessToken;
      });
      return { Authorization: `Bearer ${sent}` };
    },
    retryAttempts: Number.POSITIVE_INFINITY,
    // By default graphql-ws gives up when a connection is refused, for example during a server restart. Close codes that mean a
    // client error still stop it.
    shouldRetry: () => !session.isOver,
    retryWait,
    keepAlive: pingEveryMs(silenceMs),
    ...options,
  });
  client.on('closed', (event) => {
    if ((event as { code: number }).code === tokenEnded) refused = sent;
  });
  const stopWatching = watchConnection(client, silenceMs);
  const resubscriber = createResubscriber(client, retryWait);
  return {
    ...client,
    dispose() {
      stopWatching();
      resubscriber.dispose();
      return client.dispose();
    },
    subscribe(payload, sink) {
      const isRepeat = createRepeatFilter();
      const { subscribe } = isSubscription(payload) ? resubscriber : client;
      return subscribe(
        { ...payload, variables: resumeFrom(place, payload.variables) },
        {
          ...sink,
          next: (result) => {
            const event = (result.data as { messageReceived?: StreamEvent } | null | undefined)?.messageReceived;
            if (event !== undefined) advance(place, event);
            if (event === undefined || !isRepeat(event)) sink.next(result as never);
          },
        },
      );
    },
  };
}

/** Without an upper bound, the pauses would double forever. */
function waitLonger(tries: number): Promise<void> {
  return waitToRetry(Math.min(500 * 2 ** tries, 30_000) * (0.5 + Math.random()));
}

interface StreamEvent {
  readonly __typename: string;
  readonly inboxSeq?: string | null;
  readonly message?: { readonly id: string };
  readonly position?: string;
  readonly backlogs?: readonly { readonly inboxSeq: string }[];
}

/** graphql-ws sends the variables again on every reconnect: the getter returns the position reached by then. */
function resumeFrom(place: Place, variables: Record<string, unknown> | null | undefined) {
  if (variables == null || !('afterSeq' in variables)) return variables;
  return Object.defineProperty({ ...variables }, 'afterSeq', { enumerable: true, get: () => place.lastSeq });
}

function advance(place: Place, { __typename, inboxSeq, position, backlogs }: StreamEvent): void {
  if (__typename === 'StreamHeartbeat') place.lastSeq = position ?? place.lastSeq;
  if (__typename === 'StreamTruncated') place.lastSeq = backlogs?.at(-1)?.inboxSeq ?? place.lastSeq;
  // Live messages of large groups do not have an inbox number yet.
  if (__typename === 'MessageReceived') place.lastSeq = inboxSeq ?? place.lastSeq;
}

/** The stream, with the fields that `advance` needs. */
export const streamSubscription = `subscription Stream($afterSeq: Seq) {
  messageReceived(afterSeq: $afterSeq) {
    __typename
    ... on StreamReady { startSeq headSeq }
    ... on MessageReceived {
      inboxSeq
      message { id seq status text senderId clientMessageId conversationId }
    }
    ... on StreamTruncated { backlogs { inboxSeq conversationId fromSeq toSeq } }
    ... on StreamHeartbeat { position }
  }
}`;
