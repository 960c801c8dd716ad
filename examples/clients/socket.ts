/**
 * A graphql-ws client that comes back by itself, whatever happens to its connection, and whose streams then go on after the last
 * message they brought. Apollo Client and urql take it as it is.
 */
import { type Client, type ClientOptions, createClient } from 'graphql-ws';
import type { Session } from './session.ts';

/** Close code of a socket whose token is bad, has expired or was revoked. */
const tokenEnded = 4403;

/** How far this device has got in its user's inbox. Keep it where it outlives the page: a stream starts from there. */
export interface Place {
  lastSeq: string;
}

export function createSocketClient(session: Session, place: Place, options: Partial<ClientOptions> = {}): Client {
  let needsNewToken = false;
  const client = createClient({
    url: `${session.url.replace('http', 'ws')}/graphql`,
    // Called at each connection.
    connectionParams: async () => {
      if (needsNewToken) await session.renew();
      return { Authorization: `Bearer ${session.accessToken}` };
    },
    retryAttempts: Number.POSITIVE_INFINITY,
    // graphql-ws itself gives up when a connection is refused, as it is while a server restarts. Codes that say the client
    // is at fault end it all the same.
    shouldRetry: () => !session.isOver,
    // Without a bound its pauses double for ever.
    retryWait: (tries) =>
      new Promise((resolve) => setTimeout(resolve, Math.min(500 * 2 ** tries, 30_000) * (0.5 + Math.random()))),
    ...options,
  });
  client.on('closed', (event) => {
    needsNewToken = (event as { code: number }).code === tokenEnded;
  });
  return {
    ...client,
    subscribe: (payload, sink) =>
      client.subscribe(
        { ...payload, variables: resumeFrom(place, payload.variables) },
        {
          ...sink,
          next: (result) => {
            const event = (result.data as { messageReceived?: StreamEvent } | null | undefined)?.messageReceived;
            if (event !== undefined) advance(place, event);
            sink.next(result as never);
          },
        },
      ),
  };
}

interface StreamEvent {
  readonly __typename: string;
  readonly inboxSeq?: string | null;
  readonly position?: string;
  readonly backlogs?: readonly { readonly seq: string }[];
}

/** graphql-ws sends the variables anew at each connection: a getter makes them say where the stream is by then. */
function resumeFrom(place: Place, variables: Record<string, unknown> | null | undefined) {
  if (variables == null || !('afterSeq' in variables)) return variables;
  return Object.defineProperty({ ...variables }, 'afterSeq', { enumerable: true, get: () => place.lastSeq });
}

function advance(place: Place, { __typename, inboxSeq, position, backlogs }: StreamEvent): void {
  if (__typename === 'StreamHeartbeat') place.lastSeq = position ?? place.lastSeq;
  if (__typename === 'StreamTruncated') place.lastSeq = backlogs?.at(-1)?.seq ?? place.lastSeq;
  // Live messages of large groups have no inbox number yet.
  if (__typename === 'MessageReceived') place.lastSeq = inboxSeq ?? place.lastSeq;
}

/** The stream, with the aliases that `advance` goes by. */
export const streamSubscription = `subscription Stream($afterSeq: Seq) {
  messageReceived(afterSeq: $afterSeq) {
    __typename
    ... on StreamReady { startSeq: seq headSeq }
    ... on MessageReceived {
      inboxSeq: seq
      message { id seq status text senderId clientMessageId conversationId }
    }
    ... on StreamTruncated { backlogs { seq conversationId fromSeq toSeq } }
    ... on StreamHeartbeat { position: seq }
  }
}`;
