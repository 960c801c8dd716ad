/** An app on Apollo Client, made of the parts that the examples show, in a group with Bob. */
import type { ApolloClient } from '@apollo/client';
import type { Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { createApolloClient, show, streamSubscription } from '../../examples/clients/apollo.ts';
import type { Session } from '../../examples/clients/session.ts';
import { createSocketClient, type Place } from '../../examples/clients/socket.ts';
import type { TestServer, TestUser } from './heliograph.ts';

interface Stream {
  readonly seen: string[];
  readonly ready: Promise<void>;
  readonly errors: unknown[];
  isComplete: boolean;
  stop(): void;
}

export interface ApolloApp extends AsyncDisposable {
  readonly conversationId: string;
  readonly client: ApolloClient;
  readonly socket: Client;
  /** Answers to mutations wait for it on their way to the client. */
  gate: Promise<unknown>;
  /** Holds answers to `history` on their way to the client, until the returned function is called. */
  holdHistory(): { readonly isAnswered: boolean; release(): void };
  /** Moves the next stream's start to the head of the inbox. */
  skipBacklog(): Promise<void>;
  stream(): Stream;
}

/** Opens Alice's app in a new group. */
export async function openApolloApp(server: TestServer, alice: Session, bob: TestUser): Promise<ApolloApp> {
  const created = await bob.ask(
    'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { conversation { id } } }',
    {
      input: { title: 'Apollo', memberIds: [alice.userId] },
    },
  );
  const headSeq = async (): Promise<string> => {
    const { data } = await server.post(
      '{ offlineMessages(afterSeq: "0", first: 1) { headSeq } }',
      {},
      alice.accessToken,
    );
    return data?.offlineMessages.headSeq;
  };
  const place: Place = { lastSeq: await headSeq() };
  // `url` as a function: the server's port changes over a restart.
  const socket = createSocketClient(alice, place, {
    url: () => server.wsUrl,
    webSocketImpl: WebSocket,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)),
  });
  let answers = 0;
  let historyGate: Promise<void> = Promise.resolve();
  const client = createApolloClient(alice, socket, async (_url, init) => {
    const response = await fetch(`${server.url}/graphql`, init);
    if (String(init?.body).includes('mutation')) await app.gate;
    if (String(init?.body).includes('query History')) {
      answers += 1;
      await historyGate;
    }
    return response;
  });
  const app: ApolloApp = {
    conversationId: created.createGroup.conversation.id,
    client,
    socket,
    gate: Promise.resolve(),
    holdHistory() {
      const { promise, resolve } = Promise.withResolvers<void>();
      const before = answers;
      historyGate = promise;
      return {
        get isAnswered() {
          return answers > before;
        },
        release: resolve,
      };
    },
    async skipBacklog() {
      place.lastSeq = await headSeq();
    },
    stream: () => stream(client, place),
    async [Symbol.asyncDispose]() {
      client.stop();
      await socket.dispose();
    },
  };
  return app;
}

/** Streams as an app does: into the cache and onto the list, and the rest is the cache's. */
function stream(client: ApolloClient, place: Place): Stream {
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const subscription = client
    .subscribe({ query: streamSubscription, variables: { afterSeq: place.lastSeq } })
    .subscribe({
      next: ({ data, error }) => {
        if (error !== undefined) found.errors.push(error);
        if (data?.messageReceived.__typename === 'StreamReady') resolve();
        const message = data?.messageReceived.message;
        if (message === undefined) return;
        show(client.cache, message);
        found.seen.push(message.text);
      },
      complete: () => {
        found.isComplete = true;
      },
    });
  const found: Stream = { seen: [], errors: [], ready, isComplete: false, stop: () => subscription.unsubscribe() };
  return found;
}
