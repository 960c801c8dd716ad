/**
 * A conversation through urql. With a server running (`npm start`):
 *
 *   npx node examples/urql.ts [http://127.0.0.1:4000]
 */
import { randomUUID } from 'node:crypto';
import { gql } from '@urql/core';
import { Session } from './clients/session.ts';
import { createSocketClient, streamSubscription } from './clients/socket.ts';
import { createUrqlClient, MessageList, sendMutation } from './clients/urql.ts';

const url = process.argv[2] ?? 'http://127.0.0.1:4000';

async function open(name: string) {
  const session = await Session.register(url, `${name}_${randomUUID().slice(0, 8)}`, 'correct horse');
  const place = { lastSeq: '0' };
  const socket = createSocketClient(session, place);
  return { session, place, socket, client: createUrqlClient(session, socket) };
}

const [alice, bob] = [await open('alice'), await open('bob')];

const list = new MessageList();
const received = Promise.withResolvers<void>();
const ready = Promise.withResolvers<void>();
const stream = bob.client
  .subscription(gql(streamSubscription), { afterSeq: bob.place.lastSeq })
  .subscribe(({ data, error }) => {
    if (error !== undefined) received.reject(error);
    const event = data?.messageReceived;
    if (event?.__typename === 'StreamReady') ready.resolve();
    if (event?.__typename !== 'MessageReceived') return;
    list.put(event.message);
    received.resolve();
  });
await ready.promise;

const { error } = await alice.client
  .mutation(sendMutation, {
    // Created once per message, and reused if the answer is lost.
    input: { to: { userId: bob.session.userId }, clientMessageId: randomUUID(), text: 'Hello from urql!' },
  })
  .toPromise();
if (error !== undefined) throw error;
await received.promise;
for (const { seq, status, text } of list.shown) console.log(`#${seq} ${text} (${status})`);

stream.unsubscribe();
for (const { socket } of [alice, bob]) await socket.dispose();
