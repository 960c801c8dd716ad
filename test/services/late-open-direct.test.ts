/** A direct conversation that the directory stores although the call that opened it had no answer in time. */
import { expect, it } from 'vitest';
import { DomainError } from '../../src/domain/errors.ts';
import type { Viewer } from '../../src/domain/user.ts';
import type { Messaging } from '../../src/services/messaging.ts';
import { setUpInstances, viewerOf } from '../support/instances.ts';

const [alice, bob] = [viewerOf('101'), viewerOf('102')];
const unavailable = { code: 'UNAVAILABLE' };

async function setUp(): Promise<Messaging> {
  let isLate = true;
  const { start } = await setUpInstances([alice.userId, bob.userId], {
    isSoleWriter: true,
    override: (store) => ({
      async openDirect(conversation, pair) {
        const opened = await store.openDirect(conversation, pair);
        if (!isLate) return opened;
        isLate = false;
        throw new DomainError('UNAVAILABLE', 'no answer');
      },
    }),
  });
  const services = start();
  // Lists and positions that are in memory before must not hide it afterwards.
  for (const viewer of [alice, bob]) expect(await listed(services, viewer)).toEqual([]);
  return services;
}

async function listed({ conversations }: Messaging, viewer: Viewer): Promise<string[]> {
  return (await conversations.page(viewer, { first: 10 })).views.map(({ conversation }) => conversation.id);
}

it('is in the list of its opener when the call is repeated', async () => {
  const services = await setUp();
  const { conversations } = services;
  await expect(conversations.openDirectView(alice, bob.userId)).rejects.toMatchObject(unavailable);
  const { conversation } = await conversations.openDirectView(alice, bob.userId);
  expect(await listed(services, alice)).toEqual([conversation.id]);
  expect(await listed(services, bob)).toEqual([]);
});

it('has its messages, receipts and contacts as any other', async () => {
  const services = await setUp();
  const { messages, conversations, inbox, receipts } = services;
  const send = (from: Viewer, to: Viewer, clientMessageId: string) =>
    messages.send(from, { to: { userId: to.userId }, clientMessageId, text: 'hello' });
  await expect(send(alice, bob, 'a')).rejects.toMatchObject(unavailable);
  const { message } = await send(alice, bob, 'a');
  const { conversationId } = message;
  expect(message.seq).toBe(1n);
  for (const viewer of [alice, bob]) expect(await listed(services, viewer)).toEqual([conversationId]);
  const { nextSeq } = await inbox.page(bob.userId, 0n, 10);
  await receipts.ack(bob, { status: 'READ', upToInboxSeq: nextSeq });
  expect(await receipts.progress([message])).toMatchObject([{ status: 'READ' }]);
  expect((await send(bob, alice, 'b')).message).toMatchObject({ conversationId, seq: 2n });
  const contacts = async () => [...(await conversations.contactsAmong(alice.userId, [bob.userId]))];
  await expect.poll(contacts).toEqual([bob.userId]);
});

it('is the same one for the other user, who writes first', async () => {
  const services = await setUp();
  await expect(services.conversations.openDirectView(alice, bob.userId)).rejects.toMatchObject(unavailable);
  const to = { userId: alice.userId };
  const { message } = await services.messages.send(bob, { to, clientMessageId: 'b', text: 'hello' });
  const { conversation } = await services.conversations.openDirectView(alice, bob.userId);
  expect(conversation.id).toBe(message.conversationId);
  for (const viewer of [alice, bob]) expect(await listed(services, viewer)).toEqual([conversation.id]);
});
