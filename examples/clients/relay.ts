/**
 * Relay for Heliograph: queries and mutations over HTTP, subscriptions over graphql-ws, one record per message.
 *
 * Relay identifies a record by its `id`, and an optimistic message has another id than the stored one. The list would show both
 * when the stream's event comes before the answer. `dataId` identifies messages by the pair that all copies share.
 */
import type { Client } from 'graphql-ws';
import { Environment, type GraphQLResponse, Network, Observable, RecordSource, Store } from 'relay-runtime';
import type { Session } from './session.ts';

export function createRelayEnvironment(session: Session, socket: Client, fetcher: typeof fetch = fetch): Environment {
  const send = session.withToken(fetcher);
  return new Environment({
    store: new Store(new RecordSource()),
    getDataID: dataId,
    network: Network.create(
      async ({ text: query }, variables) => {
        const response = await send(`${session.url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query, variables }),
        });
        return (await response.json()) as GraphQLResponse;
      },
      ({ text }, variables) =>
        Observable.create((sink) =>
          socket.subscribe(
            { query: text ?? '', variables },
            {
              next: (answer) => sink.next(answer as GraphQLResponse),
              error: (error) => sink.error(error as Error),
              complete: () => sink.complete(),
            },
          ),
        ),
    ),
  });
}

interface MessageKey {
  readonly senderId: string;
  readonly clientMessageId: string;
}

/** A message that is selected without the two fields is kept by its id, as another record: select them wherever a message is shown. */
export function dataId(fields: Readonly<Record<string, unknown>>, typeName: string): string {
  const { id, senderId, clientMessageId } = fields;
  return typeName === 'Message' && senderId !== undefined && clientMessageId !== undefined
    ? messageId(fields as unknown as MessageKey)
    : (id as string);
}

export const messageId = ({ senderId, clientMessageId }: MessageKey): string => `${senderId}:${clientMessageId}`;

/** The order of a list of messages: by number, those without one last. Answers and events come in any order. */
export function bySeq(a: { readonly seq?: string | null }, b: { readonly seq?: string | null }): number {
  if (a.seq == null || b.seq == null) return Number(a.seq == null) - Number(b.seq == null);
  return Number(BigInt(a.seq) - BigInt(b.seq));
}
