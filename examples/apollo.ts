/**
 * A conversation through Apollo Client. With a server running (`npm start`):
 *
 *   npx node examples/apollo.ts [http://127.0.0.1:4000]
 */
import { randomUUID } from 'node:crypto';
import { gql, type TypedDocumentNode } from '@apollo/client';
import { createApolloClient, historyQuery, sendMessage, show, streamSubscription } from './clients/apollo.ts';
import { Session } from './clients/session.ts';
import { createSocketClient } from './clients/socket.ts';

const url = process.argv[2] ?? 'http://127.0.0.1:4000';

const openConversation: TypedDocumentNode<
  { openDirectConversation: { conversation: { id: string } } | null },
  { input: { userId: string } }
> = gql`
  mutation Open($input: OpenDirectConversationInput!) {
    openDirectConversation(input: $input) { conversation { id } }
  }
`;

async function open(name: string) {
  const session = await Session.register(url, `${name}_${randomUUID().slice(0, 8)}`, 'correct horse');
  const place = { lastSeq: '0' };
  const socket = createSocketClient(session, place);
  return { session, place, socket, client: createApolloClient(session, socket) };
}

const [alice, bob] = [await open('alice'), await open('bob')];

const received = Promise.withResolvers<void>();
const ready = Promise.withResolvers<void>();
const stream = bob.client
  .subscribe({ query: streamSubscription, variables: { afterSeq: bob.place.lastSeq } })
  .subscribe(({ data, error }) => {
    if (error !== undefined) received.reject(error);
    if (data?.messageReceived.__typename === 'StreamReady') ready.resolve();
    const message = data?.messageReceived.message;
    if (message === undefined) return;
    show(bob.client.cache, message);
    received.resolve();
  });
await ready.promise;

const opened = await alice.client.mutate({
  mutation: openConversation,
  variables: { input: { userId: bob.session.userId } },
});
const conversationId = opened.data?.openDirectConversation?.conversation.id ?? '';
await sendMessage(alice.client, alice.session, conversationId, 'Hello from Apollo Client!');
await received.promise;
await sendMessage(bob.client, bob.session, conversationId, 'Hello back!');
const { data } = await alice.client.query({ query: historyQuery, variables: { conversationId, last: 20 } });
for (const { node } of data?.history.edges ?? []) console.log(`#${node.seq} ${node.text} (${node.status})`);

stream.unsubscribe();
for (const { client, socket } of [alice, bob]) {
  client.stop();
  await socket.dispose();
}
