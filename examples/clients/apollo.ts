/** Apollo Client for Heliograph: queries and mutations over HTTP, subscriptions over graphql-ws, one cache entry per message. */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache, type TypedDocumentNode } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import type { Client } from 'graphql-ws';
import { arrived, history, outbox } from './apollo-history.ts';
import type { Session } from './session.ts';

export function createApolloClient(session: Session, socket: Client, fetcher: typeof fetch = fetch): ApolloClient {
  return new ApolloClient({
    cache: createCache(),
    link: ApolloLink.split(
      ({ operationType }) => operationType === 'subscription',
      new GraphQLWsLink(socket),
      new HttpLink({ uri: `${session.url}/graphql`, fetch: session.withToken(fetcher) }),
    ),
  });
}

function createCache(): InMemoryCache {
  return new InMemoryCache({
    typePolicies: {
      // Unlike the id, this key exists from the optimistic copy on. Select both fields wherever a message is selected.
      Message: {
        keyFields: ['senderId', 'clientMessageId'],
        // The answer to a send says SENT, and may arrive after events about later statuses of the message.
        fields: {
          status: { merge: (known: string | undefined, next: string) => later(known, next) },
          // A copy from before the answer has none.
          seq: { merge: (known: string | null | undefined, next: string | null) => next ?? known ?? null },
        },
      },
      // One list per conversation, whatever order pages, live messages and sends come in.
      Query: { fields: { history, arrived, outbox } },
      // Each event replaces the previous one; its message stays in the cache as a Message.
      Subscription: { fields: { messageReceived: { merge: false } } },
    },
    possibleTypes: {
      MessageStreamEvent: ['StreamReady', 'MessageReceived', 'StreamTruncated', 'StreamHeartbeat'],
    },
  });
}

const statusRanks: Record<string, number> = { FAILED: 0, SENDING: 0, SENT: 1, DELIVERED: 2, READ: 3 };

function later(known: string | undefined, next: string): string {
  return known !== undefined && (statusRanks[known] ?? 0) > (statusRanks[next] ?? 0) ? known : next;
}

/** The fields of a message that the app shows, selected by every operation. */
const shownMessage = gql`
  fragment ShownMessage on Message {
    id
    seq
    status
    text
    senderId
    clientMessageId
    conversationId
  }
`;

export interface ShownMessage {
  readonly __typename: 'Message';
  readonly id: string;
  readonly seq: string | null;
  readonly status: string;
  readonly text: string;
  readonly senderId: string;
  readonly clientMessageId: string;
  readonly conversationId: string;
}

interface HistoryData {
  readonly history: {
    readonly edges: readonly { readonly cursor: string; readonly node: ShownMessage }[];
    readonly pageInfo: {
      readonly hasNextPage: boolean;
      readonly hasPreviousPage: boolean;
      readonly startCursor: string | null;
      readonly endCursor: string | null;
    };
  };
}

export interface HistoryVariables extends Record<string, unknown> {
  readonly conversationId: string;
  readonly first?: number;
  readonly after?: string | null;
  readonly last?: number;
  readonly before?: string | null;
}

export const historyQuery: TypedDocumentNode<HistoryData, HistoryVariables> = gql`
  query History($conversationId: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    history(conversationId: $conversationId, first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { ...ShownMessage } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
  ${shownMessage}
`;

export interface StreamData {
  readonly messageReceived: { readonly __typename: string; readonly message?: ShownMessage };
}

/** Uses the aliases that the socket client needs to resume. */
export const streamSubscription: TypedDocumentNode<StreamData, { afterSeq: string | null }> = gql`
  subscription Stream($afterSeq: Seq) {
    messageReceived(afterSeq: $afterSeq) {
      ... on StreamReady { startSeq headSeq }
      ... on MessageReceived { inboxSeq message { ...ShownMessage } }
      ... on StreamTruncated { backlogs { inboxSeq conversationId fromSeq toSeq } }
      ... on StreamHeartbeat { position }
    }
  }
  ${shownMessage}
`;

export const sendMutation: TypedDocumentNode<SendData, { input: object }> = gql`
  mutation Send($input: SendMessageInput!) {
    sendMessage(input: $input) { sentMessage { ...ShownMessage } }
  }
  ${shownMessage}
`;

interface SendData {
  readonly sendMessage: { readonly sentMessage: ShownMessage } | null;
}

type ListVariables = Pick<ShownMessage, 'conversationId'>;

const arrivedQuery: TypedDocumentNode<{ arrived: ShownMessage[] }, ListVariables> = gql`
  query Arrived($conversationId: ID!) { arrived(conversationId: $conversationId) @client { ...ShownMessage } }
  ${shownMessage}
`;

const outboxQuery: TypedDocumentNode<{ outbox: ShownMessage[] }, ListVariables> = gql`
  query Outbox($conversationId: ID!) { outbox(conversationId: $conversationId) @client { ...ShownMessage } }
  ${shownMessage}
`;

/**
 * Shows a message at once, as SENDING, and sends it. The answer and the stream's event then update the same object, in either
 * order. The copy is written to the cache directly: Apollo layers an `optimisticResponse` over the whole list, which hides messages
 * that arrive before it resolves, and removes it when the send fails.
 */
export function sendMessage(client: ApolloClient, session: Session, conversationId: string, text: string) {
  const clientMessageId = crypto.randomUUID();
  const { userId: senderId } = session;
  return deliver(client, {
    __typename: 'Message',
    id: clientMessageId,
    seq: null,
    status: 'SENDING',
    text,
    senderId,
    clientMessageId,
    conversationId,
  });
}

/**
 * Sends or resends a message. With the same `clientMessageId` it stays one message, even if the first attempt succeeded. It stays in
 * the outbox until it has a number, so a message that failed is still there after a refetch, and when the conversation is opened again.
 */
export async function deliver(client: ApolloClient, message: ShownMessage): Promise<ShownMessage | undefined> {
  const { conversationId, clientMessageId, text } = message;
  const { cache } = client;
  const sending = { ...message, status: 'SENDING' };
  cache.writeQuery({ query: outboxQuery, variables: { conversationId }, data: { outbox: [sending] } });
  try {
    const { data } = await client.mutate({
      mutation: sendMutation,
      variables: { input: { to: { conversationId }, clientMessageId, text } },
      // In one step with the answer, so that no render lies between.
      update: (updated, { data: answer }) => {
        if (answer?.sendMessage != null) show(updated, answer.sendMessage.sentMessage);
      },
    });
    return data?.sendMessage?.sentMessage;
  } catch (error) {
    // If only the answer was lost, the message was sent. The stream then reports it, or already has.
    cache.modify({ id: cache.identify({ ...message }), fields: { status: (known) => later(known, 'FAILED') } });
    throw error;
  }
}

/** Shows a message in the list of its conversation, whether a page of that list was loaded already or not. */
export function show(cache: Pick<ApolloClient['cache'], 'writeQuery'>, message: ShownMessage): void {
  const { conversationId, seq } = message;
  // A message without a number is still in the outbox.
  if (seq !== null)
    cache.writeQuery({ query: arrivedQuery, variables: { conversationId }, data: { arrived: [message] } });
}
