/** Apollo Client for Heliograph: queries and mutations over HTTP, subscriptions over graphql-ws, one cache entry per message. */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache, type TypedDocumentNode } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import type { Client } from 'graphql-ws';
import { cacheConfig } from './apollo-cache.ts';
import { later, type StatusRange } from './apollo-status.ts';
import type { Session } from './session.ts';

export function createApolloClient(session: Session, socket: Client, fetcher: typeof fetch = fetch): ApolloClient {
  return new ApolloClient({
    cache: new InMemoryCache(cacheConfig),
    // A refetch of the newest page, for example after a reconnect, leaves the earlier pages in their list.
    defaultOptions: { watchQuery: { refetchWritePolicy: 'merge' } },
    link: ApolloLink.split(
      ({ operationType }) => operationType === 'subscription',
      new GraphQLWsLink(socket),
      new HttpLink({ uri: `${session.url}/graphql`, fetch: session.withToken(fetcher) }),
    ),
  });
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
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
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

/** Selects the fields that the socket client needs to resume. */
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

const openedQuery: TypedDocumentNode<{ opened: { __typename: 'Conversation'; id: string }[] }> = gql`
  query Opened { opened @client { id } }
`;

const statusRangesQuery: TypedDocumentNode<{ statusRanges: StatusRange[] }, ListVariables> = gql`
  query StatusRanges($conversationId: ID!) { statusRanges(conversationId: $conversationId) @client }
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

/** Shows a conversation in the list of the viewer's conversations, whether that list was loaded already or not. */
export function showConversation(
  cache: Pick<ApolloClient['cache'], 'writeQuery'>,
  { id }: { readonly id: string },
): void {
  cache.writeQuery({ query: openedQuery, data: { opened: [{ __typename: 'Conversation', id }] } });
}

/** An event of `messageStatusChanged`. */
export interface StatusChange {
  readonly conversationId: string;
  readonly status: string;
  readonly seq?: string | null | undefined;
  readonly sinceSeq?: string | null | undefined;
}

/** Gives the viewer's own messages in the event's range their status, those that are not loaded yet included. */
export function showStatus(
  cache: Pick<ApolloClient['cache'], 'writeQuery'>,
  senderId: string,
  { conversationId, status, seq, sinceSeq }: StatusChange,
): void {
  if (seq == null) return;
  const range = { senderId, status, after: sinceSeq ?? `${BigInt(seq) - 1n}`, upTo: seq };
  cache.writeQuery({ query: statusRangesQuery, variables: { conversationId }, data: { statusRanges: [range] } });
}
