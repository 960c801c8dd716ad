/** urql for Heliograph: queries and mutations over HTTP, subscriptions over graphql-ws. */
import { Client, cacheExchange, fetchExchange, gql, subscriptionExchange } from '@urql/core';
import type { Client as SocketClient } from 'graphql-ws';
import type { Session } from './session.ts';

export function createUrqlClient(session: Session, socket: SocketClient, fetcher: typeof fetch = fetch): Client {
  return new Client({
    url: `${session.url}/graphql`,
    fetch: session.withToken(fetcher),
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query: query ?? '', variables }, sink) }),
        }),
      }),
    ],
  });
}

export interface ShownMessage {
  readonly seq: string | null;
  readonly status: string;
  readonly text: string;
  readonly senderId: string;
  readonly clientMessageId: string;
}

/**
 * The shown messages of one conversation. urql's document cache stores whole responses, so the app itself merges the optimistic
 * copy, the mutation's answer, the stream's event and pages of history by the key that all of them share.
 */
export class MessageList {
  private readonly messages = new Map<string, ShownMessage>();

  put(message: ShownMessage): void {
    const key = `${message.senderId}:${message.clientMessageId}`;
    const known = this.messages.get(key);
    // A late copy may contain less than the known one: an answer with SENT after the stream's event, or a copy without a number.
    if (known === undefined || rank(message) >= rank(known)) this.messages.set(key, message);
  }

  /** By number; messages without a number come last. */
  get shown(): readonly ShownMessage[] {
    return [...this.messages.values()].sort((a, b) => {
      if (a.seq === null || b.seq === null) return Number(a.seq === null) - Number(b.seq === null);
      return Number(BigInt(a.seq) - BigInt(b.seq));
    });
  }
}

const ranks: Record<string, number> = { SENDING: 0, FAILED: 0, SENT: 1, DELIVERED: 2, READ: 3 };
const rank = ({ status }: ShownMessage) => ranks[status] ?? 0;

export const sendMutation = gql<
  { sendMessage: { sentMessage: ShownMessage } | null },
  { input: { to: object; clientMessageId: string; text: string } }
>`
  mutation Send($input: SendMessageInput!) {
    sendMessage(input: $input) { sentMessage { id seq status text senderId clientMessageId conversationId } }
  }
`;

export const historyQuery = gql<
  {
    history: {
      nodes: ShownMessage[];
      pageInfo: {
        hasPreviousPage: boolean;
        hasNextPage: boolean;
        startCursor: string | null;
        endCursor: string | null;
      };
    };
  },
  { conversationId: string; first?: number; after?: string | null; last?: number; before?: string | null }
>`
  query History($conversationId: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    history(conversationId: $conversationId, first: $first, after: $after, last: $last, before: $before) {
      nodes { id seq status text senderId clientMessageId conversationId }
      pageInfo { hasPreviousPage hasNextPage startCursor endCursor }
    }
  }
`;
